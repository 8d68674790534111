package preflight

import (
	"context"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// copiedDisksCheck says which disks are copied, and which can neither be copied nor left.
type copiedDisksCheck struct{}

// DiskCopied is a disk that is copied.
type DiskCopied struct {
	storage.Decision

	// Bandwidth is what may be sent, in bytes per second; 0 where the policy sets no limit.
	// Takes is how long the copy takes at that, at least: what the guest writes comes on top.
	Bandwidth uint64
	Takes     time.Duration
}

// Problem implements migration.Fact.
func (DiskCopied) Problem() string { return "disk is copied" }

// DiskObstacle is a disk that keeps the VM from being moved under its copy_storage.
type DiskObstacle struct{ storage.Decision }

// Problem implements migration.Fact.
func (o DiskObstacle) Problem() string {
	switch o.Obstacle {
	case storage.NoSuchDisk:
		return "no disk that can be copied"
	case storage.OverNetwork:
		return "network disk cannot be copied"
	case storage.AlreadyShared:
		return "disk cannot be copied onto itself"
	case storage.NotKnown, storage.NoSize, storage.Silent:
		return "not known whether the disk can be copied"
	case storage.NotMounted:
		return "shared file system without the disk"
	case storage.Unproved:
		return "not proved to be the same disk"
	case storage.Exists:
		return "path is taken"
	case storage.ChangedLeftover:
		return "leftover was changed"
	case storage.UsedLeftover:
		return "leftover is used"
	case storage.UncertainLeftover:
		return "perhaps a leftover"
	case storage.StaleLeftover:
		return "old state of the disk in its place"
	case storage.PerhapsStale:
		return "perhaps an old state of the disk in its place"
	case storage.OtherImage:
		return "another image in the disk's place"
	case storage.NoPool:
		return "no storage pool for the disk"
	case storage.InactivePool:
		return "storage pool not active"
	case storage.WrongPool:
		return "storage pool takes no new volumes"
	case storage.WrongFormat:
		return "image format cannot be copied"
	case storage.Encrypted:
		return "encrypted image cannot be copied"
	case storage.OnePath:
		return "two disks at one path"
	case storage.NoBacking:
		return "no such backing file"
	case storage.UnknownBacking:
		return "backing file not known"
	}
	return string(o.Obstacle)
}

// NothingCopied is a move that names disks to copy, under a policy that copies none.
type NothingCopied struct{ Origin policy.Origin }

// Problem implements migration.Fact.
func (NothingCopied) Problem() string { return "the policy copies no disks" }

// AboutDisks tells whether a fact is about the attribute that names the disks.
func AboutDisks(fact migration.Fact) bool {
	obstacle, ok := fact.(DiskObstacle)
	_, nothing := fact.(NothingCopied)
	return nothing || ok && obstacle.Obstacle == storage.NoSuchDisk
}

// Obstacles that nothing cures but another policy or another VM, those of pools, and those of
// what is there.
var (
	lastingObstacles = []storage.Obstacle{
		storage.NoSuchDisk, storage.OverNetwork, storage.AlreadyShared, storage.WrongFormat, storage.Encrypted,
		storage.OnePath,
	}
	poolObstacles  = []storage.Obstacle{storage.NoPool, storage.InactivePool, storage.WrongPool}
	takenObstacles = []storage.Obstacle{
		storage.Exists, storage.Unproved, storage.ChangedLeftover, storage.UsedLeftover, storage.UncertainLeftover,
		storage.StaleLeftover, storage.PerhapsStale, storage.OtherImage,
	}
)

func (copiedDisksCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if p := s.Move.Policy; len(s.CopiedDisks) > 0 && p.CopyStorage() == policy.CopyNone && !s.Move.Definition {
		return []migration.Finding{{Fact: NothingCopied{p.Origins.Of(policy.FieldCopyStorage)}, Lasting: !s.Unsettled}}, nil
	}
	var found []migration.Finding
	for _, d := range s.disks(ctx) {
		if d.Copied() {
			found = append(found, migration.Finding{
				Fact: s.copied(d), Host: s.destination(), Device: deviceOf(d),
				Warning: true,
			})
		}
	}
	return append(found, s.obstacles(ctx, func(o storage.Obstacle) bool {
		return !slices.Contains(poolObstacles, o) && !slices.Contains(takenObstacles, o)
	})...), nil
}

// obstacles are the findings about disks that cannot be copied for some reasons.
func (s *scope) obstacles(ctx context.Context, of func(storage.Obstacle) bool) []migration.Finding {
	var found []migration.Finding
	for _, d := range s.disks(ctx) {
		told := d.Obstacle == storage.Silent && s.verdict(ctx).refusal != nil
		if d.Fate == storage.Refused && !told && of(d.Obstacle) {
			found = append(found, migration.Finding{
				Fact: DiskObstacle{d}, Host: s.destination(), Device: deviceOf(d), Err: d.Err,
				Lasting: !s.Unsettled && slices.Contains(lastingObstacles, d.Obstacle),
			})
		}
	}
	return found
}

func deviceOf(d storage.Decision) string { return "disk " + d.Target }

// copied is a disk that is copied, and how long that takes.
func (s *scope) copied(d storage.Decision) DiskCopied {
	bandwidth, takes := s.sending(d.Image.Allocation)
	return DiskCopied{Decision: d, Bandwidth: bandwidth, Takes: takes}
}
