package storage

import (
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Fate is what becomes of a disk in a move.
type Fate string

// The fates.
const (
	// Left is a disk that is not copied: the destination has it by itself, or libvirt refuses.
	Left Fate = "left"
	// Created is one that is copied into a new volume.
	Created Fate = "created"
	// Reused is one that is copied into the leftover of this VM's own earlier move.
	Reused Fate = "reused"
	// Refused is one that keeps the VM from being moved, for the Obstacle.
	Refused Fate = "refused"
)

// Obstacle is why a disk can neither be copied nor left.
type Obstacle string

// The obstacles.
const (
	// NoSuchDisk is a disk that was asked for and that the VM does not have, or that cannot be
	// copied because nothing is written to it.
	NoSuchDisk Obstacle = "no such disk"
	// OverNetwork is a network disk that was to be copied: both hosts reach the same one.
	OverNetwork Obstacle = "network disk"
	// AlreadyShared is a disk that was to be copied onto itself.
	AlreadyShared Obstacle = "shared already"
	// NotKnown is a path of which the destination does not tell whether it is there.
	NotKnown Obstacle = "not known"
	// Unproved is something at the disk's path, of which nothing proves that it is the same file, though the
	// source takes the disk's file system for shared: the destination may have mounted another.
	Unproved Obstacle = "not proved to be the same"
	// NotMounted is a free path of a disk that the source has on a file system that hosts share: the destination may
	// not have mounted it, and a copy would be below its mount point.
	NotMounted Obstacle = "perhaps not mounted"
	// Exists is something that is there and is neither proved to be the same disk nor this VM's
	// own leftover, ChangedLeftover a leftover that another has written to, or of another size, and
	// UsedLeftover one that something uses.
	Exists          Obstacle = "exists"
	ChangedLeftover Obstacle = "changed leftover"
	UsedLeftover    Obstacle = "used leftover"
	// UncertainLeftover is a volume that a move of this VM was to make, or to write to, of which nobody knows what
	// became: nobody has seen that move to its end.
	UncertainLeftover Obstacle = "uncertain leftover"
	// StaleLeftover is the VM's own leftover in the place of a disk that is not copied: the VM
	// would go on with an old state of its disk.
	StaleLeftover Obstacle = "stale leftover"
	// PerhapsStale is what may be the VM's own leftover, in the place of a disk that is not copied: no pool lists it, or
	// the history does not have what would tell.
	PerhapsStale Obstacle = "perhaps a stale leftover"
	// OtherImage is an image of another size or format, which the definition for the destination names in the
	// place of a disk that is not copied.
	OtherImage Obstacle = "other image"
	// NoPool is a destination without a pool for the path, InactivePool one where it is not
	// active, and WrongPool one whose type takes no new volumes.
	NoPool       Obstacle = "no pool"
	InactivePool Obstacle = "inactive pool"
	WrongPool    Obstacle = "wrong pool"
	// WrongFormat is a format that is not created, and Encrypted an image that a secret opens.
	WrongFormat Obstacle = "wrong format"
	Encrypted   Obstacle = "encrypted"
	// OnePath is a disk that is to be copied to the path of another one.
	OnePath Obstacle = "one path"
	// NoSize is a disk of a size that the source does not tell.
	NoSize Obstacle = "no size"
	// NoBacking is a backing file that the destination does not have, or has otherwise, and UnknownBacking one of which
	// the source does not tell path and format.
	NoBacking      Obstacle = "no backing file"
	UnknownBacking Obstacle = "unknown backing file"
	// Silent is for a refusal that the source tells of in its own words.
	Silent Obstacle = "source refuses"
)

// Decision is what becomes of a disk, and by which facts.
type Decision struct {
	Facts

	Fate     Fate
	Obstacle Obstacle
}

// Copied tells whether the disk is copied.
func (d Decision) Copied() bool { return d.Fate == Created || d.Fate == Reused }

// Volume is the volume that a disk is copied into.
func (d Decision) Volume(m policy.CopyStorage) Volume {
	v := d.Image
	v.Pool, v.Path = "", d.Path
	if d.Pool != nil { // a leftover may be listed by another pool
		v.Pool = d.Pool.Name
	}
	v.Allocation, v.Length, v.Modified, v.Changed = 0, 0, "", ""
	v.Owner, v.Group = d.Owner, d.Group
	v.Backing, v.BackingFormat = "", "" // a full copy has all of it
	if m == policy.CopyIncremental && len(d.Chain.Layers) > 0 {
		v.Backing, v.BackingFormat = d.Chain.Layers[0].Path, d.Chain.Layers[0].Format
	}
	return v
}

// Request is what is asked for.
type Request struct {
	Mode policy.CopyStorage
	// Wanted are the targets that it is narrowed to; none is all.
	Wanted []string
	// Leftovers are the volumes that the VM's own earlier moves have left on the destination,
	// newest first.
	Leftovers []Leftover
}

// Decide says what becomes of each disk, in their order, and after them of each target that is
// wanted and that the VM does not have.
func Decide(r Request, disks []Facts) []Decision {
	var decided []Decision
	for _, d := range disks {
		fate, obstacle := r.decide(d)
		decided = append(decided, Decision{d, fate, obstacle})
	}
	for i, d := range decided {
		others := slices.Delete(slices.Clone(disks), i, i+1)
		if d.Copied() && slices.ContainsFunc(others, func(o Facts) bool { return o.Path == d.Path }) {
			decided[i].Fate, decided[i].Obstacle = Refused, OnePath
		}
	}
	for _, target := range r.Wanted {
		if !slices.ContainsFunc(disks, func(d Facts) bool { return d.Target == target }) {
			decided = append(decided, Decision{Facts{Target: target}, Refused, NoSuchDisk})
		}
	}
	return decided
}

func (r Request) decide(d Facts) (Fate, Obstacle) {
	wanted := slices.Contains(r.Wanted, d.Target)
	switch {
	case (r.Mode == policy.CopyNone || r.Mode == "") && d.Fixed:
		return Left, ""
	case r.Mode == policy.CopyNone || r.Mode == "":
		return r.leave(d)
	case d.Fixed && wanted:
		return Refused, NoSuchDisk
	case d.Fixed:
		return Left, ""
	case len(r.Wanted) > 0 && !wanted:
		return r.leave(d)
	case d.Network && r.Mode != policy.CopyAuto:
		return Refused, OverNetwork
	case d.Network:
		return Left, ""
	}
	switch d.Presence {
	case Absent:
		if d.SamePool { // the image is there, and is not seen yet: what is made would be over it
			return Refused, NotKnown
		}
		if r.Mode == policy.CopyAuto && !wanted && d.Shared == Yes && !d.Renamed {
			return Refused, NotMounted
		}
		return r.create(d)
	case Present:
		return r.present(d)
	case PresenceUnknown:
	}
	return Refused, NotKnown
}

// leave decides about a disk that is not to be copied.
func (r Request) leave(d Facts) (Fate, Obstacle) {
	if doubt := r.stale(d); doubt != "" {
		return Refused, doubt
	}
	if d.Renamed && !d.same() && d.differs() {
		return Refused, OtherImage
	}
	return Left, ""
}

// Unproved tells of a disk that is left to an image at another path, which may be another one.
func (d Decision) Unproved() bool {
	return d.Fate == Left && d.Renamed && !d.same() && !d.Fixed && !d.Network && d.Presence != Absent
}

// stale tells whether the destination has an old state of the disk in its place: StaleLeftover for what the VM's own
// earlier move has left, unchanged, PerhapsStale for what may be that, and nothing for anything else. What has no time
// is taken for unchanged if it is as large.
func (r Request) stale(d Facts) Obstacle {
	i := r.leftover(d.Path)
	if i < 0 || d.same() || d.Network || d.Presence == Absent {
		return ""
	}
	noted := r.Leftovers[i]
	switch {
	case d.There == nil:
		return PerhapsStale
	case noted.left(*d.There), noted.Modified == "" && d.There.Modified == "" && d.There.Capacity == noted.Capacity:
		return StaleLeftover
	case noted.mayBeLeft(*d.There):
		return PerhapsStale
	}
	return ""
}

// leftover is the index of the newest leftover of a path, or negative.
func (r Request) leftover(path string) int {
	return slices.IndexFunc(r.Leftovers, func(l Leftover) bool { return l.Path == path })
}

// present decides about a disk whose path is there: it is the same one, or a leftover, or else
// somebody else's.
func (r Request) present(d Facts) (Fate, Obstacle) {
	switch {
	case d.same() && r.Mode == policy.CopyAuto: // libvirt still refuses it where it takes it for not shared
		return Left, ""
	case d.same():
		return Refused, AlreadyShared
	case d.Shared == Yes && r.stale(d) == StaleLeftover: // the source's file system is shared, but not with this host
		return Refused, StaleLeftover
	case d.Shared == Withheld:
		return Refused, Silent
	}
	i := r.leftover(d.Path)
	switch {
	case i < 0 && d.Shared == Yes && !d.Renamed:
		return Refused, Unproved
	case i < 0:
		return Refused, Exists
	case r.Mode == policy.CopyIncremental: // what the old image has and the new one has not would show through
		return Refused, Exists
	case d.There == nil || d.UsersUnknown || d.Shared != No:
		return Refused, NotKnown
	case r.Leftovers[i].left(*d.There) && d.fits():
	case r.Leftovers[i].Modified == "" && d.There.Modified != "", r.Leftovers[i].mayBeWritten(*d.There):
		return Refused, UncertainLeftover
	default:
		return Refused, ChangedLeftover
	}
	switch {
	case len(d.Users) > 0:
		return Refused, UsedLeftover
	case d.Image.Encrypted:
		return Refused, Encrypted
	}
	return Reused, ""
}

// same tells whether both hosts certainly have one image.
func (d Facts) same() bool { return d.SamePool || d.SameFile }

// fits tells whether what is there is as large as the disk, and of its format.
func (d Facts) fits() bool {
	return !d.Unsized && d.There.Capacity == d.Image.Capacity && d.There.Format == d.Image.Format
}

// differs tells whether what is there is certainly another image.
func (d Facts) differs() bool {
	if d.There == nil {
		return false
	}
	formats := d.There.Format != "" && d.Image.Format != ""
	return !d.Unsized && d.There.Capacity != d.Image.Capacity || formats && d.There.Format != d.Image.Format
}

// create decides about a disk whose path is free.
func (r Request) create(d Facts) (Fate, Obstacle) {
	switch {
	case d.Pool == nil:
		return Refused, NoPool
	case !d.Pool.Active:
		return Refused, InactivePool
	case !creatableTypes[d.Pool.Type]:
		return Refused, WrongPool
	case d.Unsized || d.Image.Capacity == 0:
		return Refused, NoSize
	case d.Image.Encrypted:
		return Refused, Encrypted
	case d.Image.Format != "raw" && (d.Image.Format != "qcow2" || d.Pool.Type == "logical"):
		return Refused, WrongFormat
	case r.Mode == policy.CopyIncremental && !d.Chain.Known():
		return Refused, UnknownBacking
	case r.Mode == policy.CopyIncremental && d.Chain.Missing() != nil:
		return Refused, NoBacking
	}
	return Created, ""
}
