package preflight_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// webImage is where the disk of these tests is, and otherDisk one beside it.
const (
	webImage  = "/images/web.qcow2"
	otherDisk = `<disk type='file' device='disk'><source file='/images/other.raw'/><target dev='vdb'/></disk>`
)

// unsharedDisks has the source refuse a migration that copies not all of these disks.
func (s *scene) unsharedDisks(targets ...string) {
	s.here.BeginAnswers = func(p migration.Parameters) error {
		for _, target := range targets {
			if !slices.Contains(p.Storage.Targets(), target) {
				return refused{refusal.UnsharedStorage, migration.ErrUnsafe}
			}
		}
		return nil
	}
}

// copying is a VM with one qcow2 disk of 64 MiB, of which 1 MiB is allocated, on storage that
// its hosts do not share, under copy_storage = "auto".
func (s *scene) copying() {
	s.furnished()
	s.here.Definition = domain("qemu", "", `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>`+
		`<source file='/images/web.qcow2'/><target dev='vda'/></disk>`)
	s.here.Live = s.here.Definition
	s.here.Sizes = map[string]storage.Volume{"vda": {Capacity: 64 << 20, Allocation: 1 << 20}, "vdb": {Capacity: 8 << 20}}
	s.here.Volumes = map[string]storage.Volume{webImage: {Path: webImage, Pool: "images", Format: "qcow2", Compat: "1.1", Mode: "0600"}}
	s.there.Listed = maps.Clone(s.there.Listed)
	s.there.Listed[webImage] = preflight.Absent
	s.there.Room = map[string]uint64{"images": 1 << 30}
	s.request.Thorough = true
	s.policy(policy.Policy{CopyStorage: new(policy.CopyAuto)})
	s.unsharedDisks("vda")
}

// taken puts a volume in the place of the disk on the destination.
func (s *scene) taken() {
	s.there.Listed[webImage] = preflight.Present
	s.there.Volumes = map[string]storage.Volume{webImage: {
		Path: webImage, Pool: "images", Name: "web.qcow2", Format: "qcow2", Capacity: 64 << 20, Length: 7, Modified: "1.5",
	}}
}

// oneFile has both hosts see one file in the place of the disk.
func (s *scene) oneFile() {
	s.taken()
	file := s.there.Volumes[webImage]
	file.Changed = "1.500000001"
	s.here.Volumes, s.there.Volumes = map[string]storage.Volume{webImage: file}, map[string]storage.Volume{webImage: file}
	s.unsharedDisks()
}

// renamed has the move take something else on the destination for the disk, as large as that is.
func (s *scene) renamed(path string) {
	s.request.Changes.Move.Disks = map[string]string{"vda": path}
	s.there.Listed[path] = preflight.Present
	s.there.Volumes = map[string]storage.Volume{path: {Path: path, Pool: "images", Format: "qcow2", Capacity: 64 << 20}}
}

// exported has both hosts mount one export, the destination in that directory.
func (s *scene) exported(there string) {
	pool := storage.Pool{Name: "images", Type: "netfs", Path: "/images", Source: "nas:/x", Active: true}
	s.here.StoragePools = []storage.Pool{pool}
	pool.Path = there
	s.there.StoragePools = []storage.Pool{pool}
	s.unsharedDisks()
}

// inPool has the disk be a volume of that pool on both hosts, which the destination lists.
func (s *scene) inPool(pool storage.Pool) {
	s.here.Definition = domain("qemu", "", strings.ReplaceAll(volume, "vdb", "vda"))
	s.here.StoragePools, s.there.StoragePools = []storage.Pool{pool}, []storage.Pool{pool}
	s.there.Listed["images/web"] = preflight.Present
	s.unsharedDisks()
}

// takes is a call that takes that long.
func takes(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
}

