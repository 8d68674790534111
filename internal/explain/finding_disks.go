package explain

import (
	"fmt"
	"path"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// diskTales are the words for what is found about disks that are copied.
func diskTales() []tale {
	return []tale{
		tell(func(f migration.Finding, fact preflight.DiskCopied) Advised {
			return Advised{Detail: diskCopied(f, fact)}
		}),
		tell(func(f migration.Finding, fact preflight.DiskObstacle) Advised {
			obstacle, remedy := diskObstacle(f, fact)
			return Advised{obstacle, remedy}
		}),
		tell(imageUnproved),
		tell(func(_ migration.Finding, fact preflight.NothingCopied) Advised {
			return Advised{
				fmt.Sprintf("disks names disks to copy, and copy_storage is \"none\" (%s).", fact.Origin),
				"Set copy_storage on the move or in the VM's policy, or leave disks out.",
			}
		}),
		tell(func(f migration.Finding, fact preflight.RoomShort) Advised {
			room := "and it may run full as the guest writes"
			if !f.Warning {
				room = "which they would fill"
			}
			return Advised{
				fmt.Sprintf("The storage pool %s on %s has %s available, %s: the disks of VM %s that are copied into it (%s) take "+
					"%s at first, and up to %s.", fact.Pool, f.Host, bytes(fact.Available), room, f.Name,
					strings.Join(fact.Disks, ", "), bytes(fact.Need), bytes(fact.Most)),
				fmt.Sprintf("Make room there: `virsh pool-info %s` and `virsh vol-list --details %s` on %s show what takes it. Or "+
					"choose another host.", word(fact.Pool), word(fact.Pool), f.Host),
			}
		}),
	}
}

// diskCopied says how large a disk is that is copied, into what, and how long that takes.
func diskCopied(f migration.Finding, fact preflight.DiskCopied) string {
	into := "a new volume, " + fact.Path
	if fact.Fate == storage.Reused {
		into = fmt.Sprintf("what an earlier move of the VM has left in %s, which it would write over", fact.Path)
	}
	takes := "How long that takes is not known, because the policy has no bandwidth_mib_per_second."
	if fact.Bandwidth > 0 {
		takes = fmt.Sprintf("At the %s of bandwidth_mib_per_second that takes %s, and what the guest writes meanwhile comes "+
			"on top.", rate(fact.Bandwidth), elapsed(fact.Takes))
	}
	return fmt.Sprintf("The %s of VM %s, %s of which %s are allocated, would be copied to %s into %s. %s",
		f.Device, f.Name, bytes(fact.Image.Capacity), bytes(fact.Image.Allocation), f.Host, into, takes)
}

// diskObstacle says why a disk can neither be copied nor left, and what would be right.
func diskObstacle(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	switch d.Obstacle {
	case storage.NoPool, storage.InactivePool, storage.WrongPool:
		return poolObstacle(f, d)
	case storage.Exists, storage.ChangedLeftover, storage.UsedLeftover, storage.UncertainLeftover:
		return takenPath(f, d)
	case storage.StaleLeftover:
		return staleLeftover(f, d)
	case storage.PerhapsStale:
		return perhapsStale(f, d)
	case storage.OtherImage:
		return otherImage(f, d)
	case storage.Unproved:
		return unproved(f, d)
	case storage.NotMounted:
		return fmt.Sprintf("%s has the %s of VM %s, %s, on a file system that hosts share, and %s has nothing there. "+
				"Where that has not mounted it, a copy would be below the mount point, and out of sight once it is mounted.",
				f.Source, f.Device, f.Name,
				d.Path, f.Host), fmt.Sprintf("Mount it on %s. If the disk is to be copied to a directory of that host, name it: "+
				"disks = [\"%s\"], with all others that are to be copied.", f.Host, d.Target)
	case storage.NoSuchDisk:
		return fmt.Sprintf("VM %s has no disk %s that can be copied: one that is read-only, shareable or empty cannot be.",
			f.Name, d.Target), fmt.Sprintf("`virsh domblklist --details %s` on %s lists its disks.", f.UUID, f.Source)
	case storage.OverNetwork:
		return fmt.Sprintf("The %s of VM %s is a network disk, which QEMU reaches from both hosts, and copy_storage asks "+
			"for a copy of it.", f.Device, f.Name), leaveOut
	case storage.AlreadyShared:
		return fmt.Sprintf("The %s of VM %s, %s, is on storage that %s shares with %s, and copy_storage asks for a copy of "+
			"it: onto itself.", f.Device, f.Name, d.Path, f.Source, f.Host), leaveOut
	case storage.WrongFormat:
		return fmt.Sprintf("The %s of VM %s has the format %q. Copied are raw images and, into a file, qcow2 images without "+
			"an external data file.", f.Device, f.Name, d.Image.Format), leaveOut
	case storage.Encrypted:
		return fmt.Sprintf("The %s of VM %s is an encrypted image, and those are not copied.", f.Device, f.Name), leaveOut
	case storage.OnePath:
		return fmt.Sprintf("The %s of VM %s would be copied to %s, and so would be another disk of it, or that is there.",
			f.Device, f.Name,
			d.Path), "Give each disk a path of its own in destination_changes."
	case storage.NoBacking, storage.UnknownBacking:
		return backingObstacle(f, d)
	case storage.NotKnown, storage.NoSize, storage.Silent:
	}
	return notKnown(f, d)
}

// backingObstacle is about the images that one is an overlay of, which an incremental copy leaves out.
func backingObstacle(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	const full = "set copy_storage = \"full\", which copies what is in it, too."
	missing := d.Chain.Missing()
	if d.Obstacle == storage.UnknownBacking || missing == nil {
		return fmt.Sprintf("The %s of VM %s may be an overlay of other images, and an incremental copy needs to know them: "+
				"%s does not name all of them, each as a file or block device with its format.", f.Device, f.Name, f.Source),
			fmt.Sprintf("`virsh dumpxml %s` on %s shows them in <backingStore>. Or %s", f.UUID, f.Source, full)
	}
	why := ""
	if d.Err != nil {
		why = " " + Sentence(oneLine(d.Err))
	}
	return fmt.Sprintf("The %s of VM %s is an overlay of %s. An incremental copy needs that file on %s, of the same "+
			"format, size and backing file, in an active storage pool of each host.%s",
			f.Device, f.Name, missing.Path, f.Host, why),
		fmt.Sprintf("Copy it there, unchanged, and have pools list it: `virsh pool-refresh POOL` on %s and on %s. Or %s",
			f.Source, f.Host, full)
}

// leaveOut is what to do about a disk that is not to be copied.
const leaveOut = "Leave it out: copy_storage = \"auto\" copies only what the destination does not see, and disks " +
	"names those that are copied."

func notKnown(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	why := ""
	if d.Err != nil {
		why = ": " + oneLine(d.Err)
	}
	if d.Obstacle == storage.NoSize {
		return fmt.Sprintf("How large the %s of VM %s is, is not known%s.", f.Device, f.Name, strings.TrimSuffix(why, ".")),
			fmt.Sprintf("`virsh domblkinfo %s %s` on %s asks for it.", f.UUID, d.Target, f.Source)
	}
	return fmt.Sprintf("Whether the %s of VM %s can be copied to %s on %s is not known%s. What is not known is "+
			"not written to.",
			f.Device, f.Name, d.Path, f.Host, strings.TrimSuffix(why, ".")),
		fmt.Sprintf("`virsh vol-info %s` on %s asks for what is there.", word(d.Path), f.Host)
}

// poolObstacle is about the storage pool that a disk would be copied into.
func poolObstacle(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	r := remediesOf(f)
	switch {
	case d.Obstacle == storage.InactivePool:
		return fmt.Sprintf("The %s of VM %s would be copied into the storage pool %s, which is not active on %s.",
			f.Device, f.Name, d.Pool.Name, f.Host), r.inactivePool(d.Pool.Name)
	case d.Obstacle == storage.WrongPool:
		return fmt.Sprintf("The %s of VM %s would be copied into the storage pool %s on %s, which is of the type %s. New "+
				"volumes are made in pools of the types dir, fs, netfs and logical.", f.Device, f.Name, d.Pool.Name, f.Host,
				d.Pool.Type),
			leaveOut
	case d.Path == "":
		return fmt.Sprintf("The %s of VM %s is a volume of a storage pool that %s does not have.", f.Device, f.Name, f.Host),
			fmt.Sprintf("`virsh domblklist --details %s` on %s names the pool, and `virsh pool-dumpxml --inactive POOL` "+
				"prints it; then `virsh pool-define FILE` and `virsh pool-start POOL` on %s.", f.UUID, f.Source, f.Host)
	}
	return fmt.Sprintf("The %s of VM %s would be copied to %s, and no storage pool on %s has the directory %s.",
		f.Device, f.Name, d.Path, f.Host, path.Dir(d.Path)), r.newPool(path.Dir(d.Path))
}

// takenPath is about what is in the place of a disk.
func takenPath(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	there := fmt.Sprintf("%s has %s already", f.Host, d.Path)
	switch d.Obstacle {
	case storage.ChangedLeftover:
		there += fmt.Sprintf(". An earlier move of VM %s has left it there, but it was written to since, or is not as "+
			"large as the disk or of its format.", f.Name)
	case storage.UsedLeftover:
		there += fmt.Sprintf(". An earlier move of VM %s has left it there, and by now %s uses it.", f.Name, users(d.Users))
	case storage.UncertainLeftover:
		there += fmt.Sprintf(". An earlier move of VM %s was to make it or to write to it, and was not seen to its end: it "+
			"was killed, or %s did not answer. So nothing tells whether this is still what that move has left.", f.Name, f.Host)
	default:
		there += fmt.Sprintf(", and nothing proves that this is the %s of VM %s, or what an earlier move of the VM has left "+
			"there.", f.Device, f.Name)
	}
	if d.Err != nil {
		there += " " + Sentence(oneLine(d.Err))
	}
	return there + " It is not written over.", remediesOf(f).takenPath(d.Path, d.There)
}

// staleLeftover is about an old state of a disk in its place. Where the source shares its file system, if not with this
// host, libvirt copies nothing that is there.
func staleLeftover(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	remedy = remediesOf(f).leftover(d.Path, d.There)
	if d.Shared != storage.Yes {
		remedy = fmt.Sprintf("Move the VM while it runs, with copy_storage = \"auto\" and disks that do not leave %s out: "+
			"that writes over it. Or make room for it: %s", d.Target, remedy)
	}
	return fmt.Sprintf("%s has %s already, which an earlier move of VM %s has left there: an old state of the %s. The "+
		"move does not copy the disk, and the VM would go on with the old state.", f.Host, d.Path, f.Name, f.Device), remedy
}

// perhapsStale is about what may be an old state of a disk in its place.
func perhapsStale(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	why := "the history of the VM does not have when it was last written to"
	list := ""
	if d.There == nil {
		why = "no active storage pool there lists it"
		list = fmt.Sprintf("A pool for its directory tells when it was last written to. %s ",
			remediesOf(f).newPool(path.Dir(d.Path)))
	}
	if d.Err != nil {
		why = oneLine(d.Err)
	}
	return fmt.Sprintf("An earlier move of VM %s has left %s on %s, or was to write to it, and nothing tells whether "+
			"it is an old state of the %s still: %s. The move does not copy the disk, and the VM would go on with what is "+
			"there.", f.Name, d.Path,
			f.Host, f.Device, strings.TrimSuffix(why, ".")),
		list + "Or make room for the disk: " + remediesOf(f).leftover(d.Path, d.There)
}

// users are what uses a volume.
func users(all []storage.User) string {
	var names []string
	for _, u := range all {
		if u.Overlay != "" {
			names = append(names, "the overlay "+u.Overlay)
		} else {
			names = append(names, "the domain "+u.Domain)
		}
	}
	return strings.Join(names, ", ")
}

// unproved is about a file in the place of a disk, on a file system that the source's libvirt takes for shared.
func unproved(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	why := "it has another size, or was last changed at another time"
	if d.There == nil || d.Image.Changed == "" {
		why = fmt.Sprintf("to compare them, an active storage pool of each host has to list %s", path.Base(d.Path))
	}
	if d.Err != nil {
		why = oneLine(d.Err)
	}
	directory := path.Dir(d.Path)
	return fmt.Sprintf("%s has %s, and nothing proves that it is the %s of VM %s: %s takes its file system for shared, "+
			"but libvirt does not know with which hosts, and %s may have mounted another one (%s). The move neither leaves "+
			"the VM to it nor writes over it.", f.Host, d.Path, f.Device, f.Name, f.Source, f.Host, strings.TrimSuffix(why,
			".")),
		fmt.Sprintf("`virsh vol-dumpxml %s` on both hosts shows it: one file has one <ctime>. Where no pool has it, "+
			"define one on both: `virsh pool-define-as NAME dir --target %s` and `virsh pool-start NAME`. If you know that "+
			"both hosts have mounted the same, copy_storage = \"none\" moves the VM without a copy, and disks names those "+
			"that are copied.", word(d.Path), word(directory))
}

// otherImage is about an image that destination_changes names, and that is certainly another one.
func otherImage(f migration.Finding, d preflight.DiskObstacle) (detail, remedy string) {
	return fmt.Sprintf("The %s of VM %s would be %s on %s, which is another image: it has %s and the format %q, and the "+
			"disk has %s and the format %q. The move does not copy the disk, and the guest would find something else on it.",
			f.Device, f.Name,
			d.Path, f.Host, bytes(d.There.Capacity), d.There.Format, bytes(d.Image.Capacity), d.Image.Format),
		"Correct the path in destination_changes, or set copy_storage, which copies the disk into a new volume at a path " +
			"that is free."
}

// imageUnproved is about an image that destination_changes names, and that may be another one.
func imageUnproved(f migration.Finding, fact preflight.ImageUnproved) Advised {
	compared := "No storage pool there lists it, so that nothing of it is known."
	if fact.There != nil {
		compared = fmt.Sprintf("It has the disk's format and size, %s, and nothing tells whether it has its content.",
			bytes(fact.There.Capacity))
	}
	return Advised{
		fmt.Sprintf("The %s of VM %s is %s on %s and %s on %s, and the move does not copy it. %s If it is another image, "+
			"the guest goes on with what is in that.", f.Device, f.Name, fact.Image.Path, f.Source, fact.Path, f.Host, compared),
		fmt.Sprintf("`virsh vol-dumpxml %s` on %s and `virsh vol-dumpxml %s` on %s show both: one file has one <ctime>. "+
			"To copy the disk, set copy_storage.", word(fact.Image.Path), f.Source, word(fact.Path), f.Host),
	}
}
