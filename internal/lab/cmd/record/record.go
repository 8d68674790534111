package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// budget is how long a guest is measured.
const budget = 15 * time.Second

// recorder writes down moves.
type recorder struct {
	world *lab.World
	moves []kind
	// until is when it begins no more of them, and together how many guests it moves at a time.
	until    time.Time
	together int

	mu   sync.Mutex
	file io.Writer
}

// all records the moves of all guests, of some at a time. Each guest has its share of the time, and what a quick one
// leaves of it is for those after it.
func (r *recorder) all(ctx context.Context, guests []recorded) error {
	waiting := make(chan recorded, len(guests))
	for _, g := range guests {
		waiting <- g
	}
	close(waiting)
	failures := make([]error, r.together)
	var workers sync.WaitGroup
	for i := range r.together {
		workers.Go(func() {
			for g := range waiting {
				until := time.Now().Add(share(time.Until(r.until), 1+len(waiting), r.together))
				if err := r.guest(ctx, g, until); err != nil {
					failures[i] = errors.Join(failures[i], fmt.Errorf("guest %s: %w", g.name, err))
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(failures...)
}

// share is how much of the time that is left one guest has of those that have not begun, some of which are moved at a
// time.
func share(left time.Duration, guests, together int) time.Duration {
	return left * time.Duration(min(guests, together)) / time.Duration(guests)
}

// guest starts a guest, measures it once, and moves it to and fro, once under each policy, until its time is over.
func (r *recorder) guest(ctx context.Context, g recorded, until time.Time) (err error) {
	if time.Now().After(until) {
		return nil
	}
	guest, err := r.world.Start(ctx, g.spec)
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, guest.Remove(end))
	}()
	if err != nil {
		return err
	}
	f, err := newFleet(r.world, r.together)
	if err != nil {
		return err
	}
	defer f.Close()
	location, err := f.Find(ctx, guest.UUID, "")
	if err != nil {
		return err
	}
	measured, err := f.Measure(ctx, location, budget)
	if err != nil {
		return err
	}
	at := 0
	for _, m := range r.moves {
		if time.Now().After(until) {
			return nil
		}
		made, err := makeMove(ctx, f, guest, r.world.Hosts[1-at], m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		made.Guest, made.Measured = g.name, measured
		if made.Move.Outcome == history.Completed {
			at = 1 - at
		}
		if err := r.keep(made, m); err != nil {
			return err
		}
	}
	return nil
}

// keep writes a recording down.
func (r *recorder) keep(made recordings.Recording, m kind) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(os.Stderr, "%s, %s: %s\n", made.Guest, m.name, made.Move.Outcome)
	line, err := json.Marshal(made)
	if err != nil {
		return err
	}
	_, err = r.file.Write(append(line, '\n'))
	return err
}

// newFleet has room for the moves of all guests that are moved at a time: their fleets share the hosts' places.
func newFleet(world *lab.World, together int) (*fleet.Fleet, error) {
	config := fleet.Config{MaxOutgoing: together, MaxIncoming: together}
	for _, h := range world.Hosts {
		config.Hosts = append(config.Hosts, host.Config{
			Name: h.Name, URI: h.URI, PeerURI: h.PeerURI,
			MigrationURI: h.MigrationURI,
		})
	}
	return fleet.New(config)
}

// makeMove makes one move. One that did not converge, or ran out of time, is a recording like any other.
func makeMove(ctx context.Context, f *fleet.Fleet, guest *lab.Guest, to *lab.Host,
	m kind,
) (recordings.Recording, error) {
	r := recordings.Recording{Boot: guest.UUID}
	var last recordings.Pass
	reading := func(reading migration.Reading) {
		if pass := passOf(reading.Job); pass.Pass > 0 {
			if pass.Pass != last.Pass {
				r.Passes = append(r.Passes, pass)
			}
			last = pass
		}
	}
	began := time.Now()
	moved, err := f.Move(ctx, fleet.Move{
		VM: guest.UUID, Destination: to.Name, Mode: migration.PeerToPeer, Policy: m.policy, Reading: reading,
	}, func(fleet.Progress) {})
	var late *migration.TimedOutError
	var stuck *migration.NotConvergedError
	if err != nil && !errors.As(err, &late) && !errors.As(err, &stuck) {
		return r, err
	}
	r.Move, r.GapMS = moved.Entry, guest.Between(began, time.Now()).LongestGap.Milliseconds()
	if last.Pass > 0 {
		r.Passes = append(r.Passes, last)
	}
	return r, nil
}

func passOf(job migration.Job) recordings.Pass {
	p := recordings.Pass{
		Pass: job.Iteration, ElapsedMS: job.Elapsed.Milliseconds(), SentBytes: job.MemoryProcessed,
		RemainingBytes: job.MemoryRemaining,
	}
	if job.Throttle != nil {
		p.Throttle = *job.Throttle
	}
	return p
}
