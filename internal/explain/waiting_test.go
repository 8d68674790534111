package explain

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
)

func TestMove_placeLost(t *testing.T) {
	t.Parallel()
	lost := &fleet.UnplacedError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
		Err:      &places.LostError{Host: "kvm2", Err: host.ErrLeaseTaken},
	}
	want := Text{"Unable to Migrate VM", "The move has lost its place on kvm2: the lease is taken. The move was not started. Apply again: it " +
		"then waits for its turn anew.\n\nVM web is running on kvm1"}
	if got := Move(lost); got != want {
		t.Errorf("got %+v", got)
	}
}
