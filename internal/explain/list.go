package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// ListCut warns that a list has more than Terraform asked for.
func ListCut(limit int64) Text {
	return Text{"List Truncated", fmt.Sprintf("There are more than the %d that this list was limited to. Set a higher "+
		"`limit` in the list block, whose default is 100, or narrow the list by its filters.", limit)}
}

// Unlisted warns of a host, or of a VM, that is missing in a list. object is what is listed.
func Unlisted(object string, err error) Text {
	return Text{"List Incomplete", sentences(Detail(err), fmt.Sprintf("The list of each %s goes on without it.", object))}
}

// RecordUnread warns of a VM in a list whose record could not be read. leftOut is true where
// the list has only VMs that are known to have a policy, or none.
func RecordUnread(e *fleet.UnlistedError, leftOut bool) Text {
	then := "The VM is in the list with a policy of null."
	if leftOut {
		then = "Whether the VM has a policy is not known: the list goes on without it."
	}
	return planned("Policy Record Unreadable", "a record could not be read: "+unlisted(e), then)
}

// unlisted names the VM, unless what is wrong does so itself.
func unlisted(e *fleet.UnlistedError) string {
	vm, wrong := fmt.Sprintf("VM %s (%s)", e.Name, e.UUID), what(e.Err)
	if strings.HasPrefix(wrong, vm) {
		return wrong
	}
	return vm + ": " + wrong
}
