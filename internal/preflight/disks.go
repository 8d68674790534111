package preflight

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Disks are what becomes of the VM's disks in a move whose policy copies some.
type Disks []storage.Decision

// Copied are those that are copied.
func (d Disks) Copied() Disks { return d.only(storage.Decision.Copied) }

// Reused are those that are copied over a leftover of the VM.
func (d Disks) Reused() Disks {
	return d.only(func(one storage.Decision) bool { return one.Fate == storage.Reused })
}

func (d Disks) only(which func(storage.Decision) bool) Disks {
	var some Disks
	for _, disk := range d {
		if which(disk) {
			some = append(some, disk)
		}
	}
	return some
}

// Storage is what the engine is told of those that are copied; nil where none is. Blocks of
// zeroes are left out where both hosts can do that.
func (d Disks) Storage(source, destination migration.Identity) *migration.StorageCopy {
	if len(d) == 0 {
		return nil
	}
	s := &migration.StorageCopy{
		DetectZeroes: min(source.LibvirtVersion, destination.LibvirtVersion) >= migration.DetectZeroesSince,
	}
	for _, disk := range d {
		s.Disks = append(s.Disks, migration.CopiedDisk{Target: disk.Target, Bytes: disk.Image.Capacity})
	}
	return s
}

// decided keeps what becomes of the disks, also where that was not known in time.
type decided struct {
	once  sync.Once
	disks Disks
	// oldLists are why pools may not list what they have.
	oldLists oldLists
}

// copyMode is what the move copies: a definition none.
func (s *scope) copyMode() policy.CopyStorage {
	if s.Move.Definition {
		return policy.CopyNone
	}
	return s.Move.Policy.CopyStorage()
}

// decides tells whether there is something to decide about disks: some are to be copied, or something was left
// on the destination, or one has another path there.
func (s *scope) decides() bool {
	return s.copyMode() != policy.CopyNone || len(s.Leftovers) > 0 || slices.ContainsFunc(s.changed.Changes, changesDisk)
}

func changesDisk(c definition.Applied) bool { return c.Device == definition.Disk }

// disks decides what becomes of the VM's disks, once for all checks of a move.
func (s *scope) disks(ctx context.Context) Disks {
	if s.guest == nil || !s.decides() {
		return nil
	}
	s.decided.once.Do(func() {
		facts := make([]storage.Facts, len(s.guest.Disks))
		var all sync.WaitGroup
		view := &storageView{s}
		for i, d := range s.guest.Disks {
			all.Go(func() { facts[i] = view.facts(ctx, d) })
		}
		all.Wait()
		s.decided.disks = storage.Decide(
			storage.Request{Mode: s.copyMode(), Wanted: s.CopiedDisks, Leftovers: s.Leftovers}, facts)
	})
	return s.decided.disks
}

// fate is what becomes of a disk: it is left where the policy copies none.
func (s *scope) fate(ctx context.Context, target string) storage.Fate {
	for _, d := range s.disks(ctx) {
		if d.Target == target {
			return d.Fate
		}
	}
	return storage.Left
}

// fixed tells of a disk that is not copied whatever is asked for.
func (d Disk) fixed() bool {
	nowhere := d.Path == "" && d.Pool == "" && d.Protocol == ""
	return d.ReadOnly || d.Shareable || nowhere || d.Device == "cdrom" || d.Device == "floppy"
}

// storageView looks at the disks of a VM on both hosts.
type storageView struct{ *scope }

// place is where a disk is: its path and pool on each host.
type place struct {
	origin, path string
	own, pool    *storage.Pool
}

// tidy is a path as libvirt lists it: without what leads nowhere. What leads up is left to the host, by its links.
func tidy(file string) string {
	if !path.IsAbs(file) || strings.Contains(file, "/..") {
		return file
	}
	return path.Clean(file)
}

// place is where the definitions have a disk.
func (s *scope) place(d Disk, here, there []storage.Pool) place {
	p := place{origin: tidy(s.onSource(d).Path), path: tidy(d.Path)}
	p.own, p.pool = poolOf(here, Disk{Path: p.origin, Pool: d.Pool}), poolOf(there, d)
	if d.Pool == "" {
		return p
	}
	if p.own != nil {
		p.origin = path.Join(p.own.Path, d.Volume)
	}
	if p.pool != nil {
		p.path = path.Join(p.pool.Path, d.Volume)
	}
	return p
}

