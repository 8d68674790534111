//go:build lab

package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// busy is what is moved: it dirties memory all the time, at half of what a move carries.
var busy = lab.GuestSpec{Load: lab.Load{HotMiB: 48, Cost: 10 * time.Microsecond, CeilingMiB: bandwidth / 2}}

// tolerance is how much longer the guest may seem to have stood still than libvirt's downtime, the longest gap of a
// guest that is not moved, and the time that its QEMU waited for a processor: the last two tell of what else keeps the
// machine busy.
const tolerance = lab.BeatPeriod + time.Second

// patience bounds every wait for something that is sure to come.
const patience = time.Minute

func TestSoak(t *testing.T) {
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	moves, seed := number(t, movesVariable, usualMoves), number(t, seedVariable, uint64(time.Now().UnixNano()))
	t.Logf("%d moves; repeat them with %s=%d", moves, seedVariable, seed)
	random := rand.New(rand.NewPCG(seed, 0)) // it must be possible to repeat them

	s := &soak{T: t, world: world, guest: world.StartGuest(t, busy), bystander: world.StartGuest(t, lab.IdleGuest("bystander"))}
	before, began := s.traces(), time.Now()
	s.fleet = newFleet(t, world)
	s.idle = s.connected()
	for number := range moves {
		s.move(number+1, draw(random))
		if t.Failed() {
			break
		}
	}
	s.fleet.Close()
	s.requireNoTraces(before)
	s.requirePulse("in all moves", s.guest.Between(began, time.Now()))
	if arrived := s.tally.arrived + s.tally.tooLate; moves >= enough && (arrived == 0 || s.tally.cancelled == 0) {
		t.Errorf("%d moves arrived and %d were cancelled, want some of each", arrived, s.tally.cancelled)
	}
	t.Log(s.tally)
}

// enough moves have some that arrive and some that are cancelled, but for once in a hundred thousand times.
const enough = 25

// soak is a guest that is moved back and forth.
type soak struct {
	*testing.T

	world *lab.World
	fleet *fleet.Fleet
	guest *lab.Guest
	at    int // the host that it is on
	// bystander is a guest that is not moved.
	bystander *lab.Guest
	// idle is how many goroutines there are between moves.
	idle  int
	tally tally
}

