package explain

import (
	"errors"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// cordoned says that no VM is to be moved to a host, and how it is opened.
func cordoned(f migration.Finding, fact preflight.Cordoned) Advised {
	return Advised{Cordoned(f.Host, fact.Why, fact.Since), OpenHost(f.Host)}
}

// Cordoned says since when a host is cordoned, and why.
func Cordoned(name, why string, since time.Time) string {
	text := name + " is cordoned"
	if !since.IsZero() {
		text += " since " + since.UTC().Format(time.RFC3339)
	}
	if why != "" {
		return fmt.Sprintf("%s: %s", text, fullStop(why))
	}
	return text + "."
}

// OpenHost says how a host is opened that is cordoned.
func OpenHost(name string) string { return "Choose another destination, or " + openIt(name) }

func openIt(name string) string {
	return fmt.Sprintf("open %[1]s: destroy its virt_host_maintenance, or, where none has it in its state, run `virsh "+
		"secret-undefine %[2]s` on %[1]s, which leaves the VMs where they are and forgets which are to come back.", name,
		host.Itself.SecretUUID())
}

// HostRecordUnreadable warns of a host's own record that cannot be read, in a list.
func HostRecordUnreadable(err error) Text {
	name, reason := "a host", oneLine(err)
	var unreadable *fleet.UnreadableCordonError
	if errors.As(err, &unreadable) {
		name, reason = unreadable.Host, oneLine(unreadable.Err)
	}
	var invalid *cordon.InvalidError
	if errors.As(err, &invalid) {
		reason = invalid.Reason
	}
	return planned("Host Record Unreadable", name+"'s own record could not be read.", Sentence(reason), Advice(err),
		"Until then moves to the host are refused.")
}

// cordonUnknown says what to do about a host's own record that cannot be read.
func cordonUnknown(err error, name string) string {
	var newer *cordon.NewerVersionError
	if errors.As(err, &newer) {
		return newerAdvice
	}
	return fmt.Sprintf("`virsh secret-dumpxml %[1]s` on %[2]s shows it. If it is of no use to anybody, `virsh "+
		"secret-undefine %[1]s` on %[2]s removes it, and opens the host.", host.Itself.SecretUUID(), name)
}
