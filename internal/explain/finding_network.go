package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// networkTales are the words for what is found about what the VM is plugged into.
func networkTales() []tale {
	return []tale{
		tell(bridgeMissing),
		tell(func(f migration.Finding, fact preflight.NetworkMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s uses the libvirt network %s, and %s has no such network.",
					f.Device, f.Name, fact.Network, f.Host),
				fmt.Sprintf("Define and start it there: `virsh net-dumpxml --inactive %s` on %s prints it; then `virsh "+
					"net-define FILE` and `virsh net-start %s` on %s.", fact.Network, f.Source, fact.Network, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.NetworkInactive) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s uses the libvirt network %s, which is not active on %s.",
					f.Device, f.Name, fact.Network, f.Host),
				fmt.Sprintf("Start it: `virsh net-start %s` on %s (and `virsh net-autostart %s`).",
					fact.Network, f.Host, fact.Network),
			}
		}),
		tell(func(f migration.Finding, fact preflight.FilterMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s has the network filter %s, and %s has no such filter.",
					f.Device, f.Name, fact.Filter, f.Host),
				fmt.Sprintf("Define it there: `virsh nwfilter-dumpxml %s` on %s prints it; then `virsh nwfilter-define "+
					"FILE` on %s.", fact.Filter, f.Source, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.ListenElsewhere) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s listens on %s, which is an address of %s: %s cannot listen on it.",
					f.Device, f.Name, fact.Address, f.Source, f.Host),
				fmt.Sprintf("Let it listen on 0.0.0.0, 127.0.0.1 or a libvirt network: `virsh edit %s` on %s, and start "+
					"the VM anew.", f.UUID, f.Source),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PortTaken) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s has the fixed port %d, which VM %s has on %s.",
					f.Device, f.Name, fact.Port, fact.By, f.Host),
				fmt.Sprintf("Let libvirt choose the port (autoport='yes'): `virsh edit %s` on %s, and start the VM anew. "+
					"Or move VM %s away first.", f.UUID, f.Source, fact.By),
			}
		}),
	}
}

func bridgeMissing(f migration.Finding, fact preflight.BridgeMissing) Advised {
	uses := fmt.Sprintf("The %s of VM %s is plugged into %s", f.Device, f.Name, fact.Bridge)
	if fact.Network != "" {
		uses = fmt.Sprintf("The %s of VM %s uses the libvirt network %s, which there is the bridge %s",
			f.Device, f.Name, fact.Network, fact.Bridge)
	}
	return Advised{
		fmt.Sprintf("%s, and %s has no interface of that name.", uses, f.Host),
		fmt.Sprintf("Make it there, as in `ip link add %s type bridge && ip link set %s up` on %s, and in the host's "+
			"network configuration.", fact.Bridge, fact.Bridge, f.Host),
	}
}
