package evacuation

import (
	"cmp"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Hindrance is why a VM stays on a host that is emptied.
type Hindrance string

// The hindrances.
const (
	// Unread is a policy that cannot be read: it may say that the VM must not be moved.
	Unread Hindrance = "unread"
	// Transient is a VM that is to be stopped and would be gone then.
	Transient Hindrance = "transient"
	// Deaf is a VM that is to be shut down and whose guest is paused: it hears nothing.
	Deaf Hindrance = "deaf"
	// Arriving is a VM that is on its way to the host: it can be moved on once it has arrived.
	Arriving Hindrance = "arriving"
	// Doubled is a VM that another host runs, too.
	Doubled Hindrance = "doubled"
)

// Stuck is a VM that stays, though its policy does not ask for that.
type Stuck struct {
	VM  VM
	Why Hindrance
}

// Leaving is what becomes of the VMs of a host that is emptied.
type Leaving struct {
	// Move are those that are moved, Stop those that are shut down or saved by their By, and Stay those that stay because
	// their policy says so.
	Move, Stop, Stay []VM
	Stuck            []Stuck
}

// Leave says what becomes of each VM that runs on a host. What is shut off stays, and keeps no host from maintenance. A
// migration that is under way is carried on with, whatever the policy says by now.
func Leave(host string, vms []VM) Leaving {
	var l Leaving
	for _, vm := range sorted(vms) {
		switch {
		case vm.Host != host:
		case vm.BoundFor == host:
			l.Stuck = append(l.Stuck, Stuck{vm, Arriving})
		case !vm.Active:
		case vm.BoundFor != "":
			l.Move = append(l.Move, vm)
		case vm.Unread != nil:
			l.Stuck = append(l.Stuck, Stuck{vm, Unread})
		case vm.By == policy.EvacuateStay:
			l.Stay = append(l.Stay, vm)
		case vm.By == policy.EvacuateLive:
			l.Move = append(l.Move, vm)
		case !vm.Persistent:
			l.Stuck = append(l.Stuck, Stuck{vm, Transient})
		case vm.By == policy.EvacuateShutDown && vm.Paused:
			l.Stuck = append(l.Stuck, Stuck{vm, Deaf})
		default:
			l.Stop = append(l.Stop, vm)
		}
	}
	return l
}

// sorted are VMs by name.
func sorted(vms []VM) []VM {
	return slices.SortedFunc(slices.Values(vms), func(a, b VM) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID))
	})
}
