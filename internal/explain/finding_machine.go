package explain

import (
	"fmt"
	"strconv"
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
				remediesOf(f).name(fact.UUID),
			}
		}),
		tell(func(f migration.Finding, fact preflight.EmulatorMissing) Advised {
			return Advised{
				fmt.Sprintf("The emulator of VM %s is %s, and %s has no such program, or may not execute it.",
					f.Name, fact.Emulator, f.Host),
				remediesOf(f).emulator(fact.Emulator),
			}
		}),
		tell(func(f migration.Finding, fact preflight.MachineTypeMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has the machine type %s, which QEMU on %s does not have.", f.Name, fact.Type, f.Host),
				remediesOf(f).machineType(fact.Emulator),
			}
		}),
		tell(func(f migration.Finding, fact preflight.AcceleratorMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s is of the type %s, and %s cannot run such a guest.", f.Name, fact.VirtType, f.Host),
				remediesOf(f).accelerator(),
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
				remediesOf(f).otherCPU(),
			}
		}),
		tell(func(f migration.Finding, _ preflight.InvariantTSC) Advised {
			return Advised{
				fmt.Sprintf("The CPU of VM %s has the feature invtsc, and QEMU does not migrate a guest that relies on the "+
					"frequency of %s.", f.Name, f.Host),
				remediesOf(f).invariantTSC(),
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
					"console out: %s, and start the VM anew.", f.Host, remediesOf(f).edit()),
			}
		}),
		tell(func(f migration.Finding, fact preflight.HostDeviceMissing) Advised {
			return Advised{
				fmt.Sprintf("VM %s has the %s device %s of its host, and %s has none at that address.",
					f.Name, strings.ToUpper(fact.Type), fact.Name, f.Host),
				remediesOf(f).hostDevice(),
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
		fmt.Sprintf("The memory of VM %s takes %d huge pages of %d KiB, and %s has %d of %d free. %s",
			f.Name, fact.Need, fact.SizeKiB, f.Host, fact.Free, fact.Total, overcommit),
		remediesOf(f).hugePages(fmt.Sprintf("%dKiB", fact.SizeKiB), strconv.FormatUint(fact.Need-fact.Free, 10)),
	}
}

func tpmMissing(f migration.Finding, fact preflight.TPMMissing) Advised {
	switch {
	case fact.Backend == "emulator":
		return Advised{
			fmt.Sprintf("VM %s has an emulated TPM, and %s has no program for it.", f.Name, f.Host),
			remediesOf(f).tpm(),
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