// renamed tells whether the disk has another path on the destination, as far as the source's pool says.
func (p place) renamed() bool {
	return path.IsAbs(p.origin) && path.Clean(p.origin) != path.Clean(p.path)
}

// concerns tells whether what the destination has in a disk's place matters: the disk may be copied, or its image
// is another one by name, or an earlier move has left something there.
func (s *scope) concerns(p place) bool {
	return s.copyMode() != policy.CopyNone || p.renamed() || s.left(p.path)
}

// facts is what both hosts say of a disk. What is not known is left out, for the reason in Err.
func (v *storageView) facts(ctx context.Context, d Disk) storage.Facts {
	f := storage.Facts{Target: d.Target, Fixed: d.fixed(), Network: d.Protocol != "", Path: d.Path}
	if f.Fixed || f.Network {
		return f
	}
	here, err := v.Source.Pools(ctx)
	f.Err = errors.Join(f.Err, err)
	there, err := v.Destination.Pools(ctx)
	p := v.place(d, here, there)
	old := v.decided.oldLists
	f.Path, f.Pool, f.Err = p.path, p.pool, errors.Join(f.Err, err, old.of(v.Destination, p.pool), old.of(v.Source, p.own))
	f.Renamed = p.renamed()
	f.SamePool = p.own != nil && p.pool != nil && p.own.Same(*p.pool) && path.Base(p.origin) == path.Base(p.path)
	if !v.concerns(p) {
		return f
	}
	v.image(ctx, d, p.origin, &f)
	if f.Path == "" {
		f.Presence = storage.Absent // nobody knows where it would be: the pool is missing
		return f
	}
	if f.SamePool && d.Pool != "" {
		v.volumeThere(ctx, d, &f)
		return f
	}
	if !path.IsAbs(f.Path) { // a volume of a pool of the network, which is another one than the source's, or not active
		f.Presence = storage.Absent
		return f
	}
	v.there(ctx, &f)
	if f.Presence == storage.Present && !f.SamePool && !d.Block {
		f.SameFile = v.sameFile(ctx, p)
	}
	if v.copyMode() == policy.CopyNone {
		return f
	}
	file := !d.Block && (p.own == nil || p.own.Type != "logical")
	if f.Presence != storage.PresenceUnknown && !f.SamePool && !f.SameFile && file {
		f.Shared = v.shared(ctx, d)
	}
	if there, err := v.Destination.Capabilities(ctx); err == nil {
		f.Owner, f.Group = there.QEMUUser, there.QEMUGroup
	} else {
		f.Err = errors.Join(f.Err, err)
	}
	if v.copyMode() == policy.CopyIncremental {
		v.chain(ctx, &f)
	}
	return f
}

// agreementTimeout bounds how long both hosts are asked until they agree on a file.
const agreementTimeout = 2 * time.Second

// sameFile tells whether both hosts prove to have one file. While a guest writes to it, one says what was so a
// moment before the other: both are asked at once, again and again until they agree, or what they say stands still.
func (v *storageView) sameFile(ctx context.Context, p place) bool {
	ctx, cancel := context.WithTimeout(ctx, agreementTimeout)
	defer cancel()
	var here, there storage.Volume
	for {
		var hereNow, thereNow *storage.Volume
		var both sync.WaitGroup
		both.Go(func() { hereNow, _ = v.Source.VolumeByPath(ctx, p.origin) })
		both.Go(func() { thereNow, _ = v.Destination.VolumeByPath(ctx, p.path) })
		both.Wait()
		switch {
		case hereNow == nil || thereNow == nil:
			return false
		case hereNow.SameFile(thereNow):
			return true
		case hereNow.Changed == here.Changed && thereNow.Changed == there.Changed:
			return false
		}
		here, there = *hereNow, *thereNow
	}
}

// onSource is a disk by the definition that the source has.
func (s *scope) onSource(d Disk) Disk {
	for _, own := range s.own.Disks {
		if own.Target == d.Target {
			return own
		}
	}
	return d
}

// poolOf is the pool that a disk is in, or would be: the one that the definition names, or the
// one of its directory, one that is active before others.
func poolOf(pools []storage.Pool, d Disk) *storage.Pool {
	var found *storage.Pool
	for _, p := range pools {
		named := d.Pool != "" && p.Name == d.Pool
		within := d.Pool == "" && p.Path != "" && path.Clean(p.Path) == path.Dir(d.Path)
		if (named || within) && (found == nil || p.Active && !found.Active) {
			found = &p
		}
	}
	return found
}

