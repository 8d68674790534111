//go:build lab

package fleet

import (
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestElsewhere_paused asks a third host when a VM was left paused on the
// source of its move.
func TestElsewhere_paused(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm3"})
	f := open(t, labConfig(t, UnreachableError))
	request, _, err := f.request(testContext(t), Move{Destination: "kvm2"}, Resolution{Location: Location{Host: "kvm1", Domain: migration.Domain{UUID: guest.UUID, Name: guest.Name}}})
	if err != nil {
		t.Fatal(err)
	}
	for state, third := range map[migration.DomainState]bool{migration.StatePaused: true, migration.StateRunning: false} {
		failure := migration.Failure{Outcome: migration.Outcome{
			UUID: guest.UUID, Name: guest.Name,
			Source:      migration.Observation{Host: "kvm1", Domain: migration.Domain{Name: guest.Name, State: state}},
			Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain},
		}}
		for _, failed := range []migration.Diagnosis{
			&migration.PreflightError{Failure: failure}, &migration.CancelledError{Failure: failure}, &migration.TimedOutError{Failure: failure},
			&migration.NotConvergedError{Failure: failure}, &migration.FailedError{Failure: failure}, &newError{failure},
		} {
			f.observeElsewhere(testContext(t), request.Move, failed)
			holders := said(failed.Common().Holders())
			if third != slices.Equal(holders, []string{"kvm3 running"}) || third != (len(holders) > 0) {
				t.Errorf("%T, %s on the source: held by %v", failed, state, holders)
			}
		}
	}
}

// newError is a diagnosis that this package has never heard of.
type newError struct{ migration.Failure }

func (*newError) Error() string { return "new" }
