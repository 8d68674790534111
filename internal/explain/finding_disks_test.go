package explain

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// vda is the disk of the tests, and what becomes of it.
func vda(fate storage.Fate, obstacle storage.Obstacle, change func(*storage.Facts)) storage.Decision {
	d := storage.Facts{
		Target: "vda", Path: "/srv/web.qcow2", Pool: &storage.Pool{Name: "local", Type: "dir"},
		Image: storage.Volume{Name: "web.qcow2", Format: "qcow2", Capacity: 64 << 20, Allocation: 2 << 20},
	}
	change(&d)
	return storage.Decision{Facts: d, Fate: fate, Obstacle: obstacle}
}

func TestFinding_disks(t *testing.T) {
	t.Parallel()
	same := func(*storage.Facts) {}
	listed := func(d *storage.Facts) { d.There = &storage.Volume{Pool: "local", Name: "web.qcow2"} }
	obstacle := func(o storage.Obstacle, change func(*storage.Facts)) migration.Fact {
		return preflight.DiskObstacle{Decision: vda(storage.Refused, o, change)}
	}
	const shows = " If nobody needs it, "
	const share = " there removes it, for good. If it is on storage that both hosts share, copy_storage = \"none\" moves the VM without a copy."
	for want, fact := range map[string]migration.Fact{
		"The disk vda of VM web, 64 MiB of which 2 MiB are allocated, would be copied to kvm2 into a new volume, /srv/web.qcow2. How long that takes is not known, because the policy has no bandwidth_mib_per_second.": preflight.DiskCopied{Decision: vda(storage.Created, "", same)},
		"The disk vda of VM web, 64 MiB of which 2 MiB are allocated, would be copied to kvm2 into what an earlier move of the VM has left in /srv/web.qcow2, which it would write over. At the 1 MiB/s of bandwidth_mib_per_second that takes 2s, and what the guest writes meanwhile comes on top.": preflight.DiskCopied{
			Decision: vda(storage.Reused, "", same), Bandwidth: 1 << 20, Takes: 2 * time.Second,
		},
		"disks names disks to copy, and copy_storage is \"none\" (default). Set copy_storage on the move or in the VM's policy, or leave disks out.":                                                                                                                                                                                                                                                                     preflight.NothingCopied{Origin: policy.OriginDefault},
		"The disk vda of VM web would be copied to /srv/web.qcow2, and no storage pool on kvm2 has the directory /srv. Define one: `virsh pool-define-as NAME dir --target /srv`, `virsh pool-start NAME` and `virsh pool-autostart NAME` on kvm2.":                                                                                                                                                                      obstacle(storage.NoPool, same),
		"The disk vda of VM web would be copied to /dev/vg/web, and no storage pool on kvm2 has the directory /dev/vg. Define one: `virsh pool-define-as NAME logical --source-name vg --target /dev/vg`, `virsh pool-start NAME` and `virsh pool-autostart NAME` on kvm2.":                                                                                                                                              obstacle(storage.NoPool, func(d *storage.Facts) { d.Path = "/dev/vg/web" }),
		"The disk vda of VM web would be copied to /dev/mapper/vg-web, and no storage pool on kvm2 has the directory /dev/mapper. New block devices are made only as logical volumes, in a pool for /dev/GROUP: `virsh pool-define-as NAME logical --source-name GROUP --target /dev/GROUP` and `virsh pool-start NAME` on kvm2. Then give the disk its path there, /dev/GROUP/VOLUME, by disks in destination_changes.": obstacle(storage.NoPool, func(d *storage.Facts) { d.Path = "/dev/mapper/vg-web" }),
		"The disk vda of VM web would be copied into the storage pool local, which is not active on kvm2. Start it: `virsh pool-start local` on kvm2 (and `virsh pool-autostart local`).":                                                                                                                                                                                                                                obstacle(storage.InactivePool, same),
		"kvm2 has /srv/web.qcow2 already, and nothing proves that this is the disk vda of VM web, or what an earlier move of the VM has left there. It is not written over. `ls -l /srv/web.qcow2` on kvm2 shows it." + shows + "`rm /srv/web.qcow2`" + share:                                                                                                                                                            obstacle(storage.Exists, same),
		"kvm2 has /srv/web.qcow2 already, and nothing proves that this is the disk vda of VM web, or what an earlier move of the VM has left there. It is not written over. `virsh vol-info --pool local web.qcow2` on kvm2 shows it." + shows + "`virsh vol-delete --pool local web.qcow2`" + share:                                                                                                                     obstacle(storage.Exists, listed),
		"kvm2 has /srv/web.qcow2 already. An earlier move of VM web has left it there, and by now the domain db, the overlay /srv/o uses it. It is not written over. `virsh vol-info --pool local web.qcow2` on kvm2 shows it." + shows + "`virsh vol-delete --pool local web.qcow2`" + share: obstacle(storage.UsedLeftover, func(d *storage.Facts) {
			listed(d)
			d.Users = []storage.User{{Domain: "db"}, {Overlay: "/srv/o"}}
		}),
		"Whether the disk vda of VM web can be copied to /srv/web.qcow2 on kvm2 is not known: no answer. What is not known is not written to. `virsh vol-info /srv/web.qcow2` on kvm2 asks for what is there.": obstacle(storage.NotKnown, func(d *storage.Facts) { d.Err = errors.New("no answer") }),
		"kvm2 has /srv/web.qcow2, and nothing proves that it is the disk vda of VM web: kvm1 takes its file system for shared, but libvirt does not know with which hosts, and kvm2 may have mounted another one (to compare them, an active storage pool of each host has to list web.qcow2). The move neither leaves the VM to it nor writes over it. `virsh vol-dumpxml /srv/web.qcow2` on both hosts shows it: one file has one <ctime>. Where no pool has it, define one on both: `virsh pool-define-as NAME dir --target /srv` and `virsh pool-start NAME`. If you know that both hosts have mounted the same, copy_storage = \"none\" moves the VM without a copy, and disks names those that are copied.": obstacle(storage.Unproved, same),
		"The disk vda of VM web would be /srv/web.qcow2 on kvm2, which is another image: it has 1 MiB and the format \"raw\", and the disk has 64 MiB and the format \"qcow2\". The move does not copy the disk, and the guest would find something else on it. Correct the path in destination_changes, or set copy_storage, which copies the disk into a new volume at a path that is free.": obstacle(storage.OtherImage, func(d *storage.Facts) {
			d.There = &storage.Volume{Format: "raw", Capacity: 1 << 20}
		}),
		"The disk vda of VM web is /old/web.qcow2 on kvm1 and /srv/web.qcow2 on kvm2, and the move does not copy it. No storage pool there lists it, so that nothing of it is known. If it is another image, the guest goes on with what is in that. `virsh vol-dumpxml /old/web.qcow2` on kvm1 and `virsh vol-dumpxml /srv/web.qcow2` on kvm2 show both: one file has one <ctime>. To copy the disk, set copy_storage.": preflight.ImageUnproved{
			Decision: vda(storage.Left, "", func(d *storage.Facts) { d.Image.Path = "/old/web.qcow2" }),
		},
		"An earlier move of VM web has left /srv/web.qcow2 on kvm2, or was to write to it, and nothing tells whether it is an old state of the disk vda still: no active storage pool there lists it. The move does not copy the disk, and the VM would go on with what is there. A pool for its directory tells when it was last written to. Define one: `virsh pool-define-as NAME dir --target /srv`, `virsh pool-start NAME` and `virsh pool-autostart NAME` on kvm2. Or make room for the disk: `ls -l /srv/web.qcow2` on kvm2 shows it. If nobody needs it, `rm /srv/web.qcow2` there removes it, for good.": obstacle(storage.PerhapsStale, same),
		"kvm1 has the disk vda of VM web, /srv/web.qcow2, on a file system that hosts share, and kvm2 has nothing there. Where that has not mounted it, a copy would be below the mount point, and out of sight once it is mounted. Mount it on kvm2. If the disk is to be copied to a directory of that host, name it: disks = [\"vda\"], with all others that are to be copied.":                                                                                                                                                                                                                                 obstacle(storage.NotMounted, same),
		"The disk vda of VM web is an overlay of /srv/base.qcow2. An incremental copy needs that file on kvm2, of the same format, size and backing file, in an active storage pool of each host. Copy it there, unchanged, and have pools list it: `virsh pool-refresh POOL` on kvm1 and on kvm2. Or set copy_storage = \"full\", which copies what is in it, too.": obstacle(storage.NoBacking, func(d *storage.Facts) {
			d.Chain.Layers = []storage.Layer{{Path: "/srv/base.qcow2", Format: "qcow2"}}
		}),
		"The storage pool local on kvm2 has 1 MiB available, which they would fill: the disks of VM web that are copied into it (vda, vdb) take 2 MiB at first, and up to 64 MiB. Make room there: `virsh pool-info local` and `virsh vol-list --details local` on kvm2 show what takes it. Or choose another host.": preflight.RoomShort{
			Pool: "local", Disks: []string{"vda", "vdb"}, Need: 2 << 20, Most: 64 << 20, Available: 1 << 20,
		},
	} {
		f := migration.Finding{Subject: web, Fact: fact, Host: "kvm2", Device: "disk vda"}
		if got := Finding(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Every obstacle has words of its own.
func TestObstaclesHaveWords(t *testing.T) {
	t.Parallel()
	said := map[string]storage.Obstacle{}
	for _, o := range []storage.Obstacle{
		storage.NoSuchDisk, storage.OverNetwork, storage.AlreadyShared, storage.NotKnown, storage.Exists, storage.ChangedLeftover,
		storage.UsedLeftover, storage.StaleLeftover, storage.NoPool, storage.InactivePool, storage.WrongPool, storage.WrongFormat, storage.Encrypted,
		storage.NoSize, storage.NoBacking, storage.UnknownBacking, storage.Unproved, storage.OtherImage,
		storage.UncertainLeftover, storage.PerhapsStale, storage.NotMounted, storage.OnePath,
	} {
		f := migration.Finding{
			Subject: web, Host: "kvm2", Device: "disk vda",
			Fact: preflight.DiskObstacle{Decision: vda(storage.Refused, o, func(d *storage.Facts) {
				d.There, d.Chain.Layers = &storage.Volume{}, []storage.Layer{{Path: "/srv/base.qcow2", Format: "qcow2"}}
			})},
		}
		a := Advise(f)
		if other, taken := said[a.Detail]; taken || a.Detail == "" || a.Remedy == "" {
			t.Errorf("%s: detail %q (also of %q), remedy %q", o, a.Detail, other, a.Remedy)
		}
		said[a.Detail] = o
	}
}

func TestMove_volumes(t *testing.T) {
	t.Parallel()
	volume := storage.Volume{Pool: "local", Name: "web.qcow2", Path: "/srv/web.qcow2"}
	refused := errors.New("no space left")
	text := Move(&fleet.VolumesError{Err: refused, Host: "kvm2", Removed: []storage.Volume{volume}, Kept: []fleet.KeptVolume{
		{Volume: volume}, {Volume: volume, Reused: true}, {Volume: volume, Users: []storage.User{{Domain: "db"}}}, {Volume: volume, Err: refused},
	}})
	for _, want := range []string{
		"no space left", "The volume /srv/web.qcow2, which this move had made on kvm2, was removed.",
		"still there, because it is not certain that the VM does not need it. Once it is certain that nothing uses it, `virsh vol-delete --pool local web.qcow2` there removes it.",
		"which an earlier move had left there and this move has written to, is still there.",
		"because it is used by the domain db.", "is still there: no space left.",
	} {
		if !strings.Contains(text.Detail, want) {
			t.Errorf("%q is not in\n%s", want, text.Detail)
		}
	}
	cancelled := &migration.CancelledError{Failure: migration.Failure{Outcome: migration.Outcome{
		UUID: "U", Name: "web", Untouched: true,
		Source:      migration.Observation{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
		Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain},
	}}}
	lines := strings.Split(Move(&fleet.VolumesError{Err: cancelled, Host: "kvm2", Removed: []storage.Volume{volume}}).Detail, "\n")
	if last := lines[len(lines)-1]; last != "VM web is running on kvm1" {
		t.Errorf("the last line does not say where the VM is: %q", lines)
	}
	created := Move(&fleet.CreateVolumeError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
		Host:     "kvm2", Target: "vda", Volume: volume, Err: refused,
	})
	unanswered := Move(&fleet.CreateVolumeError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
		Host:     "kvm2", Target: "vda", Volume: volume, Err: fmt.Errorf("the connection broke: %w", host.ErrOutcomeUnknown),
	})
	if strings.Contains(unanswered.Detail, "could not create it") ||
		!strings.Contains(unanswered.Detail, "whether kvm2 has made it is not known: ") ||
		!strings.Contains(unanswered.Detail, removeVolume(volume.Pool, volume.Name, volume.Path)) {
		t.Errorf("a volume that may be there: %s", unanswered.Detail)
	}
	changed := Move(&fleet.LeftoverError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
		Host:     "kvm2", Target: "vda", Volume: volume, Users: []storage.User{{Domain: "db"}},
	})
	const refusal = "Disk vda of VM web was to be copied over what an earlier move of the VM has left on kvm2, /srv/web.qcow2, but it " +
		"is used by the domain db now. Nothing was started.\n\nVM web is running on kvm1"
	if changed.Detail != refusal {
		t.Errorf("got  %s\nwant %s", changed.Detail, refusal)
	}
	const want = "Disk vda of VM web was to be copied into a new volume, /srv/web.qcow2, and kvm2 could not create it: No space " +
		"left. Nothing was started.\n\nVM web is running on kvm1"
	if !strings.HasPrefix(created.Detail, want) {
		t.Errorf("got  %s\nwant %s", created.Detail, want)
	}
}

