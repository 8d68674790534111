package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// lostCheckpoints says that libvirt on the destination may not know a VM's checkpoints,
// and how it learns of them again.
func lostCheckpoints(s migration.Subject, l *migration.LostCheckpoints) string {
	again := fmt.Sprintf("their bitmaps are in its disks: `virsh checkpoint-create %s FILE --redefine` on %s restores "+
		"one, with FILE as `virsh checkpoint-dumpxml` or a backup program has saved it", s.UUID, s.Destination)
	switch {
	case l.Unread != nil:
		return fmt.Sprintf("The VM's checkpoints, if it has any, were not carried to %s, because %s did not tell of "+
			"them: %s. If it has, %s.", s.Destination, s.Source, oneLine(l.Unread), again)
	case l.Err == nil:
		return fmt.Sprintf("The VM's checkpoints were not carried to %s (%s). Once it is there, %s.",
			s.Destination, strings.Join(l.Names, ", "), again)
	}
	return fmt.Sprintf("The VM's checkpoints %s on %s (%s): %s. Of the VM, %s.",
		notDone(l.Err, "restored"), s.Destination, strings.Join(l.Names, ", "), oneLine(l.Err), again)
}
