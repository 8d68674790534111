package explain

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
)

func TestMove_unplaced(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"The move has lost its place on kvm2: the lease is taken. The move was not started. Apply again: it then waits for its turn anew.": &places.LostError{
			Host: "kvm2", Err: host.ErrLeaseTaken,
		},
		"kvm2 has not said whether it has a place for the move: the outcome of the call is unknown. The move was not started: it would not be " +
			"counted by the limits. Apply again once `virsh secret-list --ephemeral` on kvm2 shows who has places.": &places.UnclearError{
			Host: "kvm2", Err: host.ErrOutcomeUnknown,
		},
	} {
		location := fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}}
		want := Text{"Unable to Migrate VM", want + "\n\nVM web is running on kvm1"}
		if got := Move(&fleet.UnplacedError{Location: location, Err: err}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