func TestVolumesLeft(t *testing.T) {
	t.Parallel()
	if got := volumesLeft("web", nil); got != "" {
		t.Errorf("of none: %s", got)
	}
	left := history.Volume{VM: "U", Host: history.Host{Label: "kvm1"}, Target: "vda", Path: "/srv/web.qcow2", CapacityBytes: 64 << 20}
	const want = "VM web ran from images on kvm1 that were copied, and that are still there: /srv/web.qcow2 (vda, 64 MiB). The VM no " +
		"longer uses them, and nothing deletes them. A move back writes over those that nobody has touched since. If you do " +
		"not need them, `rm /srv/web.qcow2` on kvm1 removes them."
	if got := volumesLeft("web", []history.Volume{left}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	left.Path = "/dev/mapper/vg-web"
	if got := RemoveVolume(left); got != "lvremove /dev/mapper/vg-web" {
		t.Errorf("of a logical volume that no pool lists: %s", got)
	}
	left.Path = "/dev/shm/web.raw"
	if got := RemoveVolume(left); got != "rm /dev/shm/web.raw" {
		t.Errorf("of a file in shared memory: %s", got)
	}
	left.Pool, left.Name = "local", "web.qcow2"
	if got := RemoveVolume(left); got != "virsh vol-delete --pool local web.qcow2" {
		t.Errorf("got %s", got)
	}
}
