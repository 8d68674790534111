package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// HistoryUnknown warns of a VM's history that cannot be read.
func HistoryUnknown(e *fleet.InvalidHistoryError) Text {
	vm := e.Location.Domain
	return planned("Migration History Unknown", fmt.Sprintf(
		"the history of VM %s on %s could not be read: %s. The list is null here. The next move of the VM begins its "+
			"history anew, unless a newer release of the provider wrote it. `virsh metadata %s %s` on %s shows it.",
		vm.Name, e.Location.Host, e.Err, vm.UUID, host.HistoryURI, e.Location.Host))
}
