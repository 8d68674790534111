package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// lostCheckpoints says that libvirt on the destination may not know a VM's checkpoints,
// and how it learns of them again.
func lostCheckpoints(s migration.Subject, l *migration.LostCheckpoints) string {
	names := strings.Join(l.Names, ", ")
	again := fmt.Sprintf("Their bitmaps are in the VM's disks: on %s, `virsh checkpoint-create %s FILE --redefine` "+
		"restores the rest of one, from what `virsh checkpoint-dumpxml` or a backup program has saved.",
		s.Destination, s.UUID)
	switch {
	case l.Unread != nil:
		return fmt.Sprintf("The VM's checkpoints, if it has any, were not carried to %s, because %s did not tell of "+
			"them: %s. %s", s.Destination, s.Source, oneLine(l.Unread), again)
	case l.Err == nil:
		return fmt.Sprintf("The VM's checkpoints (%s) were not carried to %s. %s", names, s.Destination, again)
	}
	return fmt.Sprintf("The VM's checkpoints (%s) %s on %s: %s. %s",
		names, notDone(l.Err, "restored"), s.Destination, oneLine(l.Err), again)
}
