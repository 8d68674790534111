//go:build lab

package fleet

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestElsewhere_paused looks at a third host when a VM was left paused on the
// source of its move.
func TestElsewhere_paused(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm3"})
	f := open(t, labConfig(t, UnreachableError))
	request, err := f.request(Move{Destination: "kvm2"}, Resolution{Location: Location{Host: "kvm1", Domain: migration.Domain{UUID: guest.UUID, Name: guest.Name}}})
	if err != nil {
		t.Fatal(err)
	}
	for state, third := range map[migration.DomainState]bool{migration.StatePaused: true, migration.StateRunning: false} {
		failure := migration.Failure{Outcome: migration.Outcome{
			UUID: guest.UUID, Name: guest.Name,
			Source:      migration.Sighting{Host: "kvm1", Domain: migration.Domain{Name: guest.Name, State: state}},
			Destination: migration.Sighting{Host: "kvm2", Err: migration.ErrNoDomain},
		}}
		for _, failed := range []migration.Diagnosis{
			&migration.PreflightError{Failure: failure}, &migration.CancelledError{Failure: failure}, &migration.TimedOutError{Failure: failure},
			&migration.NotConvergedError{Failure: failure}, &migration.FailedError{Failure: failure}, &newError{failure},
		} {
			err := f.elsewhere(testContext(t), request, failed)
			var elsewhere *ElsewhereError
			if errors.As(err, &elsewhere) != third || !errors.Is(err, failed) {
				t.Errorf("%T, %s on the source: error %v", failed, state, err)
			}
			if third && !strings.HasSuffix(err.Error(), "\n\nVM "+guest.Name+" is running on kvm3") {
				t.Errorf("%T: it does not say where the VM is running: %v", failed, err)
			}
		}
	}
}

// newError is a diagnosis that this package has never heard of.
type newError struct{ migration.Failure }

func (*newError) Summary() string { return "Unable to Migrate Virtual Machine" }
