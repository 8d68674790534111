package preflight

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// copyRoomCheck looks whether the destination's pools have room for the disks that are copied:
// for all of a raw one, and of another for what it takes now. Where it has none for what the
// other may grow to, that is a warning.
type copyRoomCheck struct{}

// RoomShort is a pool without room for the disks that are copied into it.
type RoomShort struct {
	Pool string
	// Disks are their targets.
	Disks []string
	// Need is what they take at least, Most what they may grow to, and Available what there is,
	// in bytes.
	Need, Most, Available uint64
}

// Problem implements migration.Fact.
func (RoomShort) Problem() string { return "storage pool has no room" }

func (copyRoomCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	short := map[string]*RoomShort{}
	pools := map[string]storage.Pool{}
	for _, d := range s.disks(ctx).Copied() {
		if d.Pool == nil {
			continue
		}
		pool := short[d.Pool.Name]
		if pool == nil {
			pool = &RoomShort{Pool: d.Pool.Name}
			short[d.Pool.Name], pools[d.Pool.Name] = pool, *d.Pool
		}
		need, most := room(d)
		pool.Disks, pool.Need, pool.Most = append(pool.Disks, d.Target), pool.Need+need, pool.Most+most
	}
	var found []migration.Finding
	var unknown []error
	for _, name := range slices.Sorted(maps.Keys(short)) {
		fact, pool := short[name], pools[name]
		if err := s.decided.oldLists.of(s.Destination, &pool); err != nil { // its free space is that of its last refresh
			unknown = append(unknown, unasked(s.destination(), "storage pool "+name, err))
		}
		available, err := s.Destination.PoolAvailable(ctx, pool)
		if err != nil {
			unknown = append(unknown, unasked(s.destination(), "storage pool "+name, err))
			continue
		}
		if fact.Available = available; available < fact.Most {
			found = append(found, migration.Finding{
				Fact: *fact, Host: s.destination(), Device: "storage pool " + name, Warning: available >= fact.Need,
			})
		}
	}
	return found, errors.Join(unknown...)
}

// room is what a disk takes at least on the destination, and at most, beside what its leftover
// takes there already.
func room(d storage.Decision) (need, most uint64) {
	need, most = d.Image.Capacity, d.Image.Capacity
	if d.Image.Format != "raw" {
		need = min(d.Image.Allocation, most)
	}
	if d.Fate == storage.Reused {
		there := d.There.Allocation
		return need - min(need, there), most - min(most, there)
	}
	return need, most
}