// image notes how the disk is on the source: as its pool lists it, and as large as QEMU says.
func (v *storageView) image(ctx context.Context, d Disk, origin string, f *storage.Facts) {
	if origin != "" {
		listed, err := v.Source.VolumeByPath(ctx, origin)
		f.Err = errors.Join(f.Err, err)
		if f.Image.Path = origin; listed != nil {
			f.Image = *listed
		}
	}
	size, err := v.Source.DiskSize(ctx, v.Move.UUID, d.Target)
	if err != nil {
		f.Unsized, f.Err = true, errors.Join(f.Err, err)
	}
	f.Image.Capacity, f.Image.Allocation = size.Capacity, size.Allocation
	f.Image.Name, f.Image.Format, f.Image.Encrypted = path.Base(f.Path), d.Format, f.Image.Encrypted || d.Encrypted
	switch {
	case d.Pool != "":
		f.Image.Name = d.Volume
	case d.Split:
		f.Image.Format = "" // none that is created
	case d.Format == "":
		f.Image.Format = "raw"
	}
	// The chain is not as a pool lists it: its list may be old, and calls raw what it does not know.
	f.Chain = storage.Chain{Ended: true}
	if own := v.onSource(d); own.layered() {
		f.Chain = own.Chain
	}
	if v.copyMode() == policy.CopyIncremental {
		return
	}
	for _, layer := range f.Chain.Layers { // a copy in full has what is in them, too
		if listed, _ := v.Source.VolumeByPath(ctx, layer.Path); listed != nil {
			f.Image.Allocation = min(f.Image.Allocation+listed.Allocation, max(f.Image.Capacity, f.Image.Allocation))
		}
	}
}

// there notes what the destination has in the disk's place.
func (v *storageView) there(ctx context.Context, f *storage.Facts) {
	presence, err := v.presence(ctx, File{Path: f.Path})
	var why *unaskedError
	if errors.As(err, &why) && why.err != nil {
		err = why.err // the host's own words
	}
	f.Err = errors.Join(f.Err, err)
	switch presence {
	case Present:
		f.Presence = storage.Present
	case Absent:
		f.Presence = storage.Absent
	case NotListed:
	}
	if f.Presence != storage.Present {
		return
	}
	f.There, err = v.Destination.VolumeByPath(ctx, f.Path)
	f.Err = errors.Join(f.Err, err)
	if f.There != nil && v.left(f.Path) {
		users, err := v.Destination.VolumeUsers(ctx, *f.There)
		f.Users, f.UsersUnknown, f.Err = storage.Others(users, v.Move.UUID), err != nil, errors.Join(f.Err, err)
	}
}

// volumeThere notes whether the destination has the volume of a pool that both hosts have: its path may be none, as
// that of an RBD image, or another one than its name, as that of a LUN.
func (v *storageView) volumeThere(ctx context.Context, d Disk, f *storage.Facts) {
	presence, err := v.Destination.VolumeInPool(ctx, *f.Pool, d.Volume)
	f.Err = errors.Join(f.Err, err)
	switch {
	case err != nil:
	case presence == Present:
		f.Presence = storage.Present
	default: // libvirt itself looks it up in the pool's list
		f.Presence = storage.Absent
	}
}

// left tells whether an earlier move of the VM has left something at a path of the destination.
func (s *scope) left(path string) bool {
	return slices.ContainsFunc(s.Leftovers, func(l storage.Leftover) bool { return l.Path == path })
}

// shared asks the source whether it takes the disk for one that both hosts share: it would
// begin a migration that copies all others, and refuses it if the disk is on a file system
// that is not shared. It says nothing of block devices.
func (v *storageView) shared(ctx context.Context, d Disk) storage.Answer {
	move := v.Move
	move.Storage = nil
	for _, other := range v.guest.Disks {
		if other.Target != d.Target && !other.fixed() && other.Protocol == "" {
			if move.Storage == nil {
				move.Storage = &migration.StorageCopy{}
			}
			move.Storage.Disks = append(move.Storage.Disks, migration.CopiedDisk{Target: other.Target})
		}
	}
	answer := v.beginning(ctx, move)
	switch {
	case answer.unknown != nil:
		return storage.Unknown
	case answer.refusal == nil, kindOf(answer.refusal) == refusal.DiskCache: // which it looks at afterwards
		return storage.Yes
	case kindOf(answer.refusal) == refusal.UnsharedStorage:
		return storage.No
	}
	return storage.Withheld
}
