package preflight

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// poolCheck looks whether the destination has the storage pools and volumes that the VM
// names, and whether the pools are active.
type poolCheck struct{}

// PoolMissing is a host without a storage pool.
type PoolMissing struct{ Pool string }

// Problem implements migration.Fact.
func (PoolMissing) Problem() string { return "no such storage pool" }

// PoolInactive is a storage pool that is not active.
type PoolInactive struct{ Pool string }

// Problem implements migration.Fact.
func (PoolInactive) Problem() string { return "storage pool not active" }

// VolumeMissing is a volume that a pool does not have, or does not list: its list may be
// old.
type VolumeMissing struct{ Pool, Volume string }

// Problem implements migration.Fact.
func (VolumeMissing) Problem() string { return "no such volume" }

func (poolCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []error
	for _, disk := range s.guest.Disks {
		if disk.Pool == "" || disk.Optional || s.fate(ctx, disk.Target) != storage.Left {
			continue
		}
		fact, err := s.volume(ctx, disk)
		if err != nil {
			unknown = append(unknown, unasked(s.destination(), disk.name(), err))
		}
		if _, volume := fact.(VolumeMissing); volume && !disk.ReadOnly && s.refused(ctx, refusal.UnsharedStorage) {
			continue
		}
		if fact != nil {
			found = append(found, migration.Finding{Fact: fact, Host: s.destination(), Device: disk.name()})
		}
	}
	return found, errors.Join(unknown...)
}

// volume tells what is amiss with a disk's volume. libvirt itself looks it up in the
// pool's list, so that what is not listed cannot be used.
func (s *scope) volume(ctx context.Context, disk Disk) (migration.Fact, error) {
	pools, err := s.Destination.Pools(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(pools, func(p storage.Pool) bool { return p.Name == disk.Pool })
	switch {
	case i < 0:
		return PoolMissing{disk.Pool}, nil
	case !pools[i].Active:
		return PoolInactive{disk.Pool}, nil
	}
	presence, err := s.Destination.VolumeInPool(ctx, pools[i], disk.Volume)
	if err == nil && presence != Present {
		return VolumeMissing{disk.Pool, disk.Volume}, nil
	}
	return nil, err
}
