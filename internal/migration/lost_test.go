package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestRunGoesOnAfterTheConnectionIsLost(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, to time.Duration
	}{
		"in the middle":       {3 * time.Second, 8 * time.Second},
		"until after the end": {3 * time.Second, 40 * time.Second},
		"at the very start":   {time.Millisecond, 2 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.at(test.from, s.kvm1.Cut)
				s.at(test.to, s.kvm1.Restore)
				if r := s.arrives(); r.Mode != migration.PeerToPeer {
					s.Errorf("mode %s", r.Mode)
				}
				if n := s.kvm1.Calls("MigratePeerToPeer"); n != 1 {
					s.Errorf("started %d times", n)
				}
			})
		})
	}
}

func TestRunFollowsAJobThatBeginsAfterItsCallIsLost(t *testing.T) {
	t.Parallel()
	for name, called := range map[string]time.Duration{"at once": 0, "after waiting for long": 20 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.Before("MigratePeerToPeer", func(ctx contextT) error {
					if err := pauseFor(ctx, called); err != nil {
						return err
					}
					s.at(2*time.Second, func() { _ = s.kvm1.Start(uuid, s.kvm2, migration.Parameters{Persistent: true}) })
					return migration.ErrUnreachable
				})
				s.arrives()
			})
		})
	}
}

func TestRunStillAppliesLimitsAfterTheConnectionIsLost(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{Timeout: new(30 * time.Second)})
		s.at(3*time.Second, s.kvm1.Cut)
		s.at(8*time.Second, s.kvm1.Restore)
		began := time.Now()
		fails[*migration.TimedOutError](s, runsOnSource)
		if took := time.Since(began); took > 40*time.Second {
			s.Errorf("took %s", took)
		}
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestRunNoticesACallThatOutlivesItsJob(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]mt.Script{"arrived": mt.Converging(), "failed": {Passes: mt.Converging().Passes, Err: errInternal}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(script)
				// The answer of the call never comes: its connection died unnoticed.
				s.kvm1.After("MigratePeerToPeer", mt.Hang())
				began := time.Now()
				if script.Err == nil {
					s.arrives()
				} else {
					fails[*migration.FailedError](s, runsOnSource, "the connection to the source was lost")
				}
				if took := time.Since(began); took > time.Minute {
					s.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestRunClaimsOnlyWhatItSaw(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(*scene)
		place   migration.Place
		where   string
	}{
		"the source is cut off for good": {
			func(s *scene) { s.at(3*time.Second, s.kvm1.Cut) },
			migration.OnDestination, runsOnDestination,
		},
		"the source is mute for good": {
			func(s *scene) { s.at(3*time.Second, s.kvm1.Mute) },
			migration.OnDestination, runsOnDestination,
		},
		"the destination is cut off for good": {
			func(s *scene) { s.at(3*time.Second, s.kvm2.Cut) },
			migration.Unknown, "VM web is not running on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer",
		},
		"both are cut off for good": {
			func(s *scene) { s.at(3*time.Second, func() { s.kvm1.Cut(); s.kvm2.Cut() }) },
			migration.Unknown, "Where VM web is running is not known, because neither kvm1 nor kvm2 answers" + mayGoOn,
		},
		"both are mute for good": {
			func(s *scene) { s.at(3*time.Second, func() { s.kvm1.Mute(); s.kvm2.Mute() }) },
			migration.Unknown, "Where VM web is running is not known, because neither kvm1 nor kvm2 answers" + mayGoOn,
		},
		"the job fails unseen and the destination is cut off": {
			func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
				s.at(3*time.Second, s.kvm2.Cut)
			},
			migration.OnSource, runsOnSource,
		},
		"the source's QEMU is killed": {
			func(s *scene) { s.at(3*time.Second, func() { s.kvm1.Kill(uuid) }) },
			migration.OnNeither, "VM web is running neither on kvm1 nor on kvm2",
		},
		"the destination's QEMU is killed": {
			func(s *scene) { s.at(3*time.Second, func() { s.kvm2.Kill(uuid) }) },
			migration.OnSource, runsOnSource,
		},
		"a second copy was started": {
			func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
				s.at(3*time.Second, func() { s.kvm2.SetState(uuid, migration.StateRunning) })
			},
			migration.OnBoth, "VM web is running on kvm1 and on kvm2",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				began := time.Now()
				err := fails[*migration.FailedError](s, test.where)
				if place := err.Common().Outcome.Place(); place != test.place {
					s.Errorf("place %q, want %q", place, test.place)
				}
				if took := time.Since(began); took > 3*time.Minute {
					s.Errorf("took %s", took)
				}
			})
		})
	}
}

// Nothing speaks against libvirt's word; it only could not be checked.
func TestRunDoesNotSetASilentDestinationAgainstLibvirtsWord(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.After("MigratePeerToPeer", mt.Do(s.kvm2.Cut))
		fails[*migration.FailedError](s, "VM web is not running on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer",
			"succeeded according to libvirt on kvm1, which could not be confirmed on kvm2, after")
	})
}

