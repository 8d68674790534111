package explain

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// volumesLeft names the images that a VM ran from before its move, and what removes them;
// empty where there is none.
func volumesLeft(vm string, all []history.Volume) string {
	if len(all) == 0 {
		return ""
	}
	var names, commands []string
	for _, v := range all {
		names = append(names, fmt.Sprintf("%s (%s, %s)", v.Path, v.Target, bytes(v.CapacityBytes)))
		commands = append(commands, removeVolume(v.Pool, v.Name, v.Path))
	}
	host := all[0].Host.Label
	return fmt.Sprintf("VM %s ran from images on %s that were copied, and that are still there: %s. The VM no longer "+
		"uses them, and nothing deletes them. A move back writes over those that nobody has touched since. If you do not "+
		"need them, %s on %s removes them.", vm, host, strings.Join(names, ", "), strings.Join(commands, " and "), host)
}

// RemoveVolume is the command that removes a volume that a move has left.
func RemoveVolume(v history.Volume) string {
	return strings.Trim(removeVolume(v.Pool, v.Name, v.Path), "`")
}

// NoCopyOfDisks is what an operator reads of a move that names disks and copies none.
func NoCopyOfDisks() Text {
	return Text{"Invalid Disks", "disks names disks to copy, and copy_storage is \"none\" beside it. Set copy_storage " +
		"to \"auto\", \"full\" or \"incremental\", or leave disks out."}
}

// createVolume says that a disk has nowhere to go.
func createVolume(e *fleet.CreateVolumeError) string {
	v := e.Volume
	said := fmt.Sprintf("Disk %s of VM %s was to be copied into a new volume, %s, and ",
		e.Target, e.Location.Domain.Name, v.Path)
	if errors.Is(e.Err, host.ErrOutcomeUnknown) {
		return said + fmt.Sprintf("whether %s has made it is not known: %s If it has, the volume is empty, "+
			"and the next move takes it for somebody else's: %s there removes it.", e.Host, fullStop(Detail(e.Err)),
			removeVolume(v.Pool, v.Name, v.Path))
	}
	return said + fmt.Sprintf("%s could not create it: %s", e.Host, Detail(e.Err))
}

// leftoverChanged says that a move does not write over what has changed.
func leftoverChanged(e *fleet.LeftoverError) string {
	why := "but it is no longer what the checks saw: somebody writes to it or has replaced it."
	switch {
	case e.Err != nil:
		why = "but whether anything uses it now is not known: " + Detail(e.Err)
	case len(e.Users) > 0:
		why = "but it is used by " + users(e.Users) + " now."
	}
	return fmt.Sprintf("Disk %s of VM %s was to be copied over what an earlier move of the VM has left on %s, %s, %s",
		e.Target, e.Location.Domain.Name, e.Host, e.Volume.Path, why)
}

// volumes says what became of the volumes that a move which failed has made or written to.
func volumes(e *fleet.VolumesError) string {
	var said []string
	for _, v := range e.Removed {
		said = append(said, fmt.Sprintf("The volume %s, which this move had made on %s, was removed.", v.Path, e.Host))
	}
	for _, v := range e.Kept {
		said = append(said, keptVolume(e.Host, v))
	}
	return strings.Join(said, " ")
}

func keptVolume(host string, v fleet.KeptVolume) string {
	made := fmt.Sprintf("The volume %s, which this move had made on %s, is still there", v.Path, host)
	if v.Reused {
		made = fmt.Sprintf("The volume %s on %s, which an earlier move had left there and this move has written to, "+
			"is still there",
			v.Path, host)
	}
	switch {
	case v.Err != nil:
		made += ": " + oneLine(v.Err)
	case len(v.Users) > 0:
		made += ", because it is used by " + users(v.Users)
	case !v.Reused:
		made += ", because it is not certain that the VM does not need it"
	}
	return fmt.Sprintf("%s Once it is certain that nothing uses it, %s there removes it.",
		fullStop(made), removeVolume(v.Pool, v.Name, v.Path))
}
