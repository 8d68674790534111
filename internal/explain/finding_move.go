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
			return Advised{Detail: fmt.Sprintf("%s (%s, from %s): %s",
				fact.Conflict.Field, fact.Value, fact.Origin, fact.Conflict.Text)}
		}),
		tell(func(f migration.Finding, _ preflight.NoPeerURI) Advised {
			return Advised{
				fmt.Sprintf("Other hosts' libvirt cannot reach %s: its uri is a local one and it has no peer_uri.",
					f.Host),
				`Set peer_uri, or mode = "direct" or "auto".`,
			}
		}),
		tell(func(f migration.Finding, _ preflight.Refused) Advised {
			return Advised{Detail: fmt.Sprintf("libvirt on %s refuses to migrate VM %s: %s.", f.Host, f.Name, oneLine(f.Err))}
		}),
		tell(func(f migration.Finding, fact preflight.VersionTooOld) Advised {
			return Advised{Detail: fmt.Sprintf("%s needs %s %s or newer on both hosts, and %s has %s.",
				fact.Feature, fact.Program, version(fact.Need), f.Host, version(fact.Have))}
		}),
		tell(func(f migration.Finding, fact preflight.QEMUOlder) Advised {
			return Advised{Detail: fmt.Sprintf("QEMU there is %s, older than %s on %s: it may not understand what it "+
				"is sent.", version(fact.Destination), version(fact.Source), f.Source)}
		}),
	}
}
