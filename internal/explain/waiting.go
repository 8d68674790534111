package explain

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// waitsFor says what a move waits for, and who is in its way.
func waitsFor(o places.Wait) string {
	if o.Port != 0 {
		return oneByOne(o) + holders(o)
	}
	switch o.Kind {
	case places.OtherMove:
		return "another move of it is under way" + holders(o)
	case places.EarlierMove:
		return "another move of it came first"
	case places.FullSource:
		return fmt.Sprintf("%s sends as many VMs as it may already (max_outgoing_migrations = %d)%s",
			o.Host, o.Limit, holders(o))
	case places.FullDestination:
		return fmt.Sprintf("%s receives as many VMs as it may already (max_incoming_migrations = %d)%s",
			o.Host, o.Limit, holders(o))
	case places.KeptSource:
		return fmt.Sprintf("the next VM that %s sends is one that has waited longer (max_outgoing_migrations = %d)%s",
			o.Host, o.Limit, holders(o))
	case places.KeptDestination:
		return fmt.Sprintf("the next VM that %s receives is one that has waited longer (max_incoming_migrations = "+
			"%d)%s", o.Host, o.Limit, holders(o))
	case places.Unclear:
		return fmt.Sprintf("%s has not said whether it has a place for it, and is asked again: %s", o.Host, oneLine(o.Err))
	case places.NoWait:
	}
	return ""
}

// unleased says on which hosts only what runs is counted.
func unleased(p fleet.Progress) string {
	var all []string
	for _, err := range p.Unleased {
		all = append(all, oneLine(err))
	}
	return fmt.Sprintf("VM %s: the limits do not count what other runs are about to start: %s",
		p.Name, strings.Join(all, "; "))
}

// holders says who has the places that a move waits for.
func holders(o places.Wait) string {
	var all []string
	for _, h := range o.Holders {
		name := cmp.Or(sanitize.Name(h.Name), h.VM, "a VM that is not known")
		switch {
		case h.Own:
			all = append(all, name+" of this run")
		case h.Run == "":
			all = append(all, name+", which no run of this provider moves")
		default:
			all = append(all, name+" of the run "+sanitize.Name(h.Run))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all, "; ")
}

// oneByOne says what a move waits for to a host that receives on a fixed port.
func oneByOne(o places.Wait) string {
	why := fmt.Sprintf("its migration_uri has a port, %d, which takes one at a time", o.Port)
	if o.Kind == places.KeptDestination {
		return fmt.Sprintf("the next VM that %s receives is one that has waited longer (%s)", o.Host, why)
	}
	return fmt.Sprintf("%s receives another VM (%s)", o.Host, why)
}

func adviseLost(*places.LostError) string {
	return "The move was not started. Apply again: it then waits for its turn anew."
}

func adviseUnclear(e *places.UnclearError) string {
	return fmt.Sprintf("The move was not started: it would not be counted by the limits. Apply again once `virsh "+
		"secret-list --ephemeral` on %s shows who has places.", e.Host)
}

func adviseUnleased(e *places.UnleasedError) string {
	return fmt.Sprintf("Leases need libvirt's secret driver on %s, and a login that may write to it.", e.Host)
}