// libvirt lets the guest run on the source when it does not hear the destination's
// last word, and that may have been that it runs there.
func TestRunDoesNotClaimThatASilentDestinationRunsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*scene)
		says    string
	}{
		"the last word was lost": {
			func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
				s.at(10*time.Second, s.kvm2.Cut)
			},
			"make sure that `virsh domstate " + uuid + "` there does not say running",
		},
		"the memory was never sent": {
			func(s *scene) {
				s.world.Play(mt.Endless())
				s.at(5*time.Second, func() { s.kvm2.Cut(); s.kvm1.Abort(uuid) })
			},
			"an incoming domain that it may still hold does not run",
		},
		"it was never told to start the guest": {
			func(s *scene) {
				s.request.Mode = migration.Direct
				s.kvm1.After("Perform", mt.Do(s.kvm2.Cut))
			},
			"an incoming domain that it may still hold does not run",
		},
		"it was cancelled before the memory was sent": {
			func(s *scene) {
				s.request.Mode = migration.Direct
				s.kvm1.Before("Begin", mt.Do(func() { s.cancel(); s.kvm2.Cut(); time.Sleep(time.Second) }))
			},
			"an incoming domain that it may still hold does not run",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				_, err := s.run()
				if err == nil || !strings.Contains(words(err), test.says) || !strings.HasSuffix(words(err), runsOnSource) {
					s.Errorf("it does not say %q, or not where the VM is:\n%v", test.says, err)
				}
			})
		})
	}
}

// The migration may go on, and the VM arrive later.
func TestRunDoesNotTakeSilenceForTheEndOfTheJob(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		paused bool
		where  string
	}{
		"running": {false, runsOnSource},
		"paused":  {true, "VM web is paused on kvm1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Endless())
				began := time.Now()
				s.at(4*time.Second, func() {
					if test.paused {
						s.kvm1.Pause(uuid, migration.ReasonMigration)
					}
					s.kvm1.Before("AbortJob", mt.Hang())
					s.kvm1.Before("Job", mt.Hang())
					s.cancel()
				})
				err := fails[*migration.CancelledError](s, test.where+mayGoOn, "did not say whether it still has a migration job", "`virsh domjobinfo "+uuid+"` there")
				if strings.Contains(words(err), "libvirt there removes it") {
					s.Errorf("it says that the job has ended:\n%v", err)
				}
				if took := time.Since(began); took > time.Minute {
					s.Errorf("took %s", took)
				}
				s.neverResumed()
				s.kvm1.Abort(uuid)
			})
		})
	}
}

// As long as the verification lasts, an answer is waited for.
func TestRunWaitsToHearWhetherTheJobHasEnded(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
			s.kvm1.Pause(uuid, migration.ReasonMigration)
			s.kvm1.Before("Job", mt.Times(8, errInternal))
			return errInternal
		})
		fails[*migration.FailedError](s, runsOnSource)
		if n := s.kvm1.Calls("Resume"); n != 1 {
			s.Errorf("resumed %d times", n)
		}
	})
}

// A source that never says whether it has the job does not hold up the end.
func TestRunEndsThoughTheJobIsNeverHeardOf(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
			s.kvm1.Before("Job", mt.Hang())
			return errInternal
		})
		began := time.Now()
		fails[*migration.FailedError](s, runsOnSource+mayGoOn, "did not say whether it still has a migration job")
		if took := time.Since(began); took > 50*time.Second {
			s.Errorf("took %s", took)
		}
	})
}

func TestRunGivesAMutePeerUp(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{MutePeer: true})
		began := time.Now()
		err := fails[*migration.FailedError](s, runsOnSource+mayGoOn, "sent nothing for 1m0s", "peer_uri", "still has the migration job", "Restarting libvirt on kvm1")
		if took := time.Since(began); took > 2*time.Minute {
			s.Errorf("took %s", took)
		}
		if !err.Common().Outcome.Migrating {
			s.Error("the job that is left is not told of")
		}
	})
}

func TestRunWaitsForASlowDestination(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{Starting: 5 * time.Minute, Passes: mt.Converging().Passes})
		s.arrives()
	})
}

func TestRunReportsWhatIsLeftBehind(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.KeepDefinition = true
		s.world.Play(script)
		r, err := s.run()
		if err != nil {
			s.Fatal(err)
		}
		if len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "`virsh undefine --keep-nvram --keep-tpm "+uuid+"`") {
			s.Errorf("warnings: %q", warnings(r))
		}
	})
}

func TestRunReportsAVMThatIsNotPersistentAnyMore(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.ForgetDefinition = true
		s.world.Play(script)
		r := s.arrives()
		if len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "is transient on kvm2") {
			s.Errorf("warnings: %q", warnings(r))
		}
	})
}

func TestRunWaitsForTheSourceToUndefine(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.KeepDefinition = true
		s.world.Play(script)
		s.at(converges+2*time.Second, func() { s.kvm1.Undefine(uuid) })
		if r := s.arrives(); len(r.Warnings) > 0 {
			s.Errorf("warnings: %q", warnings(r))
		}
	})
}

func TestRunReportsWithoutCompletedStatistics(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.Before("CompletedJob", mt.Always(errInternal))
		r := s.arrives()
		if r.Downtime != nil {
			s.Errorf("downtime %s was never told", *r.Downtime)
		}
		if r.Iterations != 3 || r.MemoryTotal != 600*mt.MiB {
			s.Errorf("%d iterations, %d bytes", r.Iterations, r.MemoryTotal)
		}
	})
}
