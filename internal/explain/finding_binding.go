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
				fmt.Sprintf("Define it there: `virsh secret-dumpxml %s` on %s prints it; then `virsh secret-define FILE` on "+
					"%s, and give it its value there with `virsh secret-set-value`.", fact.UUID, f.Source, f.Host),
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
				fmt.Sprintf("`virsh vcpupin`, `virsh emulatorpin` and `virsh iothreadpin` with %s on %s bind it to others.",
					f.UUID, f.Source),
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
				fmt.Sprintf("`virsh capabilities` on %s lists those that it uses (<secmodel>). Use the same on both hosts "+
					"(security_driver in /etc/libvirt/qemu.conf), or take <seclabel> out: `virsh edit %s` on %s, and start "+
					"the VM anew.", f.Host, f.UUID, f.Source),
			}
		}),
	}
}
