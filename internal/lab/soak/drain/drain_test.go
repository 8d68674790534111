//go:build lab

package drain

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	// slow has each move last some seconds, of which a random one is its run's last.
	slow = 16
	// longestGap is how long no guest may stand still: moves and a machine that is full of guests take some of it.
	longestGap = 10 * time.Second
)

// TestDrain kills runs that empty a host, and runs that fill it again, until it has killed enough.
func TestDrain(t *testing.T) {
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	f, err := open(world)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	d := &drain{T: t, fleet: f, guests: world.StartGuests(t, number(guestsVariable, 4), lab.IdleGuest(""))}
	for _, guest := range d.guests {
		declared := fleet.Declaration{Policy: policy.Policy{BandwidthMiBPerSecond: new(int64(slow))}}
		if _, err := f.CreateVM(t.Context(), guest.UUID, declared); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d.random = rand.New(rand.NewPCG(seed, seed))
	began := time.Now()
	for kills, most := 0, number(killsVariable, 2); kills < most; {
		for _, act := range []string{empties, fills} {
			kills += d.carryOut(act, most-kills)
			d.check(act)
		}
	}
	for _, guest := range d.guests {
		pulse := guest.Between(began, time.Now())
		if pulse.LongestGap > longestGap || len(pulse.Lost)+len(pulse.Repeated) > 0 {
			t.Errorf("%s stood still for %s, and %d beats are lost, %d came twice", guest.Name, pulse.LongestGap, len(pulse.Lost), len(pulse.Repeated))
		}
	}
}

// drain is a host that is emptied and filled again.
type drain struct {
	*testing.T

	fleet  *fleet.Fleet
	guests []*lab.Guest
	random *rand.Rand
	// evacuations are the IDs of those that were.
	evacuations []string
}

// carryOut has runs do what is to be done, and kills each at a random moment, until one has come to its end. It tells how
// many it has killed, at most most.
func (d *drain) carryOut(act string, most int) (kills int) {
	d.Helper()
	for {
		after := 5 * time.Minute
		if kills < most {
			after = time.Duration(d.random.Int64N(int64(12 * time.Second)))
		}
		began := time.Now()
		err := runClient(d.Context(), act, after)
		d.Logf("%s: %v after %s", act, err, time.Since(began).Round(time.Millisecond))
		switch {
		case err == nil:
			return kills
		case !errors.Is(err, errKilled) || kills == most:
			d.Fatalf("to %s the host: %v", act, err)
		}
		kills++
	}
}

var errKilled = errors.New("killed")

func runClient(ctx context.Context, act string, after time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), clientVariable+"="+act)
	printed, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errKilled
	}
	return fmt.Errorf("%w: %s", err, printed)
}

// check makes sure that each guest runs once, where it is to be, and that its history has one move away from the host for
// each evacuation.
func (d *drain) check(act string) {
	d.Helper()
	state, cordoned, err := d.fleet.Maintenance(d.Context(), emptied)
	if err != nil || cordoned != (act == empties) {
		d.Errorf("after %s: the host has a record: %t, %v", act, cordoned, err)
	}
	if act == empties {
		d.evacuations = append(d.evacuations, state.Evacuation)
	}
	for _, guest := range d.guests {
		location, past, err := d.fleet.History(d.Context(), guest.UUID)
		if err != nil {
			d.Fatal(err)
		}
		if (location.Host == emptied) != (act == fills) || !location.Domain.Active() {
			d.Errorf("after %s: %s is %s on %s", act, guest.Name, location.Domain.State, location.Host)
		}
		if runs := guest.HostsRunning(); len(runs) != 1 || runs[0] != location.Host {
			d.Errorf("after %s: %s runs on %v", act, guest.Name, runs)
		}
		on, err := d.fleet.Member(d.Context(), location.Host)
		if err != nil {
			d.Fatal(err)
		}
		past.Settle(on.UUID)                                              // a run that was killed has not seen how its move ended
		for _, id := range d.evacuations[max(0, len(d.evacuations)-2):] { // a history has the last ten moves
			away := slices.DeleteFunc(slices.Clone(past.Entries), func(e history.Entry) bool {
				return e.Evacuation != id || e.From.Label != emptied || e.Outcome != history.Completed
			})
			if len(away) != 1 {
				d.Errorf("after %s: evacuation %s has moved %s %d times", act, id, guest.Name, len(away))
			}
		}
	}
}
