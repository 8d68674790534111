package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// storageTales are the words for what is found about the VM's disks and other files.
func storageTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.PathMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is %s, and %s has no such file.", f.Device, f.Name, fact.Path, f.Host),
				missingFile(f, fact),
			}
		}),
		tell(func(f migration.Finding, fact preflight.DirectoryMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is a file in %s, and %s has no such directory.",
					f.Device, f.Name, fact.Directory, f.Host),
				missingDirectory(f, fact),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PoolMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is in the storage pool %s, and %s has no such pool.",
					f.Device, f.Name, fact.Pool, f.Host),
				remediesOf(f).pool(fact.Pool),
			}
		}),
		tell(func(f migration.Finding, fact preflight.PoolInactive) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is in the storage pool %s, which is not active on %s.",
					f.Device, f.Name, fact.Pool, f.Host),
				remediesOf(f).inactivePool(fact.Pool),
			}
		}),
		tell(func(f migration.Finding, fact preflight.VolumeMissing) Advised {
			return Advised{
				fmt.Sprintf("The %s of VM %s is the volume %s of the storage pool %s, and that pool on %s does not have it.",
					f.Device, f.Name, fact.Volume, fact.Pool, f.Host),
				remediesOf(f).volume(fact.Pool),
			}
		}),
	}
}

// missingFile says what to do about a file that the destination does not have.
func missingFile(f migration.Finding, fact preflight.PathMissing) string {
	kind, target, _ := strings.Cut(f.Device, " ")
	switch kind {
	case "firmware":
		return remediesOf(f).firmware(fact.Path, fact.Gone)
	case "cdrom", "floppy":
		return remediesOf(f).file(fact.Path, target, fact.Gone)
	}
	there := remediesOf(f).file(fact.Path, "", fact.Gone)
	if kind == "disk" && target != "" && !strings.Contains(target, " ") { // not a backing file, which no change names
		there += " " + otherwise("disks")
	}
	return there
}

// missingDirectory says what to do about a directory that the destination does not have.
func missingDirectory(f migration.Finding, fact preflight.DirectoryMissing) string {
	made := remediesOf(f).directory(fact.Directory)
	if f.Device == "NVRAM" {
		made += " " + otherwise("nvram")
	}
	return made
}
