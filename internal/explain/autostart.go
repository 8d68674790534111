package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// lostAutostart says that a VM may not start with its new host, and how it does again.
func lostAutostart(s migration.Subject, l *migration.LostAutostart) string {
	again := "run " + autostartCommand(l.Was, s.UUID, s.Destination)
	switch {
	case l.Unread != nil:
		return fmt.Sprintf("Autostart was not carried to %s, because %s did not say whether the VM has it: %s. If it "+
			"should have it, %s.", s.Destination, s.Source, oneLine(l.Unread), again)
	case l.Was.Off():
		return fmt.Sprintf("Autostart %s on %s, where an older definition of the VM has it: %s. The VM did not start "+
			"with its host %s: `virsh autostart --disable %s` on %s keeps it from that.",
			notDone(l.Err, "switched off"), s.Destination, oneLine(l.Err), s.Source, s.UUID, s.Destination)
	case l.Err == nil:
		return fmt.Sprintf("Autostart was not carried to %s. The VM had it on %s: once it is on %s, %s.",
			s.Destination, s.Source, s.Destination, again)
	}
	return fmt.Sprintf("Autostart %s on %s: %s. The VM had it on %s: %s.",
		notDone(l.Err, "set"), s.Destination, oneLine(l.Err), s.Source, again)
}

// autostartCommand sets autostart on a host.
func autostartCommand(a migration.Autostart, uuid, host string) string {
	switch {
	case a.Always && a.Once:
		return fmt.Sprintf("`virsh autostart %s` and `virsh autostart --once %s` on %s", uuid, uuid, host)
	case a.Once:
		return fmt.Sprintf("`virsh autostart --once %s` on %s", uuid, host)
	}
	return fmt.Sprintf("`virsh autostart %s` on %s", uuid, host)
}

// autostartOff says that it is not known whether a VM has lost autostart.
func autostartOff(r migration.Report) string {
	if !r.AutostartOff {
		return ""
	}
	return fmt.Sprintf("The VM does not start with %s, and libvirt does not carry autostart: if it started with the "+
		"host that it came from, `virsh autostart %s` on %s sets it again.", r.Destination, r.UUID, r.Destination)
}

// autostartWasOff says the same as of a plan, whose apply may move the VM once more.
func autostartWasOff(r migration.Report, from string) string {
	if !r.AutostartOff {
		return ""
	}
	return fmt.Sprintf("The VM did not start with %s, and libvirt does not carry autostart: if it started with %s "+
		"before, `virsh autostart %s` on the host that it is on sets it again.", r.Destination, from, r.UUID)
}
