package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// ListCut warns that a list has more than Terraform asked for.
func ListCut(limit int64) Text {
	return Text{"List Truncated", fmt.Sprintf("There are more than the %d that this list was limited to. Set a higher `limit` in the list "+
		"block, whose default is 100, or narrow the list by its filters.", limit)}
}

// Unlisted warns of a host, or of a VM, that is missing in a list. object is what is listed.
func Unlisted(object string, err error) Text {
	return Text{"List Incomplete", sentences(Detail(err), fmt.Sprintf("The list of each %s goes on without it.", object))}
}

// unlisted names the VM, unless what is wrong does so itself.
func unlisted(e *fleet.UnlistedError) string {
	vm, wrong := fmt.Sprintf("VM %s (%s)", e.Name, e.UUID), what(e.Err)
	if strings.HasPrefix(wrong, vm) {
		return wrong
	}
	return vm + ": " + wrong
}
