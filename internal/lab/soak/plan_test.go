//go:build lab

package soak

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The variables that choose how many moves are made, and which: the same seed gives the same ones.
const (
	movesVariable = "VIRT_SOAK_MOVES"
	seedVariable  = "VIRT_SOAK_SEED"
	// fromVariable is the number of the first one of those with disks.
	fromVariable = "VIRT_SOAK_FROM"
	// lanesVariable is how many guests are moved beside each other, of those with disks.
	lanesVariable = "VIRT_SOAK_GUESTS"
	// usualMoves are made when nothing else is said.
	usualMoves = 6
)

// number reads a variable, which is usual when it is not set.
func number(t *testing.T, variable string, usual uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// attempt is one move, as it is planned.
type attempt struct {
	mode   migration.Mode
	policy policy.Policy
	// patience is when it is cancelled; never when it is 0.
	patience time.Duration
}

func (a attempt) String() string {
	text := fmt.Sprintf("%s, auto-converge %t, compression %t", a.mode, *a.policy.AutoConverge, *a.policy.Compression)
	if a.patience > 0 {
		text += fmt.Sprintf(", cancelled after %s", a.patience.Round(time.Millisecond))
	}
	return text
}

// bandwidth, in MiB/s, makes a move take a few seconds, and is more than the guest dirties.
const bandwidth = 40

// longest is about how long a move takes at it.
const longest = 5 * time.Second

// draw chooses a move. Two of five are cancelled, at any moment from before the start to after the end.
func draw(random *rand.Rand) attempt {
	a := attempt{mode: migration.PeerToPeer}
	if random.IntN(2) == 0 {
		a.mode = migration.Direct
	}
	a.policy = policy.Policy{
		AutoConverge:          new(random.IntN(2) == 0),
		Compression:           new(random.IntN(2) == 0),
		BandwidthMiBPerSecond: new(int64(bandwidth)),
		Timeout:               new(2 * time.Minute),
	}
	if random.IntN(5) < 2 {
		a.patience = time.Duration(1 + random.Int64N(int64(longest)))
	}
	return a
}

// request is the attempt for the fleet.
func (a attempt) request(vm, destination string) fleet.Move {
	return fleet.Move{VM: vm, Destination: destination, Mode: a.mode, Policy: a.policy}
}
