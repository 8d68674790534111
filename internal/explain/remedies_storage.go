package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// file makes a file available on the host; a CD-ROM or a floppy, of which there is a target,
// need not be moved with the VM. gone is true where the source does not have it either.
func (r remedies) file(path, target string, gone bool) string {
	there := "Make it available there: mount the storage that it is on"
	if gone {
		there += fmt.Sprintf(" (%s has no such file either: there is none to copy)", r.Source)
	} else {
		there += fmt.Sprintf(", or copy it (`ls -l %s` on %s)", word(path), r.host)
	}
	if target == "" {
		return there + "."
	}
	return fmt.Sprintf("%s; or eject a medium that the guest can do without: `virsh change-media %s %s --eject` on %s. %s",
		there, r.UUID, target, r.Source, otherwise("disks"))
}

// firmware gives the host a firmware image. gone is as for file.
func (r remedies) firmware(path string, gone bool) string {
	const install = "Install the package there that it comes from (such as ovmf or edk2-ovmf)"
	if gone {
		return fmt.Sprintf("%s: %s has no such file either.", install, r.Source)
	}
	return fmt.Sprintf("%s, or copy it (`ls -l %s` on %s).", install, word(path), r.host)
}

// directory makes a directory on the host.
func (r remedies) directory(path string) string {
	return fmt.Sprintf("Make the directory: `mkdir -p %s` on %s.", word(path), r.host)
}

// pool gives the host a storage pool.
func (r remedies) pool(name string) string {
	name = word(name)
	return fmt.Sprintf("Define and start it there: `virsh pool-dumpxml --inactive %s` on %s prints it; then `virsh "+
		"pool-define FILE` and `virsh pool-start %s` on %s.", name, r.Source, name, r.host)
}

// inactivePool starts a storage pool.
func (r remedies) inactivePool(name string) string {
	name = word(name)
	return fmt.Sprintf("Start it: `virsh pool-start %s` on %s (and `virsh pool-autostart %s`).", name, r.host, name)
}

// volume has the host look for a volume.
func (r remedies) volume(pool string) string {
	return fmt.Sprintf("If it is there, libvirt's list is old: `virsh pool-refresh %s` on %s.", word(pool), r.host)
}

// secret gives the host a secret.
func (r remedies) secret(uuid string) string {
	return fmt.Sprintf("Define it there with the same UUID and value: `virsh secret-dumpxml %s` and `virsh "+
		"secret-get-value %s` on %s print them, unless it is private; then `virsh secret-define FILE` and `virsh "+
		"secret-set-value %s --file VALUE` on %s.", uuid, uuid, r.Source, uuid, r.host)
}

// newPool gives the host a storage pool for a directory, or for the devices of a volume group.
func (r remedies) newPool(directory string) string {
	define := "virsh pool-define-as NAME dir --target " + word(directory)
	group := strings.TrimPrefix(directory, "/dev/")
	switch device := ofDevices(directory + "/"); {
	case device && (group == "mapper" || group == "disk" || strings.Contains(group, "/")):
		return fmt.Sprintf("New block devices are made only as logical volumes, in a pool for /dev/GROUP: `virsh "+
			"pool-define-as NAME logical --source-name GROUP --target /dev/GROUP` and `virsh pool-start NAME` on %s. Then "+
			"give the disk its path there, /dev/GROUP/VOLUME, by disks in destination_changes.", r.host)
	case device:
		define = fmt.Sprintf("virsh pool-define-as NAME logical --source-name %s --target %s", word(group), word(directory))
	}
	return fmt.Sprintf("Define one: `%s`, `virsh pool-start NAME` and `virsh pool-autostart NAME` on %s.", define, r.host)
}

// takenPath frees a path that a disk would be copied to. v is what a pool lists there, or nil.
func (r remedies) takenPath(file string, v *storage.Volume) string {
	return r.leftover(file, v) + " If it is on storage that both hosts share, copy_storage = \"none\" moves the VM " +
		"without a copy."
}

// leftover is how a person looks at a volume, and removes it.
func (r remedies) leftover(file string, v *storage.Volume) string {
	look, remove := "`ls -l "+word(file)+"`", removeVolume("", "", file)
	if v != nil {
		look, remove = fmt.Sprintf("`virsh vol-info --pool %s %s`", word(v.Pool), word(v.Name)), removeVolume(v.Pool, v.Name, file)
	}
	return fmt.Sprintf("%s on %s shows it. If nobody needs it, %s there removes it, for good.", look, r.host, remove)
}

// removeVolume is the command that removes a volume, of a pool or of none. A block device of none is taken for a
// logical volume, which the command refuses of any other.
func removeVolume(pool, name, file string) string {
	switch {
	case pool == "" && ofDevices(file): // rm would remove its name only
		return "`lvremove " + word(file) + "`"
	case pool == "":
		return "`rm " + word(file) + "`"
	}
	return fmt.Sprintf("`virsh vol-delete --pool %s %s`", word(pool), word(name))
}

// ofDevices tells of a path below /dev, but for that of shared memory, where files are.
func ofDevices(path string) bool {
	return strings.HasPrefix(path, "/dev/") && !strings.HasPrefix(path, "/dev/shm/")
}
