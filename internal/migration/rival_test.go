package migration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// ends are the ways in which the engine ends a move by itself.
var ends = map[string]struct {
	arrange func(*scene, time.Duration)
	fails   func(*scene, ...string) error
}{
	"cancel": {
		func(s *scene, after time.Duration) { s.at(after, s.cancel) },
		func(s *scene, words ...string) error {
			return fails[*migration.CancelledError](s, runsOnSource, words...)
		},
	},
	"timeout": {
		func(s *scene, after time.Duration) {
			s.policy(policy.Policy{Timeout: new(after), MaxDowntimeMS: new(int64(50))})
		},
		func(s *scene, words ...string) error {
			return fails[*migration.TimedOutError](s, runsOnSource, words...)
		},
	},
}

// startsElsewhere has somebody start a migration to a third host.
func (s *scene) startsElsewhere() {
	s.world.Play(mt.Endless())
	if err := s.kvm1.Start(uuid, mt.NewWorld("kvm3").Host("kvm3"), migration.Parameters{Persistent: true}); err != nil {
		s.Error(err)
	}
}

// jobGoesOn expects the job of somebody else to run, untouched, and ends it.
func (s *scene) jobGoesOn() {
	s.Helper()
	if job, err := s.kvm1.Job(context.Background(), uuid); err != nil || job.Type != migration.JobRunning {
		s.Errorf("the job of somebody else: %+v, %v", job, err)
	}
	if n := s.kvm1.Calls("AbortJob"); n > 0 {
		s.Errorf("it was aborted %d times", n)
	}
	for _, p := range s.progress {
		if p.Total > 0 {
			s.Errorf("its figures were told: %s", explain.Progress(p))
		}
	}
	s.kvm1.Abort(uuid)
}

// Between Begin and Perform nothing on the source keeps others from migrating the
// VM.
func TestDirectLeavesTheMigrationAloneThatSomeoneElseStartsBeforePerform(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.kvm2.Before("Prepare", func(ctx contextT) error { return pauseFor(ctx, 30*time.Second) })
				s.at(5*time.Second, s.startsElsewhere)
				end.arrange(s, 12*time.Second)
				s.kvm1.Before("SetMaxDowntime", mt.Times(1, migration.ErrNotActive)) // left for the job
				began := time.Now()
				_ = end.fails(s)
				if took := time.Since(began); took > 50*time.Second {
					s.Errorf("took %s: the other migration was waited for", took)
				}
				if n := s.kvm1.Calls("Perform"); n > 0 {
					s.Error("memory was sent all the same")
				}
				if d := s.kvm1.Downtime(uuid); d != 300 {
					s.Errorf("the longest pause of the other migration is %d ms", d)
				}
				s.jobGoesOn()
			})
		})
	}
}

// It has stopped the guest for its own switch-over, and lost its client.
func TestDirectDoesNotResumeAGuestThatAnotherMigrationLeftPaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.Before("Prepare", func(ctx contextT) error { return pauseFor(ctx, 30*time.Second) })
		s.at(5*time.Second, s.startsElsewhere)
		s.at(10*time.Second, func() { s.kvm1.Pause(uuid, migration.ReasonMigration); s.kvm1.Abort(uuid) })
		s.at(12*time.Second, s.cancel)
		fails[*migration.CancelledError](s, "VM web is paused on kvm1")
		s.neverResumed()
	})
}

// Before this move has begun anything, a rival stops the guest and loses its
// client.
func TestRunThatBeganNothingDoesNotResumeAGuestThatAnotherMigrationLeftPaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
		s.kvm1.Before("SetMaxDowntime", func(contextT) error {
			s.startsElsewhere()
			s.kvm1.Pause(uuid, migration.ReasonMigration)
			s.kvm1.Abort(uuid)
			s.cancel()
			return nil
		})
		fails[*migration.CancelledError](s, "VM web is paused on kvm1", "Make sure that it runs nowhere else")
		s.neverResumed()
	})
}

// Someone else was quicker, between the checks and the call.
func TestPeerToPeerLeavesAnOlderMigrationAlone(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.PeerToPeer
				end.arrange(s, 12*time.Second)
				s.request.Policy.MaxDowntimeMS = new(int64(50))
				s.kvm1.Before("SetMaxDowntime", func(ctx contextT) error {
					s.startsElsewhere()
					s.kvm1.Before("SetMaxDowntime", nil)
					return pauseFor(ctx, 2*time.Second)
				})
				s.kvm1.Before("MigratePeerToPeer", func(ctx contextT) error { return pauseFor(ctx, 20*time.Second) }) // dials for long
				_ = end.fails(s, "busy")
				s.jobGoesOn()
			})
		})
	}
}

