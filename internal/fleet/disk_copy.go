package fleet

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

const (
	// volumesTimeout bounds what is done about volumes after a move.
	volumesTimeout = time.Minute
	// unusedPatience is how long a volume of a move that failed is given to be let go: libvirt
	// ends the incoming domain after the source says that the migration has failed.
	unusedPatience = 15 * time.Second
	// unusedInterval is how often it is looked at.
	unusedInterval = 250 * time.Millisecond
)

// copies tells whether the policy copies disks of the VM, if there are any to copy.
func copies(r migration.Request) bool {
	return !r.Definition && r.Policy.CopyStorage() != policy.CopyNone
}

// diskCopy is the disks of one move that are copied, and the volumes that they are copied into.
type diskCopy struct {
	source, destination *host.Host
	vm                  string
	mode                policy.CopyStorage
	// disks are those that are copied, and storage what the engine is told of them.
	disks   preflight.Disks
	storage *migration.StorageCopy
	// created are the disks whose volumes this move has made, and unanswered those whose volumes it may have
	// made: the order was not answered.
	created, unanswered preflight.Disks
	// noted is true once the entry has all volumes as they are right before the start, and started once the migration may
	// have written to one.
	noted, started bool
}

// decide takes over what the checks have decided.
func (c *diskCopy) decide(all preflight.Disks, a migration.Assessment) {
	c.disks = all.Copied()
	c.storage = c.disks.Storage(a.Identities())
}

// CreateVolumeError is a volume that could not be made on the destination. Nothing was started.
type CreateVolumeError struct {
	// Location is where the VM is.
	Location Location
	// Host is the destination, Target the disk, and Volume what was to be made.
	Host, Target string
	Volume       storage.Volume
	Err          error
}

func (e *CreateVolumeError) Error() string {
	return fmt.Sprintf("the volume %s for disk %s could not be created: %v", e.Volume.Path, e.Target, e.Err)
}

func (e *CreateVolumeError) Unwrap() error { return e.Err }

