package explain

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// storageTales are the words for what is found about the VM's disks and other files.
func storageTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.PathMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is %s, and %s has no such file.", f.Device, f.Name, fact.Path, f.Host),
				missingFile(f, fact.Path),
			}
		}),
		tell(func(f migration.Finding, fact preflight.DirectoryMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is a file in %s, and %s has no such directory.",
					f.Device, f.Name, fact.Directory, f.Host),
				fmt.Sprintf("Make it: `mkdir -p %s` on %s.", fact.Directory, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PoolMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is in the storage pool %s, and %s has no such pool.",
					f.Device, f.Name, fact.Pool, f.Host),
				fmt.Sprintf("Define and start it there: `virsh pool-dumpxml --inactive %s` on %s prints it; then `virsh "+
					"pool-define FILE` and `virsh pool-start %s` on %s.", fact.Pool, f.Source, fact.Pool, f.Host),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PoolInactive) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is in the storage pool %s, which is not active on %s.",
					f.Device, f.Name, fact.Pool, f.Host),
				fmt.Sprintf("Start it: `virsh pool-start %s` on %s (and `virsh pool-autostart %s`).",
					fact.Pool, f.Host, fact.Pool),
			}
		}),
		tell(func(f migration.Finding, fact preflight.VolumeMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is the volume %s of the storage pool %s, and that pool on %s does not have it.",
					f.Device, f.Name, fact.Volume, fact.Pool, f.Host),
				fmt.Sprintf("If it is there, libvirt's list is old: `virsh pool-refresh %s` on %s.", fact.Pool, f.Host),
			}
		}),
	}
}

// missingFile says what to do about a file that the destination does not have. A medium
// need not be moved with the VM.
func missingFile(f migration.Finding, path string) string {
	there := fmt.Sprintf("Make it available there: mount the storage that it is on, or copy it (on %s: `ls -l %s`)",
		f.Host, path)
	if target, isMedium := medium(f.Device); isMedium {
		return fmt.Sprintf("%s; or eject it: `virsh change-media %s %s --eject` on %s.", there, f.UUID, target, f.Source)
	}
	return there + "."
}
