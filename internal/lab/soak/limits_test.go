//go:build lab

package soak

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	// limitRuns each move limitVMs at once, while virsh moves one more.
	limitRuns = 3
	limitVMs  = 2
	// limit is how many may move at a time.
	limit = fleet.DefaultMigrations
	// slow has each move last some seconds.
	slow = 96
	// long is how long a move hardly ever takes, its wait included: what it told is then logged.
	long = 40 * time.Second
)

// TestSoak_limits has several runs, which know nothing of each other, and virsh move VMs between the same hosts at once, back
// and forth. Never do more move at a time than may, and each move has its turn.
func TestSoak_limits(t *testing.T) {
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &limitSoak{T: t, world: world, watcher: newFleet(t, world)}
	s.foreign = world.StartGuest(t, lab.IdleGuest("foreign"))
	for range limitRuns {
		s.runs = append(s.runs, newFleet(t, world))
	}
	s.guests = world.StartGuests(t, limitRuns*limitVMs, lab.IdleGuest(""))
	t.Run("killed", s.killed)
	for round := range number(t, movesVariable, usualMoves) {
		s.round(round + 1)
		if t.Failed() {
			return
		}
	}
	slices.Sort(s.waits)
	t.Logf("%d moves; at most %d at a time; from being asked for to the end: median %s, longest %s", len(s.waits), s.most,
		s.waits[len(s.waits)/2].Round(time.Millisecond), s.waits[len(s.waits)-1].Round(time.Millisecond))
	if s.most != limit {
		t.Errorf("never more than %d moved at a time", s.most)
	}
}

// limitSoak is guests that are moved back and forth.
type limitSoak struct {
	*testing.T

	world   *lab.World
	runs    []*fleet.Fleet
	watcher *fleet.Fleet
	guests  []*lab.Guest
	foreign *lab.Guest // that virsh moves
	at      int        // the host that all are on

	mu    sync.Mutex
	waits []time.Duration
	most  int
}

// round moves all guests to the other host.
func (s *limitSoak) round(number uint64) {
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	from, to := s.world.Hosts[s.at], s.world.Hosts[1-s.at]
	watch := s.world.Watch(ctx, append(slices.Clone(s.guests), s.foreign))
	var all sync.WaitGroup
	arrived := make(chan struct{})
	all.Go(func() { // virsh asks nobody, so it has to be first
		defer close(arrived)
		_, err := from.Virsh(ctx, "migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--bandwidth", fmt.Sprint(slow),
			s.foreign.Name, to.PeerURI, to.MigrationURI)
		if err != nil {
			s.Errorf("round %d: virsh: %v", number, err)
		}
	})
	for under := true; under && s.moving(ctx, from.Name, to.Name) == 0; {
		select {
		case <-arrived: // before anybody saw it move
			under = false
		case <-time.After(20 * time.Millisecond): // a poll
		}
	}
	began := time.Now()
	for i, guest := range s.guests {
		all.Go(func() { s.move(ctx, number, i, guest, to.Name) })
	}
	all.Wait()
	s.Logf("round %d: %d VMs went to %s in %s", number, len(s.guests)+1, to.Name, time.Since(began).Round(time.Millisecond))
	for name, peak := range watch.Stop() {
		if peak.Out > limit || peak.In > limit {
			s.Errorf("round %d: %d VMs left %s and %d entered it at a time", number, peak.Out, name, peak.In)
		}
		s.most = max(s.most, peak.Out, peak.In)
	}
	hosts, err := s.watcher.Hosts(ctx, []string{from.Name, to.Name})
	for _, h := range hosts {
		if len(h.Standing.Leases) > 0 || h.Err != nil {
			s.Errorf("round %d: afterwards %s has leases: %+v (%v)", number, h.Name, h.Standing.Leases, errors.Join(err, h.Err))
		}
	}
	s.at = 1 - s.at
}

// move is one of a run's.
func (s *limitSoak) move(ctx context.Context, round uint64, i int, guest *lab.Guest, to string) {
	began := time.Now()
	run := s.runs[i%limitRuns]
	var told []string // by one goroutine after the other
	moved, err := run.Move(ctx, fleet.Move{VM: guest.UUID, Destination: to, Policy: policy.Policy{BandwidthMiBPerSecond: new(int64(slow))}},
		func(p fleet.Progress) {
			told = append(told, fmt.Sprintf("%s %s %+v", time.Since(began).Round(time.Second), p.Phase, p.Waiting))
		})
	if took := time.Since(began); took > long {
		s.Logf("round %d: VM %s took %s: %s", round, guest.Name, took.Round(time.Second), strings.Join(told, "\n"))
	}
	if err != nil || !moved.Report.Moved {
		s.Errorf("round %d: VM %s: %+v, %v", round, guest.Name, moved.Report, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = append(s.waits, time.Since(began))
}

// moving is how many VMs move from one host to the other, as the hosts say.
func (s *limitSoak) moving(ctx context.Context, from, to string) int {
	hosts, err := s.watcher.Hosts(ctx, []string{from, to})
	if err != nil || hosts[0].Migrations == nil || hosts[1].Migrations == nil {
		return 0
	}
	return max(hosts[0].Migrations.Outgoing+hosts[1].Migrations.Outgoing, hosts[0].Migrations.Incoming+hosts[1].Migrations.Incoming)
}

// killed has a run killed (SIGKILL) that moves a VM. Its migration goes on and has its place; once that has ended, so does
// the lease: the next run is on the same machine, and sees that the process is gone.
func (s *limitSoak) killed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	from, to := s.world.Hosts[0], s.world.Hosts[1]
	victim, guest := s.guests[0], s.guests[1]
	crawl := policy.Policy{BandwidthMiBPerSecond: new(int64(1))}
	crawls := order{Hosts: []string{from.Name, to.Name}, VM: victim.UUID, Destination: to.Name, Mode: migration.PeerToPeer, Policy: crawl}
	err := mover.KillOnce(ctx, crawls, func() bool {
		job, err := from.Virsh(ctx, "domjobinfo", victim.UUID)
		return err == nil && strings.Contains(job, "Memory processed")
	})
	if !errors.Is(err, lab.ErrKilled) || s.moving(ctx, from.Name, to.Name) != 1 {
		t.Fatalf("the client was not killed while its VM moved: %v", err)
	}
	config := configOf(s.world)
	config.MaxOutgoing, config.MaxIncoming = 1, 1
	run, err := fleet.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	var holder string
	var ended, begun time.Time
	_, err = run.Move(ctx, fleet.Move{VM: guest.UUID, Destination: to.Name}, func(p fleet.Progress) {
		if p.Waiting.Kind == places.FullSource && holder == "" {
			holder = p.Waiting.Holders[0].Run
			from.MustVirsh(t, "domjobabort", victim.Name)
			ended = time.Now()
		}
		if p.Waiting.Kind == places.NoWait && begun.IsZero() {
			begun = time.Now()
		}
	})
	took := begun.Sub(ended)
	if err != nil || holder == "" || ended.IsZero() || took < 0 || took > lease.Life/2 {
		t.Errorf("it began %s after the killed run's migration had ended, and said that run %q was in its way: %v", took, holder, err)
	}
	t.Logf("it began %s after the end of the migration of the killed run %s", took.Round(time.Millisecond), holder)
	if _, err := run.Move(ctx, fleet.Move{VM: guest.UUID, Destination: from.Name}, func(fleet.Progress) {}); err != nil {
		t.Error(err)
	}
}
