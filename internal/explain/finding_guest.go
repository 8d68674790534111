package explain

import (
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// guestTales are the words for what is found about whether the destination can run the
// guest.
func guestTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.CPUMissing) Advised {
			return Advised{
				fmt.Sprintf("%s cannot run the CPU of VM %s: %s.", f.Host, f.Name, fact.Reason), remediesOf(f).otherCPU(),
			}
		}),
		tell(func(f migration.Finding, _ preflight.ManagedSave) Advised {
			return Advised{
				fmt.Sprintf("%s keeps a managed-save image of VM %s, which runs: the image is older than the VM's disks. "+
					"libvirt would forget it now, and start from it when the VM has come back there: old memory would "+
					"spoil the disks.", f.Host, f.Name),
				fmt.Sprintf("Remove it with `virsh managedsave-remove %s` on %s.", f.UUID, f.Host),
			}
		}),
		tell(func(f migration.Finding, _ preflight.SavedState) Advised {
			return Advised{
				fmt.Sprintf("VM %s has a managed-save image on %s, which holds the guest's memory. It does not move with the "+
					"definition, and the guest's disks must not be used without it.", f.Name, f.Host),
				fmt.Sprintf("Start the VM from it with `virsh start %s` on %s, and shut it down there; or, if the guest's "+
					"memory may be lost, remove the image there with `virsh managedsave-remove %s`.", f.UUID, f.Host, f.UUID),
			}
		}),
		tell(func(f migration.Finding, _ preflight.TPMState) Advised {
			return Advised{
				fmt.Sprintf("VM %s has an emulated TPM. Its state is in files on %s, which do not move with the definition "+
					"and which libvirt may delete there.", f.Name, f.Host),
				fmt.Sprintf("Start the VM with `virsh start %s` on %s, and it is moved live, with its TPM.", f.UUID, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.MemoryTooSmall) Advised {
			return Advised{
				fmt.Sprintf("VM %s may use %s, and %s has %s in all: it may swap, or run out.",
					f.Name, bytes(fact.Need), f.Host, bytes(fact.Have)),
				fmt.Sprintf("Give it less: `virsh setmaxmem %s SIZE --config` on %s, and start the VM anew. Or choose "+
					"another host.", f.UUID, f.Source),
			}
		}),
		tell(func(f migration.Finding, fact preflight.MemoryShort) Advised {
			return Advised{
				fmt.Sprintf("VM %s may use %s, and %s has %s available (free, buffers and cache): it may swap, or run out.",
					f.Name, bytes(fact.Need), f.Host, bytes(fact.Have)), remediesOf(f).memory(),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PassTooLong) Advised {
			return Advised{
				fmt.Sprintf("One pass over the memory of VM %s, %s, takes up to %s at %s (bandwidth_mib_per_second, %s), "+
					"and timeout is %s (%s): it may end the move before all memory was sent once.",
					f.Name, bytes(fact.Memory), fact.Takes.Round(time.Second), rate(fact.Bandwidth), fact.BandwidthOrigin,
					policy.FormatDuration(fact.Timeout), fact.TimeoutOrigin),
				"Set a longer timeout, or a higher bandwidth_mib_per_second where the link has it.",
			}
		}),
		tell(func(f migration.Finding, fact preflight.NoHardLimit) Advised {
			return Advised{
				fmt.Sprintf("The migration_uri of %s is RDMA's, for which QEMU locks all of the guest's memory (%s), and "+
					"libvirt wants a hard limit of that, which VM %s does not have.",
					f.Destination, bytes(fact.Memory), f.Name),
				remediesOf(f).lockedMemory(),
			}
		}),
		tell(func(f migration.Finding, fact preflight.LockLimit) Advised {
			return Advised{
				fmt.Sprintf("For zero_copy QEMU on %s may lock no more memory than the hard limit of VM %s (%s), which is "+
					"below the guest's memory (%s): the move fails if more than that is on its way at a time.",
					f.Host, f.Name, bytes(fact.Limit), bytes(fact.Memory)),
				fmt.Sprintf("Raise the hard limit above the guest's memory and what QEMU itself needs (`virsh memtune %s "+
					"--hard-limit KIB --live --config` on %s), or set zero_copy = false.", f.UUID, f.Host),
			}
		}),
	}
}
