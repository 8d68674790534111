//go:build lab

package soak

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// trip is one move with disks, as it is planned.
type trip struct {
	number uint64
	hazard hazard
	mode   migration.Mode
	policy policy.Policy
	// after is when the hazard strikes, and lasts how long it does, where that is told in time.
	after, lasts time.Duration
	// fresh takes what earlier moves have left of the disks from the destination, as a person may.
	fresh bool
	// disk is which of the disks the hazard is about, and alike makes a foreign file look as if it were the disk's.
	disk  int
	alike bool
}

func (t trip) String() string {
	text := fmt.Sprintf("move %d, %s, copy_storage %s", t.number, t.mode, *t.policy.CopyStorage)
	if *t.policy.SynchronousWrites {
		text += ", synchronous"
	}
	if t.fresh {
		text += ", without leftovers"
	}
	text += ": " + t.hazard.name
	if t.hazard.strike != nil || t.hazard.cancels || t.hazard.kills {
		text += fmt.Sprintf(" after %s", t.after.Round(time.Millisecond))
	}
	return text
}

// diskBandwidth, in MiB/s, makes the copies take about two seconds, and the memory after them two more.
const diskBandwidth = 16

// longestTrip is about how long a move takes at it.
const longestTrip = 7 * time.Second

// plan chooses a move. Each one follows from the seed and its number alone, so that a run can go on where another ended.
func plan(seed, number uint64) trip {
	random := rand.New(rand.NewPCG(seed, number))
	t := trip{number: number, hazard: pick(random), mode: migration.PeerToPeer}
	if random.IntN(2) == 0 {
		t.mode = migration.Direct
	}
	copied := policy.CopyAuto
	if random.IntN(2) == 0 {
		copied = policy.CopyFull
	}
	t.policy = policy.Policy{
		CopyStorage:           new(copied),
		SynchronousWrites:     new(random.IntN(4) == 0),
		BandwidthMiBPerSecond: new(int64(diskBandwidth)),
		Timeout:               new(time.Minute),
		StallTimeout:          new(10 * time.Second),
	}
	t.after = time.Duration(1 + random.Int64N(int64(t.hazard.within())))
	t.lasts = time.Duration(500+random.IntN(2500)) * time.Millisecond
	t.fresh = random.IntN(3) == 0 || t.hazard.fresh
	t.disk, t.alike = random.IntN(2), random.IntN(2) == 0
	return t
}

// pick chooses a hazard by its weight.
func pick(random *rand.Rand) hazard {
	all := 0
	for _, h := range hazards {
		all += h.weight
	}
	at := random.IntN(all)
	for _, h := range hazards {
		if at -= h.weight; at < 0 {
			return h
		}
	}
	panic("soak: no hazard has the rest of the weights")
}