func TestAssess_disks(t *testing.T) {
	t.Parallel()
	const copied = "copied_disks: disk is copied, disk vda on kvm2"
	leftover := func(s *scene) {
		s.taken()
		s.request.Leftovers = []storage.Leftover{{Volume: s.there.Volumes[webImage]}}
	}
	tests := map[string]struct {
		plant func(*scene)
		found []string
		fates []storage.Fate
	}{
		"no copy asked for": {func(s *scene) {
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil
			s.there.Listed[webImage] = preflight.Present
		}, nil, nil},
		"disks to copy, and no copy asked for": {func(s *scene) {
			s.policy(policy.Policy{})
			s.request.CopiedDisks = []string{"vda"}
			s.here.BeginAnswers = nil
			s.there.Listed[webImage] = preflight.Present
		}, []string{"copied_disks: the policy copies no disks"}, nil},
		"a free path": {func(*scene) {}, []string{copied}, []storage.Fate{storage.Created}},
		"a free path that no pool lists": {func(s *scene) {
			s.there.Listed[webImage] = preflight.NotListed
		}, []string{copied}, []storage.Fate{storage.Created}},
		"a path that the destination does not tell of": {func(s *scene) {
			s.there.Listed[webImage] = preflight.NotListed
			s.there.Fails("HasPath", preflight.ErrUnknowable)
		}, []string{"copied_disks: not known whether the disk can be copied, disk vda on kvm2: libvirt cannot know it"}, []storage.Fate{storage.Refused}},
		"no pool": {func(s *scene) { s.there.StoragePools = nil }, []string{
			"copy_pools: no storage pool for the disk, disk vda on kvm2",
		}, []storage.Fate{storage.Refused}},
		"an inactive pool": {func(s *scene) {
			s.there.StoragePools = []storage.Pool{{Name: "images", Type: "dir", Path: "/images"}}
		}, []string{"copy_pools: storage pool not active, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"no room": {func(s *scene) { s.there.Room["images"] = 1<<20 - 1 }, []string{
			copied, "copy_room: storage pool has no room, storage pool images on kvm2",
		}, []storage.Fate{storage.Created}},
		"a foreign volume":     {(*scene).taken, []string{"copy_volumes: path is taken, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a shared file system": {(*scene).oneFile, nil, []storage.Fate{storage.Left}},
		"another export of the same path, with an image of the same size": {func(s *scene) {
			s.oneFile()
			other := s.there.Volumes[webImage]
			other.Changed = "1.500000002"
			s.there.Volumes[webImage] = other
		}, []string{"copy_volumes: not proved to be the same disk, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a shared file system whose files the source does not list": {func(s *scene) {
			s.oneFile()
			s.here.Volumes = nil
		}, []string{"copy_volumes: not proved to be the same disk, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a shared file system, and a guest that writes": {func(s *scene) {
			s.oneFile()
			writes := 0
			s.here.Before("VolumeByPath", func(context.Context) error { // the third reading is of one moment
				file := s.here.Volumes[webImage]
				if writes++; writes < 4 {
					file.Changed = fmt.Sprint(writes)
				} else {
					file.Changed = s.there.Volumes[webImage].Changed
				}
				s.here.Volumes = map[string]storage.Volume{webImage: file}
				return nil
			})
		}, nil, []storage.Fate{storage.Left}},
		"another path for the disk, and no copy asked for": {func(s *scene) {
			s.taken()
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil
			s.renamed("/images/other.qcow2")
		}, []string{"copy_volumes: not proved to be the same image, disk vda on kvm2"}, []storage.Fate{storage.Left}},
		"another path for the disk, with a smaller image, and no copy asked for": {func(s *scene) {
			s.taken()
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil
			s.renamed("/images/other.qcow2")
			other := s.there.Volumes["/images/other.qcow2"]
			other.Capacity = 1 << 20
			s.there.Volumes["/images/other.qcow2"] = other
		}, []string{"copy_volumes: another image in the disk's place, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"another path for the disk, which is the same file, and no copy asked for": {func(s *scene) {
			s.oneFile()
			s.policy(policy.Policy{})
			file := s.there.Volumes[webImage]
			s.renamed("/mnt/web.qcow2")
			s.there.Volumes["/mnt/web.qcow2"], s.there.Paths["/mnt/web.qcow2"] = file, true
		}, nil, []storage.Fate{storage.Left}},
		"a pool that takes long to list its volumes": {func(s *scene) {
			s.request.Fresh = true
			s.there.Before("RefreshPool", takes(40*time.Second))
		}, []string{copied}, []storage.Fate{storage.Created}},
		"a pool that does not list its volumes in time": {
			func(s *scene) {
				s.taken()
				s.request.Fresh = true
				s.there.Before("RefreshPool", takes(2*time.Minute))
			},
			[]string{"copy_volumes: path is taken, disk vda on kvm2: the storage pool images on kvm2 did not list its volumes anew within 1m0s"},
			[]storage.Fate{storage.Refused},
		},
		"a shared file system, and another image by destination_changes": {func(s *scene) {
			s.taken()
			s.unsharedDisks()
			s.renamed("/images/other.qcow2")
		}, []string{"copy_volumes: path is taken, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a volume of a pool that the source does not list any more, on a shared file system": {func(s *scene) {
			s.taken()
			s.unsharedDisks()
			s.here.Definition = domain("qemu", "", strings.ReplaceAll(volume, "vdb", "vda"))
			s.there.Listed["/images/web"] = preflight.Present
			s.here.StoragePools = nil
		}, []string{"copy_volumes: not proved to be the same disk, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"one pool of the network, mounted elsewhere": {func(s *scene) {
			s.exported("/mnt")
			s.renamed("/mnt/web.qcow2")
		}, nil, []storage.Fate{storage.Left}},
		"one pool of the network, and another image by destination_changes": {func(s *scene) {
			s.exported("/images")
			s.renamed("/images/other.qcow2")
		}, []string{"copy_volumes: path is taken, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a volume of one Ceph pool, which has no path": {func(s *scene) {
			s.inPool(storage.Pool{Name: "images", Type: "rbd", Source: "mon1:6789 rbd", Active: true})
		}, nil, []storage.Fate{storage.Left}},
		"a volume of one Ceph pool, full": {func(s *scene) {
			s.inPool(storage.Pool{Name: "images", Type: "rbd", Source: "mon1:6789 rbd", Active: true})
			s.policy(policy.Policy{CopyStorage: new(policy.CopyFull)})
		}, []string{"copied_disks: disk cannot be copied onto itself, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a LUN of one iSCSI pool, whose path has another name": {func(s *scene) {
			s.inPool(storage.Pool{Name: "images", Type: "iscsi", Path: "/dev/disk/by-path", Source: "san: iqn.x", Active: true})
		}, nil, []storage.Fate{storage.Left}},
		"a volume of a Ceph pool that is not the source's": {func(s *scene) {
			s.inPool(storage.Pool{Name: "images", Type: "rbd", Source: "mon1:6789 rbd", Active: true})
			s.there.StoragePools = []storage.Pool{{Name: "images", Type: "rbd", Source: "mon2:6789 rbd", Active: true}}
		}, []string{"copy_pools: storage pool takes no new volumes, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a shared file system that the destination may not have mounted": {func(s *scene) {
			s.unsharedDisks()
		}, []string{"copied_disks: shared file system without the disk, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a shared file system that the destination does not have, and a copy asked for": {func(s *scene) {
			s.unsharedDisks()
			s.request.CopiedDisks = []string{"vda"}
		}, []string{copied}, []storage.Fate{storage.Created}},
		"the VM's own leftover": {leftover, []string{copied}, []storage.Fate{storage.Reused}},
		"the VM's own leftover, and no copy asked for": {func(s *scene) {
			leftover(s)
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil // as for a block device
		}, []string{"copy_volumes: old state of the disk in its place, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"the VM's own leftover, which no pool lists any more, and no copy asked for": {func(s *scene) {
			leftover(s)
			s.there.StoragePools, s.there.Volumes = nil, nil
			s.there.Listed[webImage], s.there.Paths[webImage] = preflight.NotListed, true
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil
		}, []string{"copy_volumes: perhaps an old state of the disk in its place, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"the VM's own leftover, by a path that is not clean": {func(s *scene) {
			leftover(s)
			s.here.Definition = strings.ReplaceAll(s.here.Definition, webImage, "/images//./web.qcow2")
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil
		}, []string{"copy_volumes: old state of the disk in its place, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"the VM's own leftover, and of another disk, and no copy asked for": {func(s *scene) {
			leftover(s)
			s.request.Leftovers[0].Path = "/images/other.raw"
			s.policy(policy.Policy{})
			s.here.BeginAnswers = nil
		}, nil, []storage.Fate{storage.Left}},
		"the VM's own leftover, beside a file system that the source shares with others": {func(s *scene) {
			leftover(s)
			s.unsharedDisks()
		}, []string{"copy_volumes: old state of the disk in its place, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a pool of the network that the destination has not mounted": {func(s *scene) {
			s.taken()
			network := storage.Pool{Name: "images", Type: "netfs", Path: "/images", Source: "nas:/x", Active: true}
			s.here.StoragePools = []storage.Pool{network}
			network.Active = false
			s.there.StoragePools = []storage.Pool{network}
		}, []string{"copy_pools: storage pool not active, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a leftover that a domain uses": {func(s *scene) {
			leftover(s)
			s.there.Users = map[string][]storage.User{webImage: {{Domain: "db", UUID: "D"}}}
		}, []string{"copy_volumes: leftover is used, disk vda on kvm2"}, []storage.Fate{storage.Refused}},
		"a leftover that only the VM's own definition names": {func(s *scene) {
			leftover(s)
			s.there.Users = map[string][]storage.User{webImage: {{Domain: "web", UUID: uuid}}}
		}, []string{copied}, []storage.Fate{storage.Reused}},
		"a source that refuses for another reason": {func(s *scene) {
			s.taken()
			s.here.BeginAnswers = func(migration.Parameters) error { return refused{kind: refusal.Snapshots} }
		}, []string{"source_verdict: refused by libvirt on kvm1: snapshots"}, []storage.Fate{storage.Refused}},
		"one disk that is shared and one that is not": {func(s *scene) {
			s.here.Definition = domain("qemu", "", disk+otherDisk)
			s.there.Listed["/images/other.raw"] = preflight.Present
			shared := storage.Volume{Path: "/images/other.raw", Changed: "1.5"}
			s.here.Volumes["/images/other.raw"] = shared
			s.there.Volumes = map[string]storage.Volume{"/images/other.raw": shared}
		}, []string{copied}, []storage.Fate{storage.Created, storage.Left}},
		"a disk that is left out": {func(s *scene) {
			s.here.Definition = domain("qemu", "", disk+otherDisk)
			s.there.Listed["/images/other.raw"] = preflight.Absent
			s.request.CopiedDisks = []string{"vda"}
		}, []string{copied, "files: no such file, disk vdb on kvm2"}, []storage.Fate{storage.Created, storage.Left}},
		"a disk that the VM does not have": {func(s *scene) {
			s.request.CopiedDisks = []string{"vda", "vdz"}
		}, []string{copied, "copied_disks: no disk that can be copied, disk vdz on kvm2"}, []storage.Fate{storage.Created, storage.Refused}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.copying()
				test.plant(s)
				a := preflight.Assess(s.Context(), s.request)
				var found []string
				for _, f := range a.Findings {
					allowed(t, f)
					found = append(found, f.String())
				}
				slices.Sort(found)
				slices.Sort(test.found)
				if diff := cmp.Diff(test.found, found); diff != "" {
					s.Errorf("findings (-want +got):\n%s\nunchecked: %v", diff, a.Unchecked)
				}
				var fates []storage.Fate
				for _, d := range a.Disks {
					fates = append(fates, d.Fate)
				}
				if !slices.Equal(fates, test.fates) {
					s.Errorf("fates are %v, want %v", fates, test.fates)
				}
			})
		})
	}
}

// A copy in full takes as much as the image and its backing files do, and an incremental one as much as the image.
func TestAssess_roomForAnOverlay(t *testing.T) {
	t.Parallel()
	for mode, want := range map[policy.CopyStorage]uint64{
		policy.CopyAuto: 31 << 20, policy.CopyFull: 31 << 20, policy.CopyIncremental: 1 << 20,
	} {
		play(t, func(s *scene) {
			s.copying()
			s.policy(policy.Policy{CopyStorage: new(mode)})
			s.here.Definition = domain("qemu", "", strings.ReplaceAll(overlay, "BACKING", ""))
			s.here.Live = domain("qemu", "", strings.ReplaceAll(overlay, "BACKING", backing))
			base := storage.Volume{Path: "/images/base.raw", Format: "raw", Capacity: 30 << 20, Allocation: 30 << 20, Length: 7}
			s.here.Volumes["/images/base.raw"] = base
			s.there.Volumes = map[string]storage.Volume{"/images/base.raw": base}
			s.there.Listed["/images/base.raw"] = preflight.Present
			s.there.Room["images"] = want - 1
			var need uint64
			for _, f := range preflight.Assess(s.Context(), s.request).Findings {
				if room, is := f.Fact.(preflight.RoomShort); is && !f.Warning {
					need = room.Need
				}
			}
			if need != want {
				s.Errorf("%s: it needs %d, want %d", mode, need, want)
			}
		})
	}
}

// What the engine is told are the disks that are copied, and how large they are.
func TestDisksStorage(t *testing.T) {
	t.Parallel()
	disks := preflight.Disks{
		{Facts: storage.Facts{Target: "vda", Image: storage.Volume{Capacity: 5}}, Fate: storage.Created},
		{Facts: storage.Facts{Target: "vdb"}, Fate: storage.Left},
		{Facts: storage.Facts{Target: "vdc"}, Fate: storage.Reused},
	}
	old, young := migration.Identity{LibvirtVersion: 9_000_000}, migration.Identity{LibvirtVersion: 11_003_000}
	want := &migration.StorageCopy{Disks: []migration.CopiedDisk{{Target: "vda", Bytes: 5}, {Target: "vdc"}}, DetectZeroes: true}
	if diff := cmp.Diff(want, disks.Copied().Storage(young, young)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if disks.Copied().Storage(old, young).DetectZeroes || disks.Copied().Storage(young, old).DetectZeroes {
		t.Error("an old libvirt is to leave out zeroes")
	}
	if preflight.Disks(nil).Storage(young, young) != nil {
		t.Error("no disk is copied, and the engine is told of one")
	}
}
