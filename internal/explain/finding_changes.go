package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// changeTales are the words for what is found about devices that are called otherwise on the
// destination.
func changeTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.DeviceChanged) Advised {
			return Advised{Detail: deviceChanged(f, fact)}
		}),
		tell(configLacks),
		tell(func(f migration.Finding, fact preflight.DiskTypeDiffers) Advised {
			is, was := "a file", "block device"
			if fact.Block {
				is, was = "a block device", "file"
			}
			return Advised{
				fmt.Sprintf("The %s of VM %s is a %s, and destination_changes names %s for it, %s. A disk keeps its type, and "+
					"QEMU opens neither as the other.", f.Device, f.Name, was, is, fact.Path),
				fmt.Sprintf("Name a %s on %s. To change the type, shut the VM off and `virsh edit %s` there.", was, f.Host, f.UUID),
			}
		}),
		tell(func(f migration.Finding, _ preflight.DefinitionDenied) Advised {
			return Advised{
				fmt.Sprintf("The login on %s may not read the definition of VM %s in the form in which it can be migrated, nor "+
					"its secrets, such as the password of a console. Without that, destination_changes cannot change it.", f.Source,
					f.Name),
				"Allow the login the polkit action org.libvirt.api.domain.read-secure, and give it no read-only socket.",
			}
		}),
		tell(func(f migration.Finding, fact preflight.ChangeUnused) Advised {
			detail, command := changeUnused(f, fact.Unused)
			return Advised{detail, fmt.Sprintf("%s on %s lists what it has. Correct destination_changes, or leave that out.",
				command, f.Source)}
		}),
	}
}

// configLacks says what the persistent definition lacks on the destination.
func configLacks(f migration.Finding, fact preflight.ConfigLacks) Advised {
	a := Advise(fact.Finding)
	return Advised{
		fmt.Sprintf("VM %s runs by one definition, and starts by another one the next time, which lacks something on %s. %s",
			f.Name, f.Destination, a.Detail),
		a.Remedy,
	}
}

// deviceChanged says what a device becomes, and who says so.
func deviceChanged(f migration.Finding, fact preflight.DeviceChanged) string {
	why := fmt.Sprintf("destination_changes of %s in the provider's configuration says so", f.Destination)
	if fact.Origin == definition.ByHistory {
		why = fmt.Sprintf("it was so when the VM last left %s, and was changed by its moves since", f.Destination)
	}
	where := f.Destination
	if fact.Config {
		where += ", once it is started again"
	}
	verb := map[definition.Device]string{
		definition.Interface: "is plugged into", definition.Graphics: "listens on",
	}[fact.Device]
	if verb == "" {
		verb = "is"
	}
	return fmt.Sprintf("The %s of VM %s %s %s on %s, instead of %s: %s.", f.Device, f.Name, verb, addressOr(fact.New),
		where,
		addressOr(fact.Old), why)
}

// addressOr is what a device is called; only an address can be left to libvirt.
func addressOr(name string) string {
	if name == "" {
		return "the address that its libvirt chooses"
	}
	return name
}

func changeUnused(f migration.Finding, u definition.Unused) (detail, command string) {
	disks := fmt.Sprintf("`virsh domblklist --details %s`", f.UUID)
	interfaces := fmt.Sprintf("`virsh domiflist %s`", f.UUID)
	definitions := fmt.Sprintf("`virsh dumpxml %s`", f.UUID)
	switch {
	case u.Pathless:
		return fmt.Sprintf("destination_changes has a path for disk %s of VM %s, which has none: its drive is empty, or it "+
			"is a network disk, or a volume of a pool.", u.Name, f.Name), disks
	case u.Key == definition.KeyDisks:
		return fmt.Sprintf("destination_changes has a path for disk %s, and VM %s has no such disk.", u.Name, f.Name), disks
	case u.Key == definition.KeyInterfaces:
		return fmt.Sprintf("destination_changes has another name for %s, and no interface of VM %s is plugged into that.",
			u.Name, f.Name), interfaces
	case u.Key == definition.KeyGraphicsListen:
		return fmt.Sprintf("destination_changes has an address for consoles, and VM %s has no VNC or SPICE console that "+
			"listens on one of its own.", f.Name), definitions
	}
	return fmt.Sprintf("destination_changes has a path for %s, and the definition of VM %s has none.",
		u.Key, f.Name), definitions
}

// rewrite says that the VM's definition could not be made for its destination.
func rewrite(e *fleet.RewriteError) string {
	return fmt.Sprintf("The definition of VM %s on %s could not be changed for the destination: %s",
		e.Location.Domain.Name, e.Location.Host, Detail(e.Err))
}
