package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// machineTales are the words for what is found about the machine that the destination can
// give the guest.
func machineTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.NameTaken) Advised {
			return Advised{
				fmt.Sprintf("%s has another VM that is called %s (UUID %s), and a host has each name once.",
					f.Host, f.Name, fact.UUID),
				fmt.Sprintf("Give one of them another name: `virsh domrename %s NEW-NAME` on %s, while that VM is shut off.",
					fact.UUID, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.EmulatorMissing) Advised {
			return Advised{
				fmt.Sprintf("The emulator of VM %s is %s, and %s has no such program, or may not execute it.",
					f.Name, fact.Emulator, f.Host),
				fmt.Sprintf("Install QEMU there at that path, or a link to it: `virsh domcapabilities --emulatorbin %s` on "+
					"%s tries it.", fact.Emulator, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.MachineTypeMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has the machine type %s, which QEMU on %s does not have.", f.Name, fact.Type, f.Host),
				fmt.Sprintf("Install a QEMU there that has it: `%s -machine help` on %s lists those of the one that is "+
					"there.", emulator(fact.Emulator), f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.AcceleratorMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s is of the type %s, and %s cannot run such a guest.", f.Name, fact.VirtType, f.Host),
				fmt.Sprintf("`virt-host-validate qemu` on %s says what it lacks.", f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.CPUModeMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has the CPU mode %s, and %s cannot give it.", f.Name, fact.Mode, f.Host),
				fmt.Sprintf("`virsh domcapabilities` on %s lists the modes that it has.", f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.HostCPULess) Advised {
			return Advised{
				fmt.Sprintf("VM %s has the CPU of its host (%s), and the CPU of %s lacks some of it: %s. libvirt moves it "+
					"all the same, and the guest may crash.", f.Name, fact.Mode, f.Host, fact.Reason),
				commonCPU(f),
			}
		}),
		tell(func(f migration.Finding, _ preflight.InvariantTSC) Advised {
			return Advised{
				fmt.Sprintf("The CPU of VM %s has the feature invtsc, and QEMU does not migrate a guest that relies on the "+
					"frequency of %s.", f.Name, f.Host),
				fmt.Sprintf("Remove the feature, or set <timer name='tsc' frequency='HZ'/>: `virsh edit %s` on %s, and start "+
					"the VM anew.", f.UUID, f.Source),
			}
		}),
		tell(func(f migration.Finding, fact preflight.TSCDiffers) Advised {
			return Advised{Detail: fmt.Sprintf("The time stamp counter of VM %s has %d Hz, and that of %s has %d Hz and cannot "+
				"be scaled.", f.Name, fact.Need, f.Host, fact.Have)}
		}),
		tell(hugePagesShort),
		tell(tpmMissing),
		tell(func(f migration.Finding, fact preflight.GraphicsMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has a console of the type %s, which QEMU on %s does not have.", f.Name, fact.Type, f.Host),
				fmt.Sprintf("Install QEMU's part for it there (`virsh domcapabilities` on %s lists what it has), or take the "+
					"console out: `virsh edit %s` on %s, and start the VM anew.", f.Host, f.UUID, f.Source),
			}
		}),
		tell(func(f migration.Finding, fact preflight.HostDeviceMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has the %s device %s of its host, and %s has none at that address.",
					f.Name, strings.ToUpper(fact.Type), fact.Name, f.Host),
				fmt.Sprintf("Take it out while the VM moves (`virsh detach-device %s FILE` on %s), or plug one in there.",
					f.UUID, f.Source),
			}
		}),
	}
}

// overcommit is what libvirt does not tell of a host's huge pages.
const overcommit = "It cannot be moved unless the kernel may add some (vm.nr_overcommit_hugepages)."

func hugePagesShort(f migration.Finding, fact preflight.HugePagesShort) Advised {
	if fact.SizeKiB == 0 {
		return Advised{
			fmt.Sprintf("The memory of VM %s is backed by huge pages, and %s has none. %s", f.Name, f.Host, overcommit),
			fmt.Sprintf("Reserve them there: `sysctl vm.nr_hugepages=COUNT` on %s.", f.Host),
		}
	}
	return Advised{
		fmt.Sprintf("The memory of VM %s takes %d huge pages of %s, and %s has %d of %d free. %s",
			f.Name, fact.Need, bytes(fact.SizeKiB<<10), f.Host, fact.Free, fact.Total, overcommit),
		fmt.Sprintf("Reserve more there: `virsh allocpages --pagesize %dKiB --pagecount %d --add` on %s.",
			fact.SizeKiB, fact.Need-fact.Free, f.Host),
	}
}

func tpmMissing(f migration.Finding, fact preflight.TPMMissing) Advised {
	switch {
	case fact.Backend == "emulator":
		return Advised{
			fmt.Sprintf("VM %s has an emulated TPM, and %s has no program for it.", f.Name, f.Host),
			fmt.Sprintf("Install swtpm and swtpm-tools on %s, and restart its libvirt.", f.Host),
		}
	case fact.Backend != "":
		return Advised{Detail: fmt.Sprintf("VM %s has a TPM of the kind %s, which %s cannot give it.",
			f.Name, fact.Backend, f.Host)}
	case fact.Model != "":
		return Advised{Detail: fmt.Sprintf("VM %s has a TPM of the model %s, which QEMU on %s does not have.",
			f.Name, fact.Model, f.Host)}
	}
	return Advised{Detail: fmt.Sprintf("VM %s has a TPM of version %s, which swtpm on %s does not have.",
		f.Name, fact.Version, f.Host)}
}

// medium takes the target out of the name of a device whose medium can be ejected.
func medium(device string) (target string, is bool) {
	kind, target, _ := strings.Cut(device, " ")
	return target, kind == "cdrom" || kind == "floppy"
}

func emulator(path string) string {
	if path == "" {
		return "qemu-system-x86_64"
	}
	return path
}