func newFleet(t *testing.T, world *lab.World) *fleet.Fleet {
	t.Helper()
	f, err := fleet.New(configOf(world))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func configOf(world *lab.World) fleet.Config {
	config := fleet.Config{MaxOutgoing: fleet.DefaultMigrations, MaxIncoming: fleet.DefaultMigrations}
	for _, h := range world.Hosts {
		config.Hosts = append(config.Hosts, host.Config{Name: h.Name, URI: h.URI, PeerURI: h.PeerURI, MigrationURI: h.MigrationURI})
	}
	return config
}

// connected asks both hosts something, and returns how many goroutines there are with a connection to each.
func (s *soak) connected() int {
	location, err := s.fleet.Find(s.Context(), s.guest.UUID, "")
	if err != nil || location.Host != s.world.Hosts[s.at].Name {
		s.Fatalf("the guest is to be on %s: %v, %v", s.world.Hosts[s.at].Name, location, err)
	}
	return runtime.NumGoroutine()
}

// move makes one attempt and checks everything that must hold after it.
func (s *soak) move(number uint64, a attempt) {
	home, other := s.world.Hosts[s.at], s.world.Hosts[1-s.at]
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	if a.patience > 0 {
		defer time.AfterFunc(a.patience, cancel).Stop()
	}
	starvedBefore := s.starvation()
	began := time.Now()
	moved, err := s.fleet.Move(ctx, a.request(s.guest.Name, other.Name), func(fleet.Progress) {})
	took := time.Since(began)

	downtime := time.Duration(0)
	switch {
	case err == nil:
		s.at = 1 - s.at
		home, other = other, home
		if moved.Report.Downtime != nil {
			downtime = *moved.Report.Downtime
		}
	case a.patience == 0 || !wasCancelled(err):
		s.Errorf("move %d (%s) failed: %v", number, a, err)
		return
	}
	s.requireHome(number, a, home, other)
	ended := s.nextBeat()
	record, still := s.guest.Between(began, ended), s.bystander.Between(began, ended)
	s.requirePulse(fmt.Sprintf("in move %d (%s)", number, a), record)
	starved := time.Duration(0)
	for pid, waited := range s.starvation() {
		starved = max(starved, waited-starvedBefore[pid])
	}
	if record.LongestGap > downtime+still.LongestGap+starved+tolerance {
		s.Errorf("in move %d (%s) the guest stood still for %s, with a downtime of %s, %s of a guest that was not moved, and %s without a processor; it began %s after the move did, which took %s",
			number, a, record.LongestGap, downtime, still.LongestGap, starved, s.gapBegan(began, ended), took)
	}
	s.requireIdle(fmt.Sprintf("move %d (%s)", number, a))
	s.tally.add(a, err == nil, took, downtime, record.LongestGap)
	s.Logf("move %d, %s: on %s after %.1f s, downtime %s, longest gap %.1f s, %.1f s without a processor",
		number, a, home.Name, took.Seconds(), downtime, record.LongestGap.Seconds(), starved.Seconds())
}

// starvation is how long each QEMU of the guest has waited for a processor, by its process ID.
func (s *soak) starvation() map[int]time.Duration {
	waited := map[int]time.Duration{}
	for _, p := range s.guest.Processes() {
		waited[p.PID] = p.Starved()
	}
	return waited
}

// wasCancelled tells whether the error is that of a move that was cancelled, or
// of one that was before it had begun.
func wasCancelled(err error) bool {
	var cancelled *migration.CancelledError
	return errors.As(err, &cancelled) && (cancelled.Err != nil || cancelled.Outcome.Place() == migration.OnSource)
}

// nextBeat waits for a heartbeat that comes after the move and returns when it came.
func (s *soak) nextBeat() time.Time {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	beat, err := s.guest.NextBeat(ctx)
	if err != nil {
		s.Fatalf("the guest does not beat any more: %v", err)
	}
	return beat.Arrived
}

// requireHome wants the guest to run on one host, without a job, and the other one to have nothing of it.
func (s *soak) requireHome(number uint64, a attempt, home, other *lab.Host) {
	if state := home.MustVirsh(s, "domstate", s.guest.UUID); strings.TrimSpace(state) != "running" {
		s.Errorf("after move %d (%s) the guest is %s on %s", number, a, state, home.Name)
	}
	if job := home.MustVirsh(s, "domjobinfo", s.guest.UUID); !strings.Contains(job, "None") {
		s.Errorf("after move %d (%s) a job is left: %s", number, a, job)
	}
	if list := other.MustVirsh(s, "list", "--all", "--uuid"); strings.Contains(list, s.guest.UUID) {
		s.Errorf("after move %d (%s) %s has the guest, too", number, a, other.Name)
	}
	s.eventually("one QEMU of the guest runs", func() bool {
		hosts := s.guest.HostsRunning()
		return len(hosts) == 1 && hosts[0] == home.Name
	})
}

// gapBegan tells how long after the start of a move the longest gap began.
func (s *soak) gapBegan(began, ended time.Time) time.Duration {
	last, longest, at := began, time.Duration(0), began
	for _, beat := range s.guest.Beats() {
		if beat.Arrived.Before(began) || beat.Arrived.After(ended) {
			continue
		}
		if gap := beat.Arrived.Sub(last); gap > longest {
			longest, at = gap, last
		}
		last = beat.Arrived
	}
	return at.Sub(began)
}

// requirePulse wants every heartbeat to have come once.
func (s *soak) requirePulse(when string, record lab.Record) {
	if len(record.Lost) > 0 || len(record.Repeated) > 0 {
		s.Errorf("%s heartbeats were lost: %v, repeated: %v", when, record.Lost, record.Repeated)
	}
	if err := s.guest.Failure(); err != nil {
		s.Errorf("%s the guest failed: %v", when, err)
	}
}

// requireIdle wants no more than the control connection to each host, and the goroutines of those, to be left of a move.
func (s *soak) requireIdle(move string) {
	for _, h := range s.world.Hosts {
		s.eventually("one connection is left to "+h.Name, func() bool {
			count, err := h.Connections()
			return err == nil && count <= 1
		})
	}
	s.eventually("no goroutine is left of a move", func() bool { return runtime.NumGoroutine() <= s.idle })
	if s.Failed() {
		s.Logf("that was %s", move)
	}
}

// traces are what a fleet could leave behind.
type traces struct {
	goroutines  int
	connections []int
}

func (s *soak) traces() traces {
	found := traces{goroutines: runtime.NumGoroutine()}
	for _, h := range s.world.Hosts {
		count, err := h.Connections()
		if err != nil {
			s.Fatal(err)
		}
		found.connections = append(found.connections, count)
	}
	return found
}

func (s *soak) requireNoTraces(before traces) {
	s.eventually("no goroutine and no connection is left", func() bool {
		now := s.traces()
		for i := range now.connections {
			if now.connections[i] > before.connections[i] {
				return false
			}
		}
		return now.goroutines <= before.goroutines
	})
}

// eventually waits until a condition holds, and fails the test when it does not.
func (s *soak) eventually(what string, holds func() bool) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			stacks := make([]byte, 1<<20)
			s.Errorf("after %s it still does not hold that %s\n%s", patience, what, stacks[:runtime.Stack(stacks, true)])
			return
		case <-ticker.C:
		}
	}
}
