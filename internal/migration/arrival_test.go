package migration_test

import (
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestArrivalAsksAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(s *scene)
		state   migration.DomainState
		err     error
	}{
		"running":     {func(*scene) {}, migration.StateRunning, nil},
		"shut off":    {func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff) }, migration.StateShutOff, nil},
		"not there":   {func(s *scene) { s.kvm1.Kill(uuid); s.kvm1.Undefine(uuid) }, 0, migration.ErrNoDomain},
		"a mute host": {func(s *scene) { s.kvm1.Mute() }, 0, migration.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				r, err := migration.Arrival(s.ctx, s.kvm1, uuid)
				if !errors.Is(err, test.err) || r.State != test.state || r.Moved || len(r.Warnings) > 0 {
					s.Errorf("report %+v, %v", r, err)
				}
				if err == nil && (r.Name != "web" || r.Destination != "kvm1") {
					s.Errorf("report: %+v", r)
				}
				s.changedNothing()
			})
		})
	}
}

// The report has what libvirt on the host still knows of the migration that was not
// watched.
func TestArrivalTellsWhatLibvirtKeeps(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.arrives()
		r, err := migration.Arrival(s.ctx, s.kvm2, uuid)
		if err != nil || r.Moved || !r.Unwatched || r.Iterations != 3 || r.Source != "" {
			s.Errorf("report %+v, %v", r, err)
		}
	})
}
