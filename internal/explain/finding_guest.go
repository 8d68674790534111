package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// guestTales are the words for what is found about whether the destination can run the
// guest.
func guestTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.CPUMissing) Advised {
			return Advised{Detail: fmt.Sprintf("%s cannot run the CPU of VM %s: %s.", f.Host, f.Name, fact.Reason)}
		}),
		tell(func(f migration.Finding, fact preflight.MemoryTooSmall) Advised {
			return Advised{Detail: fmt.Sprintf("VM %s may use %s, and %s has %s in all.",
				f.Name, bytes(fact.Need), f.Host, bytes(fact.Have))}
		}),
		tell(func(f migration.Finding, fact preflight.MemoryShort) Advised {
			return Advised{Detail: fmt.Sprintf("VM %s may use %s, and %s has %s available (free, buffers and cache): "+
				"it may swap, or run out.", f.Name, bytes(fact.Need), f.Host, bytes(fact.Have))}
		}),
	}
}