// libvirt lets the call wait for the job of a dump. Which of the two an order to
// abort would hit is not for chance.
func TestRunLeavesTheJobAloneThatItWaitsFor(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		for name, end := range ends {
			for how, lasts := range map[string]time.Duration{"that ends": 20 * time.Second, "that goes on": time.Hour} {
				t.Run(string(mode)+" "+name+" a job "+how, func(t *testing.T) {
					t.Parallel()
					play(t, func(s *scene) {
						s.request.Mode = mode
						var dump *mt.Occupation
						occupy := mt.Do(func() {
							dump = s.kvm1.Occupy(uuid)
							s.at(lasts, dump.End)
						})
						s.kvm1.Before("MigratePeerToPeer", occupy)
						s.kvm1.Before("Perform", occupy)
						end.arrange(s, 5*time.Second)
						began := time.Now()
						_ = end.fails(s)
						if took := time.Since(began); took > time.Minute {
							s.Errorf("took %s", took)
						}
						if dump.Aborted() {
							s.Error("the dump was aborted")
						}
						s.expectSaid("another job runs on the VM on kvm1")
						s.runsOn(s.kvm1, s.kvm2)
						dump.End()
					})
				})
			}
		}
	}
}

func TestRunGoesOnOnceTheJobHasEndedThatItWaitsFor(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		name := map[bool]string{false: "its call waits", true: "its call is lost while it waits"}[lost]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				var dump *mt.Occupation
				s.kvm1.Before("MigratePeerToPeer", mt.Do(func() {
					dump = s.kvm1.Occupy(uuid)
					s.at(25*time.Second, dump.End)
				}))
				if lost {
					s.at(time.Second, s.kvm1.Cut)
					s.at(2*time.Second, s.kvm1.Restore)
				}
				r := s.arrives()
				if dump.Aborted() || r.MemoryTotal != 600*mt.MiB {
					s.Errorf("aborted: %t, report: %+v", dump.Aborted(), r)
				}
			})
		})
	}
}

// Told that the migration is off while a rival's runs, the source would end the
// rival's.
func TestDirectConfirmsNoJobButItsOwn(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.Before("Prepare", func(ctx contextT) error {
			s.startsElsewhere()
			return pauseFor(ctx, 3*time.Second) // by its age, the job is none of the move's
		})
		s.kvm1.Before("Perform", mt.Always(migration.ErrUnreachable))
		_, err := s.run()
		if err == nil || !strings.HasSuffix(words(err), runsOnSource) {
			s.Errorf("Run: %v", err)
		}
		if n := s.kvm1.Calls("Confirm"); n > 0 {
			s.Errorf("the source was told %d times that its migration is off", n)
		}
		s.jobGoesOn()
	})
}

// When a job was as old as the answer says, between the question and the answer,
// is not known. A rival's that began just before the call must not be taken for
// the move's own when the source is slow to answer.
func TestRunLeavesARivalAloneThatASlowAnswerMakesLookYounger(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.PeerToPeer
				s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
				end.arrange(s, 12*time.Second)
				s.request.Policy.MaxDowntimeMS = new(int64(50))
				s.kvm1.Before("SetMaxDowntime", func(ctx contextT) error {
					s.startsElsewhere() // 3 s before the call
					s.kvm1.Before("SetMaxDowntime", mt.Always(errInternal))
					return pauseFor(ctx, 3*time.Second)
				})
				s.kvm1.Before("MigratePeerToPeer", func(ctx contextT) error {
					s.kvm1.After("Job", func(ctx contextT) error { return pauseFor(ctx, 4*time.Second) })
					return pauseFor(ctx, 20*time.Second) // dials for long
				})
				_ = end.fails(s, "busy")
				s.jobGoesOn()
			})
		})
	}
}

// An answer that takes long may leave it open whose the job is; a quicker one, or
// time, tells that it is the move's own, and a cancel then ends it.
func TestRunEndsItsOwnMigrationOfASlowSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		slow   time.Duration // how long answers stay slow
		cancel time.Duration
	}{
		"slow for a moment": {5 * time.Second, 12 * time.Second},
		"slow for ever":     {time.Hour, time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Endless())
				s.request.Mode = migration.PeerToPeer
				s.kvm1.Before("MigratePeerToPeer", mt.Do(func() {
					s.kvm1.Before("Job", func(ctx contextT) error { return pauseFor(ctx, 2*time.Second) })
					s.at(test.slow, func() { s.kvm1.Before("Job", nil) })
				}))
				s.at(test.cancel, s.cancel)
				fails[*migration.CancelledError](s, runsOnSource, "was cancelled")
				s.runsOn(s.kvm1, s.kvm2)
				if n := s.kvm1.Calls("AbortJob"); n != 1 {
					s.Errorf("aborted %d times", n)
				}
				if s.said("another job") {
					s.Error("its own job was taken for another's")
				}
			})
		})
	}
}
