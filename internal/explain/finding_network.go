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
				remediesOf(f).network(fact.Network),
			}
		}),
		tell(func(f migration.Finding, fact preflight.NetworkInactive) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s uses the libvirt network %s, which is not active on %s.",
					f.Device, f.Name, fact.Network, f.Host),
				remediesOf(f).inactiveNetwork(fact.Network),
			}
		}),
		tell(func(f migration.Finding, fact preflight.FilterMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s has the network filter %s, and %s has no such filter.",
					f.Device, f.Name, fact.Filter, f.Host),
				remediesOf(f).networkFilter(fact.Filter),
			}
		}),
		tell(func(f migration.Finding, fact preflight.ListenElsewhere) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s listens on %s, which is an address of %s: %s cannot listen on it.",
					f.Device, f.Name, fact.Address, f.Source, f.Host),
				remediesOf(f).listenAddress(),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PortTaken) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s has the fixed port %d, which VM %s has on %s.",
					f.Device, f.Name, fact.Port, fact.By, f.Host),
				fmt.Sprintf("%s Or move VM %s away first.", remediesOf(f).port(), fact.By),
			}
		}),
		tell(func(f migration.Finding, fact preflight.CIDTaken) Advised {
			return Advised{
				fmt.Sprintf("The vsock device of VM %s has the fixed guest CID %d, which VM %s has on %s.",
					f.Name, fact.CID, fact.By, f.Host),
				fmt.Sprintf("%s Or move VM %s away first.", remediesOf(f).guestCID(), fact.By),
			}
		}),
	}
}

func bridgeMissing(f migration.Finding, fact preflight.BridgeMissing) Advised {
	uses := fmt.Sprintf("The %s of VM %s is plugged into %s", f.Device, f.Name, fact.Bridge)
	if fact.Network != "" {
		uses = fmt.Sprintf("The %s of VM %s uses the libvirt network %s, which is the bridge %s on %s",
			f.Device, f.Name, fact.Network, fact.Bridge, fact.Of)
	}
	return Advised{
		fmt.Sprintf("%s, and %s has no interface of that name.", uses, f.Host),
		remediesOf(f).bridge(fact.Bridge),
	}
}
