package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// bindingTales are the words for what binds a VM to its host: secrets, CPUs, NUMA nodes and
// security models.
func bindingTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.SecretMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s needs the secret %s, and %s has no such secret.",
					f.Device, f.Name, fact.UUID, f.Host),
				remediesOf(f).secret(fact.UUID),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PinnedCPUsMissing) Advised {
			lacks := "lacks some of them: libvirt may refuse that"
			if fact.All {
				lacks = "has none of them"
			}
			return Advised{
				fmt.Sprintf("The %s of VM %s is bound to the CPUs %s, and %s %s.",
					fact.Pin.What, f.Name, fact.Pin.Set, f.Host, lacks),
				remediesOf(f).pins(),
			}
		}),
		tell(func(f migration.Finding, fact preflight.NodesMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is bound to the NUMA nodes %s, and %s does not have all of them.",
					fact.Pin.What, f.Name, fact.Pin.Set, f.Host),
				fmt.Sprintf("Bind it to nodes that both hosts have (<numatune>): `virsh edit %s` on %s, and start the VM "+
					"anew.", f.UUID, f.Source),
			}
		}),
		tell(func(f migration.Finding, fact preflight.SecurityModelMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has a label of the security model %s, which libvirt on %s does not use.",
					f.Name, fact.Model, f.Host),
				remediesOf(f).securityModel(),
			}
		}),
	}
}
