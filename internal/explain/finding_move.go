package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// moveTales are the words for what is found about what is asked for, and about the hosts'
// programs.
func moveTales() []tale {
	return []tale{
		tell(func(_ migration.Finding, fact preflight.PolicyConflict) Advised {
			return Advised{Detail: conflict(fact.Conflict)}
		}),
		tell(func(f migration.Finding, _ preflight.NoPeerURI) Advised {
			return Advised{
				fmt.Sprintf("Other hosts' libvirt cannot reach %s: its uri is a local one and it has no peer_uri.",
					f.Host),
				`Set peer_uri, or mode = "direct" or "auto".`,
			}
		}),
		tell(cordoned),
		tell(func(f migration.Finding, fact preflight.CordonUnknown) Advised {
			return Advised{
				fmt.Sprintf("Whether %s is cordoned is not known: %s.", f.Host, oneLine(fact.Err)), cordonUnknown(fact.Err, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.LocalHostname) Advised {
			return Advised{
				fmt.Sprintf("%s has no migration_uri, and its host name is %q: libvirt there does not know where memory is "+
					"to be sent, unless its qemu.conf has migration_host.", f.Host, fact.Hostname),
				remediesOf(f).hostname(),
			}
		}),
		tell(func(f migration.Finding, fact preflight.OneHostname) Advised {
			return Advised{
				fmt.Sprintf("%s has no migration_uri, and its host name is %q, as that of %s: libvirt on %s sends memory to "+
					"that name, which mostly leads it to itself, unless the qemu.conf of %s has migration_host.",
					f.Host, fact.Hostname, f.Source, f.Source, f.Host),
				remediesOf(f).hostname(),
			}
		}),
		tell(refusedByLibvirt),
		tell(func(f migration.Finding, fact preflight.VersionTooOld) Advised {
			where := "both hosts"
			if fact.Source {
				where = "the host that the VM leaves"
			}
			return Advised{Detail: fmt.Sprintf("%s needs %s %s or newer on %s, and %s has %s.",
				fact.Feature, fact.Program, Version(fact.Need), where, f.Host, Version(fact.Have))}
		}),
		tell(func(f migration.Finding, fact preflight.QEMUOlder) Advised {
			return Advised{Detail: fmt.Sprintf("QEMU on %s is %s, older than %s on %s: it may not understand what "+
				"it is sent.", f.Host, Version(fact.Destination), Version(fact.Source), f.Source)}
		}),
	}
}

// refusedByLibvirt is what the source's libvirt refuses a migration for.
func refusedByLibvirt(f migration.Finding, _ preflight.Refused) Advised {
	r, ok := Refusal(f.Err, f.Subject, false)
	switch {
	case !ok:
		return Advised{Detail: fmt.Sprintf("libvirt on %s refuses to migrate VM %s: %s.", f.Host, f.Name, oneLine(f.Err))}
	case !r.Known:
		return Advised{Detail: fmt.Sprintf("libvirt on %s refuses to migrate VM %s. %s", f.Host, f.Name, r.Cause)}
	}
	return Advised{Detail: sentences(r.Cause, r.Said), Remedy: r.Remedy}
}
