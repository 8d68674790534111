package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// vmFilter is which VMs a list has.
type vmFilter struct {
	hosts, states []string // none is all
	name          types.String
}

const (
	hostsFilterDescription = "Hosts that the VMs are on: keys of `hosts` in the provider's configuration. Default: all. " +
		"All hosts are asked nevertheless: a shut-off definition is no VM's home while the VM is elsewhere."
	nameRegexDescription = "Regular expression (Go's RE2 syntax) that the name matches, anywhere in it unless it has " +
		"`^` and `$`. Default: every name."
	statesFilterDescription = "States that the VMs are in: any of " + vmStatesDescription + " Default: all."
)

// named tells whether a domain has a name that fits.
func (f vmFilter) named() func(migration.Domain) bool {
	fits := matching(f.name)
	return func(d migration.Domain) bool { return fits(d.Name) }
}

// domains tells whether a domain may be one of them, wherever it is.
func (f vmFilter) domains() func(migration.Domain) bool {
	named := f.named()
	return func(d migration.Domain) bool {
		// What is in mid-move is judged once its home is known.
		moving := d.State == migration.StateIncoming || d.State == migration.StatePostCopySource
		return named(d) && (moving || f.inState(d))
	}
}

func (f vmFilter) inState(d migration.Domain) bool {
	return len(f.states) == 0 || slices.Contains(f.states, vmStates[d.State])
}

// has tells whether a VM whose name fits is one of them.
func (f vmFilter) has(vm fleet.ListedVM) bool {
	return f.inState(vm.Location.Domain) && (len(f.hosts) == 0 || slices.Contains(f.hosts, vm.Location.Host))
}
