//go:build lab

package drain

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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
	// guestMiB is the memory of a guest: half of it is never written to, and soon sent.
	guestMiB = 256
)

// TestDrain kills runs that empty a host, and runs that fill it again, until it has killed enough. The other hosts have
// memory for its guests, and for hardly more.
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
	d := &drain{T: t, fleet: f, guests: world.StartGuests(t, number(guestsVariable, 4), lab.GuestSpec{MemoryMiB: guestMiB})}
	for _, guest := range d.guests {
		declared := fleet.Declaration{Policy: policy.Policy{BandwidthMiBPerSecond: new(int64(slow))}}
		if _, err := f.CreateVM(t.Context(), guest.UUID, declared); err != nil {
			t.Fatal(err)
		}
	}
	d.memory = memoryFor(world, len(d.guests))
	giveBack, err := world.LimitMemory(t.Context(), d.memory)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := giveBack(); err != nil {
			t.Error(err)
		}
	}()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d; memory of the hosts, in MiB: %v", seed, d.memory)
	d.random = rand.New(rand.NewPCG(seed, seed))
	began, watch := time.Now(), world.Watch(t.Context(), d.guests)
	most := number(killsVariable, 2)
	for kills := 0; kills < most && !t.Failed(); {
		for _, do := range []act{empties, fills} {
			kills += d.carryOut(do, min(most-kills, max(1, most/mostAtOnce)))
			d.check(do)
		}
	}
	d.checkPeaks(watch.Stop())
	longest := time.Duration(0)
	for _, guest := range d.guests {
		pulse := guest.Between(began, time.Now())
		longest = max(longest, pulse.LongestGap)
		if pulse.LongestGap > longestGap || len(pulse.Lost)+len(pulse.Repeated) > 0 {
			t.Errorf("%s stood still for %s, and %d beats are lost, %d came twice", guest.Name, pulse.LongestGap, len(pulse.Lost), len(pulse.Repeated))
		}
	}
	t.Logf("%d kills in %d evacuations of %d guests, %s in all; the longest gap between heartbeats %s", most,
		len(d.evacuations), len(d.guests), time.Since(began).Round(time.Second), longest.Round(time.Millisecond))
}

// mostAtOnce is the part of all kills that one emptying, or filling, has.
const mostAtOnce = 6

// memoryFor is what each host has, in MiB: the emptied one enough for all guests, and each other one for its share of them
// and not for one more.
func memoryFor(world *lab.World, guests int) map[string]int {
	others := len(world.Hosts) - 1
	share := (guests + others - 1) / others
	memory := map[string]int{}
	for _, h := range world.Hosts {
		memory[h.Name] = share*guestMiB + guestMiB*9/10
	}
	memory[emptied] = (guests + 1) * guestMiB * 5 / 4
	return memory
}

// drain is a host that is emptied and filled again.
type drain struct {
	*testing.T

	fleet  *fleet.Fleet
	guests []*lab.Guest
	random *rand.Rand
	// memory is what hosts have, in MiB, by name.
	memory map[string]int
	// evacuations are the IDs of those that were.
	evacuations []string
}

// carryOut has runs do what is to be done, and kills so many of them at random moments, until one has come to its end. It
// tells how many it has killed.
func (d *drain) carryOut(do act, most int) (kills int) {
	d.Helper()
	for {
		after := 5 * time.Minute
		if kills < most {
			after = time.Duration(d.random.Int64N(int64(12 * time.Second)))
		}
		began := time.Now()
		err := worker.KillAfter(d.Context(), do, after)
		d.Logf("%s: %v after %s", do, err, time.Since(began).Round(time.Millisecond))
		switch {
		case err == nil:
			return kills
		case !errors.Is(err, lab.ErrKilled) || kills == most:
			d.Fatalf("to %s the host: %v", do, err)
		}
		kills++
	}
}

// checkPeaks makes sure that no host was promised to more than it has memory for, and that no more moved at a time than
// may.
func (d *drain) checkPeaks(peaks map[string]lab.Peak) {
	d.Helper()
	for name, peak := range peaks {
		d.Logf("%s: at most %d MiB of guests, %d that left and %d that entered at a time", name, peak.MemoryMiB, peak.Out, peak.In)
		if peak.MemoryMiB > d.memory[name] || peak.Out > fleet.DefaultMigrations || peak.In > fleet.DefaultMigrations {
			d.Errorf("%s has %d MiB, and lets %d leave and enter at a time", name, d.memory[name], fleet.DefaultMigrations)
		}
	}
}

// check makes sure that each guest runs once, where it is to be, and that its history has one move away from the host for
// each evacuation.
func (d *drain) check(do act) {
	d.Helper()
	state, cordoned, err := d.fleet.Maintenance(d.Context(), emptied)
	if err != nil || cordoned != (do == empties) {
		d.Errorf("after %s: the host has a record: %t, %v", do, cordoned, err)
	}
	if do == empties {
		d.evacuations = append(d.evacuations, state.Evacuation)
	}
	for _, guest := range d.guests {
		location, past, err := d.fleet.History(d.Context(), guest.UUID)
		if err != nil {
			d.Fatal(err)
		}
		if (location.Host == emptied) != (do == fills) || !location.Domain.Active() {
			d.Errorf("after %s: %s is %s on %s", do, guest.Name, location.Domain.State, location.Host)
		}
		if runs := d.atRest(guest); len(runs) != 1 || runs[0] != location.Host {
			d.Errorf("after %s: %s runs on %v", do, guest.Name, runs)
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
				d.Errorf("after %s: evacuation %s has moved %s %d times: %+v", do, id, guest.Name, len(away), wayOf(past))
			}
		}
	}
}

// atRest is where QEMUs of a guest run, once that is one alone: the one that it has left ends in its own time.
func (d *drain) atRest(guest *lab.Guest) (runs []string) {
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	for {
		if runs = guest.HostsRunning(); len(runs) == 1 {
			return runs
		}
		select {
		case <-ctx.Done():
			return runs
		case <-time.After(20 * time.Millisecond): // no event tells
		}
	}
}

// wayOf is a VM's history in short, newest first.
func wayOf(past history.History) string {
	var way strings.Builder
	for _, e := range past.Entries {
		fmt.Fprintf(&way, "\n%s %s to %s, %s, evacuation %q", e.StartedAt.Format(time.TimeOnly), e.From.Label, e.To.Label, e.Outcome, e.Evacuation)
	}
	return way.String()
}
