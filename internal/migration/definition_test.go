package migration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
)

// shutOff makes the scene one of a VM that is shut off, and whose definition is to move.
func (s *scene) shutOff() {
	s.kvm1.SetState(uuid, migration.StateShutOff)
	s.request.Definition = true
}

// keeps wants the hosts that keep a definition of the VM.
func (s *scene) keeps(hosts ...string) {
	s.Helper()
	var keep []string
	for _, h := range []*mt.Host{s.kvm1, s.kvm2} {
		if _, ok := h.Held(uuid); ok {
			keep = append(keep, h.Name())
		}
	}
	if !slices.Equal(keep, hosts) {
		s.Errorf("%v keep the VM, want %v", keep, hosts)
	}
}

func TestRunMovesADefinition(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode    migration.Mode
		prepare func(*scene)
		want    migration.Mode
	}{
		"peer-to-peer":                  {migration.PeerToPeer, nil, migration.PeerToPeer},
		"direct":                        {migration.Direct, nil, migration.Direct},
		"auto":                          {migration.Auto, nil, migration.PeerToPeer},
		"auto, no address of the peer":  {migration.Auto, func(s *scene) { s.request.PeerURI = "" }, migration.Direct},
		"auto, peer-to-peer is refused": {migration.Auto, func(s *scene) { s.kvm1.Before("MigratePeerToPeer", mt.Always(errors.New("no route"))) }, migration.Direct},
		"onto an older definition": {migration.Auto, func(s *scene) {
			s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", Persistent: true})
		}, migration.PeerToPeer},
		"and the answer is lost": {migration.PeerToPeer, func(s *scene) {
			s.kvm1.After("MigratePeerToPeer", mt.Always(migration.ErrUnreachable))
		}, migration.PeerToPeer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.shutOff()
				s.kvm1.SetAutostarts(uuid, migration.Autostart{Always: true})
				s.kvm1.PutCheckpoints(uuid, "monday", "tuesday")
				s.request.Mode = test.mode
				if test.prepare != nil {
					test.prepare(s)
				}
				r, err := migration.Run(s.ctx, s.request, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !r.Moved || !r.Definition || r.Mode != test.want || r.State != migration.StateShutOff || r.StartedAt.IsZero() {
					t.Errorf("the report is %+v", r)
				}
				s.keeps("kvm2")
				if d, _ := s.kvm2.Held(uuid); !d.Persistent || d.Active() {
					t.Errorf("kvm2 has %+v", d)
				}
				if got := s.kvm2.Autostarts(uuid); !got.Always {
					t.Error("autostart has not come along")
				}
				if got := s.kvm2.Checkpointed(uuid); !slices.Equal(got, []string{"monday", "tuesday"}) {
					t.Errorf("the checkpoints are %v", got)
				}
				if refused := strings.HasSuffix(name, "refused"); refused != (len(r.Warnings) == 1) {
					t.Errorf("the warnings are %v", r.Warnings)
				}
			})
		})
	}
}

