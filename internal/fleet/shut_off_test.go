package fleet

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A definition that libvirt says was migrated away is none of a VM that is shut off: it runs elsewhere.
func TestMoveOfVMThatIsShutOff(t *testing.T) {
	t.Parallel()
	at := func(host string, state migration.DomainState, reason migration.Reason) Location {
		return Location{Host: host, Domain: migration.Domain{State: state, Reason: reason}}
	}
	for name, test := range map[string]struct {
		location      Location
		leaves, moves bool
	}{
		"shut off":                    {at("kvm1", migration.StateShutOff, migration.ReasonUnknown), true, true},
		"shut off on the destination": {at("kvm2", migration.StateShutOff, migration.ReasonUnknown), false, true},
		"migrated away":               {at("kvm1", migration.StateShutOff, migration.ReasonMigrated), false, false},
		"running":                     {at("kvm1", migration.StateRunning, migration.ReasonUnknown), false, false},
		"not found":                   {Location{Domain: migration.Domain{State: migration.StateShutOff}}, false, false},
	} {
		move := Move{Destination: "kvm2", IfShutOff: ShutOffIgnore}
		if got := move.Leaves(test.location); got != test.leaves || move.MovesDefinition(test.location) {
			t.Errorf("%s, ignore: leaves is %t, want %t", name, got, test.leaves)
		}
		move.IfShutOff = ShutOffMoveDefinition
		if got := move.MovesDefinition(test.location); got != test.moves || move.Leaves(test.location) {
			t.Errorf("%s, move_definition: moves is %t, want %t", name, got, test.moves)
		}
		move.IfShutOff = ShutOffError
		if move.Leaves(test.location) || move.MovesDefinition(test.location) {
			t.Errorf("%s, error: it is left or its definition moves", name)
		}
	}
}