// create makes the volumes. libvirt makes none over what is there, so that nothing that has
// come since the checks is overwritten. A call is not cancelled once it is made: whether the
// volume is this move's has to be known.
func (c *diskCopy) create(ctx context.Context, l Location) error {
	for _, d := range c.disks {
		if d.Fate != storage.Created {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		volume := d.Volume(c.mode)
		if err := c.destination.CreateVolume(context.WithoutCancel(ctx), *d.Pool, volume); err != nil {
			if errors.Is(err, host.ErrOutcomeUnknown) {
				c.unanswered = append(c.unanswered, d)
			}
			return &CreateVolumeError{l, c.destination.Name(), d.Target, volume, err}
		}
		c.created = append(c.created, d)
	}
	return ctx.Err()
}

// LeftoverError is the VM's own leftover that a move was to write over, and that is no longer what
// the checks have seen: somebody has written to it, or uses it, or, with Err, that is not known.
// Nothing was started.
type LeftoverError struct {
	// Location is where the VM is.
	Location Location
	// Host is the destination, Target the disk, and Volume the leftover.
	Host, Target string
	Volume       storage.Volume
	Users        []storage.User
	Err          error
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("the volume %s for disk %s is no longer what the checks have seen", e.Volume.Path, e.Target)
}

func (e *LeftoverError) Unwrap() error { return e.Err }

// recheck looks at the leftovers once more: between the checks and the start lie calls that may
// take a minute. Local pools look for overlays of them, which their lists may not have yet.
func (c *diskCopy) recheck(ctx context.Context, l Location) error {
	var stale error
	for i, d := range c.disks.Reused() {
		if i == 0 {
			stale = c.refresh(ctx)
		}
		now, err := listed(ctx, c.destination, d.Path)
		users, unknown := c.destination.VolumeUsers(ctx, *d.There)
		users, err = storage.Others(users, c.vm), errors.Join(stale, err, unknown)
		if err != nil || len(users) > 0 || !d.There.Untouched(now) {
			return &LeftoverError{l, c.destination.Name(), d.Target, *d.There, users, err}
		}
	}
	return nil
}

// refresh has the active pools of the destination's own directories look for their volumes anew.
// Those of other types are left alone: libvirt stops a pool whose server does not answer then.
func (c *diskCopy) refresh(ctx context.Context) error {
	pools, err := c.destination.Pools(ctx)
	if err != nil {
		return err
	}
	for _, p := range pools {
		if !p.Active || p.Type != "dir" && p.Type != "fs" {
			continue
		}
		if err := c.destination.RefreshPool(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// VolumesError is a move that failed after it had made or written to volumes on the
// destination.
type VolumesError struct {
	// Err is why it failed.
	Err error
	// Host is the destination.
	Host string
	// Removed are the volumes that it had made and has removed, Kept those that it had made or
	// written to and that are still there.
	Removed []storage.Volume
	Kept    []KeptVolume
}

// KeptVolume is a volume that a move which failed has not removed: it was there before, or is
// in use, or its removal failed with Err, or it is not certain that the VM does not need it.
type KeptVolume struct {
	storage.Volume

	// Reused is true for the VM's own leftover.
	Reused bool
	Users  []storage.User
	Err    error
}

func (e *VolumesError) Error() string { return e.Err.Error() }

func (e *VolumesError) Unwrap() error { return e.Err }

// end tidies up after a move that ended with err: it removes what it has made for nothing, and
// lists what is left behind, where that is certain. The error is err, or has it.
func (c *diskCopy) end(ctx context.Context, e *moveEntry, err error) error {
	if len(c.disks) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), volumesTimeout)
	defer cancel()
	home := e.home(err)
	if home == c.destination { // also where the move failed after the VM had arrived
		e.VolumesLeft, e.VolumesWritten = c.images(ctx, e), nil
		return err
	}
	failure := &VolumesError{Err: err, Host: c.destination.Name()}
	var unsettled []history.Volume
	certain := home == c.source
	for _, d := range c.copied(e) {
		volume := d.Volume(c.mode)
		kept := KeptVolume{Volume: volume, Reused: d.Fate == storage.Reused}
		if certain {
			kept.Users, kept.Err = c.awaitUnused(ctx, volume)
		}
		free := certain && len(kept.Users) == 0 && kept.Err == nil
		if free && !kept.Reused {
			if kept.Err = c.destination.DeleteVolume(ctx, *d.Pool, volume.Name); kept.Err == nil {
				failure.Removed = append(failure.Removed, volume)
				continue
			}
		}
		if c.started || !kept.Reused {
			failure.Kept = append(failure.Kept, kept)
		}
		if free {
			e.VolumesLeft = append(e.VolumesLeft, c.note(ctx, c.destination, e.To, d.Target, volume))
			continue
		}
		unsettled = append(unsettled, e.writtenTo(volume.Path)...)
	}
	for _, d := range c.unanswered {
		unsettled = append(unsettled, e.writtenTo(d.Path)...)
	}
	if certain {
		e.VolumesWritten = unsettled
	}
	if len(failure.Removed)+len(failure.Kept) == 0 {
		return err
	}
	return failure
}

// creates tells whether volumes are to be made.
func (c *diskCopy) creates() bool {
	return slices.ContainsFunc(c.disks, func(d storage.Decision) bool { return d.Fate == storage.Created })
}

// planned are the volumes that are to be made, before any is: whoever is killed after that, or gets no answer to
// the order, leaves a history that has them. Leftovers stay as an earlier entry has them, for a later one counts.
func (c *diskCopy) planned(e *moveEntry) []history.Volume {
	var planned []history.Volume
	for _, d := range c.disks {
		if v := d.Volume(c.mode); d.Fate == storage.Created {
			planned = append(planned, history.Volume{
				VM: c.vm, Host: e.To, Target: d.Target, Pool: v.Pool, Name: v.Name, Path: v.Path, Format: v.Format,
				CapacityBytes: v.Capacity,
			})
		}
	}
	return planned
}

// written notes the volumes that are written to until the move ends, as they are before it
// begins: the next move knows them by that, where this one is killed.
func (c *diskCopy) written(ctx context.Context, e *moveEntry) []history.Volume {
	c.noted = true
	return append(c.images(ctx, e), each(c.disks, func(d storage.Decision) history.Volume {
		return c.note(ctx, c.destination, e.To, d.Target, d.Volume(c.mode))
	})...)
}

// images notes those that the VM has on the source, as they are.
func (c *diskCopy) images(ctx context.Context, e *moveEntry) []history.Volume {
	return each(c.disks, func(d storage.Decision) history.Volume {
		return c.note(ctx, c.source, e.From, d.Target, d.Image)
	})
}

// copied are the disks whose volumes the move has made, or may have written to, or has noted
// anew: leftovers once its entry has them.
func (c *diskCopy) copied(e *moveEntry) preflight.Disks {
	copied := slices.Clone(c.created)
	if c.noted && e.begun {
		copied = append(copied, c.disks.Reused()...)
	}
	return copied
}

// awaitUnused waits for a moment until no domain uses a volume, and returns what uses it then, overlays too.
func (c *diskCopy) awaitUnused(ctx context.Context, v storage.Volume) ([]storage.User, error) {
	poll := time.NewTicker(unusedInterval)
	defer poll.Stop()
	for deadline := time.Now().Add(unusedPatience); ; {
		domains, err := c.destination.DomainUsers(ctx, v)
		domains = storage.Others(domains, c.vm)
		if err != nil {
			return domains, err
		}
		if len(domains) == 0 || time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return domains, ctx.Err()
		case <-poll.C:
		}
	}
	all, err := c.destination.VolumeUsers(ctx, v)
	return storage.Others(all, c.vm), err
}

// note describes a volume of a host as it is now.
func (c *diskCopy) note(
	ctx context.Context, h *host.Host, at history.Host, target string, v storage.Volume,
) history.Volume {
	left := history.Volume{VM: c.vm, Host: at, Target: target, Path: v.Path, Format: v.Format, CapacityBytes: v.Capacity}
	now, err := listed(ctx, h, v.Path)
	if err != nil || now == nil {
		return left
	}
	left.Pool, left.Name, left.Format, left.Modified = now.Pool, now.Name, now.Format, now.Modified
	left.CapacityBytes, left.AllocatedBytes, left.LengthBytes = now.Capacity, now.Allocation, now.Length
	return left
}

// listed is the volume of a path on a host, also where the list of its pool was old.
func listed(ctx context.Context, h *host.Host, volume string) (*storage.Volume, error) {
	v, err := h.VolumeByPath(ctx, volume)
	if v != nil || err != nil {
		return v, err
	}
	pools, err := h.Pools(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range pools {
		if p.Active && p.Path != "" && path.Clean(p.Path) == path.Dir(volume) {
			if err := h.RefreshPool(ctx, p); err != nil {
				return nil, err
			}
		}
	}
	return h.VolumeByPath(ctx, volume)
}

// leftovers are the volumes that the VM's own moves have left on the destination, as its
// history has them; those of a VM that it is a clone of are not its own. Where the history cannot be
// read there is none, and nothing is written over.
func leftovers(past history.History, vm, there string) []storage.Leftover {
	others := func(l history.Leftover) bool { return l.VM != vm }
	return each(slices.DeleteFunc(past.Left(there), others), func(l history.Leftover) storage.Leftover {
		return storage.Leftover{WrittenUntil: l.WrittenUntil, EndedBy: l.EndedBy, Volume: storage.Volume{
			Pool: l.Pool, Name: l.Name, Path: l.Path, Format: l.Format,
			Capacity: l.CapacityBytes, Allocation: l.AllocatedBytes, Length: l.LengthBytes, Modified: l.Modified,
		}}
	})
}