// A definition is never lost, and what is left twice is named.
func TestRunLosesNoDefinition(t *testing.T) {
	t.Parallel()
	lost := mt.Always(fmt.Errorf("%w: connection reset", migration.ErrUnreachable))
	for name, test := range map[string]struct {
		mode  migration.Mode
		fault func(*scene)
		keep  []string
		says  []string
	}{
		"libvirt refuses": {
			migration.Direct, func(s *scene) { s.kvm2.Before("Prepare", mt.Always(errors.New("no such machine type"))) },
			[]string{"kvm1"},
			[]string{"no such machine type", "VM web is shut off on kvm1"},
		},
		"the destination refuses its end": {
			migration.Direct, func(s *scene) { s.kvm2.Before("Finish", mt.Always(errors.New("disk full"))) },
			[]string{"kvm1"},
			[]string{"disk full", "VM web is shut off on kvm1"},
		},
		"the source refuses its end": {
			migration.Direct, func(s *scene) { s.kvm1.Before("Confirm", mt.Always(errors.New("read-only file system"))) },
			[]string{"kvm1", "kvm2"},
			[]string{
				"read-only file system", "Both hosts have a definition of it now.", "`virsh undefine --keep-nvram --keep-tpm " + uuid + "` on kvm2",
				"VM web is shut off on kvm1 and shut off on kvm2",
			},
		},
		"the connection is lost in mid-call": {
			migration.PeerToPeer, func(s *scene) { s.kvm1.Before("MigratePeerToPeer", lost) },
			[]string{"kvm1"},
			[]string{"The connection was lost", "VM web is shut off on kvm1"},
		},
		"the destination falls silent": {
			migration.Direct, func(s *scene) { s.kvm2.After("Prepare", mt.Do(s.kvm2.Cut)) },
			[]string{"kvm1"},
			[]string{"VM web is shut off on kvm1; whether kvm2 has it, too, is not known, because kvm2 does not answer"},
		},
		"it is started before": {
			migration.Auto, func(s *scene) { s.kvm1.SetState(uuid, migration.StateRunning) },
			[]string{"kvm1"},
			[]string{"was not started", "VM web is running on kvm1 now", "plan again"},
		},
		"it runs on the destination": {migration.Auto, func(s *scene) {
			s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning})
		}, []string{"kvm1", "kvm2"}, []string{"VM web is shut off on kvm1 and running on kvm2"}},
		"it was migrated away": {
			migration.Auto, func(s *scene) { s.kvm1.ShutDown(uuid, migration.ReasonMigrated) },
			[]string{"kvm1"},
			[]string{"was migrated away from kvm1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.shutOff()
				s.request.Mode = test.mode
				test.fault(s)
				_, err := migration.Run(s.ctx, s.request, nil)
				var diagnosis migration.Diagnosis
				if !errors.As(err, &diagnosis) {
					t.Fatalf("the error is %v", err)
				}
				s.kvm2.Restore()
				if s.kvm1.Protected(uuid) && !strings.Contains(name, "the source refuses") {
					t.Error("the job that Begin has begun is left")
				}
				s.keeps(test.keep...)
				got := explain.Failure(diagnosis).Detail
				for _, words := range test.says {
					if !strings.Contains(got, words) {
						t.Errorf("it does not say %q:\n%s", words, got)
					}
				}
			})
		})
	}
}

// A definition that the source keeps although its libvirt has said otherwise is named, and
// does not start with that host.
func TestRunNamesADefinitionThatStays(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.shutOff()
		s.kvm1.SetAutostarts(uuid, migration.Autostart{Always: true})
		script := mt.Converging()
		script.KeepDefinition = true
		s.world.Play(script)
		r, err := migration.Run(s.ctx, s.request, nil)
		if err != nil || len(r.Warnings) != 1 || r.Warnings[0].Kind != migration.WarningDefinition {
			t.Fatalf("report %+v, error %v", r, err)
		}
		if !s.kvm1.Autostarts(uuid).Off() || s.kvm2.Autostarts(uuid).Off() {
			t.Error("autostart is on the wrong host")
		}
	})
}

// A move of a definition that has begun is not cancelled: half of it would be a definition
// on both hosts.
func TestRunCancelsNoDefinitionHalfway(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		call string
		keep string
	}{"before it begins": {"Checkpoints", "kvm1"}, "in between": {"Begin", "kvm2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.shutOff()
				s.request.Mode = migration.Direct
				s.kvm1.Before(at.call, mt.Do(func() { s.cancel(); time.Sleep(time.Second) }))
				_, err := migration.Run(s.ctx, s.request, nil)
				var cancelled *migration.CancelledError
				if errors.As(err, &cancelled) != (at.keep == "kvm1") {
					t.Errorf("the error is %v", err)
				}
				s.keeps(at.keep)
			})
		})
	}
}

// The checks of a definition are made again, and its own error keeps it where it is.
func TestRunChecksADefinition(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.shutOff()
		refusal := errors.New("not now")
		s.request.Ready = func(context.Context) (migration.Prepared, error) { return migration.Prepared{}, refusal }
		checked := 0
		s.request.Preflight = func(_ context.Context, a migration.Assessment) []migration.Finding {
			if checked++; !a.Fit() || !a.Idle() {
				t.Errorf("it is not fit to move: %+v", a)
			}
			return nil
		}
		if _, err := migration.Run(s.ctx, s.request, nil); !errors.Is(err, refusal) || checked != 1 {
			t.Errorf("the error is %v, checked %d times", err, checked)
		}
		s.keeps("kvm1")
	})
}
