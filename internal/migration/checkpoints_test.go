package migration_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
)

var family = []string{"parent", "child", "grandchild"}

// keepsCheckpoints checks the checkpoints of the VM on a host.
func (s *scene) keepsCheckpoints(host *mt.Host, want ...string) {
	s.Helper()
	if got := host.Checkpointed(uuid); !slices.Equal(got, want) {
		s.Errorf("checkpoints on %s are %q, want %q", host.Name(), got, want)
	}
}

func TestRunCarriesCheckpoints(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(s *scene){
		"peer-to-peer": func(s *scene) { s.request.Mode = migration.PeerToPeer },
		"direct":       func(s *scene) { s.request.Mode = migration.Direct },
		"adopted": func(s *scene) {
			s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
			time.Sleep(5 * time.Second)
		},
		"libvirt ends its job late": func(s *scene) { s.kvm2.Before("RedefineCheckpoint", mt.Times(3, migration.ErrBusy)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.PutCheckpoints(uuid, family...)
				arrange(s)
				if r := s.arrives(); len(r.Warnings) > 0 {
					s.Errorf("warnings: %v", warnings(r))
				}
				s.keepsCheckpoints(s.kvm2, family...)
			})
		})
	}
}

// Checkpoints that cannot be carried are a warning, and never a failed move.
func TestRunWarnsOfCheckpointsThatWereNotCarried(t *testing.T) {
	t.Parallel()
	second := 0
	for name, test := range map[string]struct {
		arrange func(s *scene)
		want    migration.LostCheckpoints
	}{
		"the source does not say": {
			func(s *scene) { s.kvm1.Before("Checkpoints", mt.Always(migration.ErrDenied)) },
			migration.LostCheckpoints{Unread: migration.ErrDenied},
		},
		"the destination refuses": {
			func(s *scene) { s.kvm2.Before("RedefineCheckpoint", mt.Always(migration.ErrDenied)) },
			migration.LostCheckpoints{Names: family, Err: migration.ErrDenied},
		},
		"the destination refuses a child": {
			func(s *scene) {
				s.kvm2.After("RedefineCheckpoint", mt.Do(func() {
					if second++; second == 1 {
						s.kvm2.Before("RedefineCheckpoint", mt.Always(migration.ErrUnreachable))
					}
				}))
			},
			migration.LostCheckpoints{Names: family[1:], Err: migration.ErrUnreachable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.PutCheckpoints(uuid, family...)
				test.arrange(s)
				lost := s.warned(s.arrives(), migration.WarningCheckpoints).Checkpoints
				if !slices.Equal(lost.Names, test.want.Names) ||
					!errors.Is(lost.Unread, test.want.Unread) || !errors.Is(lost.Err, test.want.Err) {
					s.Errorf("lost: %+v", lost)
				}
			})
		})
	}
}

func TestRunLeavesCheckpointsOfAVMThatStays(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.PutCheckpoints(uuid, family...)
		s.at(3*time.Second, s.cancel)
		if failed := fails[*migration.CancelledError](s, runsOnSource); len(failed.Lost) > 0 {
			s.Errorf("lost: %+v", failed.Lost)
		}
		s.keepsCheckpoints(s.kvm1, family...)
		if n := s.kvm2.Calls("RedefineCheckpoint"); n > 0 {
			s.Errorf("%d checkpoints were redefined", n)
		}
	})
}

// Where nobody saw the VM arrive, what it would have lost is named.
func TestRunNamesWhatMayBeLost(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.PutCheckpoints(uuid, family...)
		s.kvm1.SetAutostarts(uuid, always)
		s.at(5*time.Second, func() { s.kvm1.Cut(); s.kvm2.Cut() })
		_, err := s.run()
		var failed migration.Diagnosis
		if !errors.As(err, &failed) || len(failed.Common().Lost) != 2 {
			s.Errorf("%v", err)
		}
	})
}
