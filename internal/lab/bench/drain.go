package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// drain empties a host of guests by the action, beside the time that no order of their moves can beat, and beside a
// loop over virsh.
type drain struct{}

func (drain) Name() string { return "drain" }
func (drain) Hosts() int   { return 4 }

const (
	// drainPlaces is how many moves leave and enter a host at a time.
	drainPlaces = 2
	// drainLink, in MiB/s, is what the link of the emptied host carries.
	drainLink = 30
)

// drained are the guests, by what they fill of their memory, in MiB. No two are alike: moves of equal length end at the
// same moment, and the link then waits for the starts of the next ones, whoever starts them.
var drained = []int{96, 88, 80, 72, 64, 56, 48, 44, 40, 36, 32, 28}

// loop is the shell's.
//
//go:embed drain.sh
var loop string

func (d drain) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	r := emptying{hosts: b.World.Hosts[:d.Hosts()]}
	r.guests, err = b.startAll(ctx, drained[:min(len(drained), b.VMs)])
	defer func() { err = b.remove(ctx, err, r.guests...) }()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.hosts[0].Limit(context.WithoutCancel(ctx), 0)) }()
	var ours, bound, shell []float64
	for round := range b.Rounds {
		byAction, err := r.timed(ctx, r.byAction)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			err = r.returnAlone(ctx)
		} else {
			err = r.returnAll(ctx)
		}
		if err != nil {
			return nil, err
		}
		byShell, err := r.timed(ctx, r.byShell)
		if err == nil {
			err = r.returnAll(ctx)
		}
		if err != nil {
			return nil, err
		}
		ours, shell = append(ours, byAction), append(shell, byShell)
		bound = append(bound, shortest(r.alone, drainLink<<20, drainPlaces))
		b.Say("round %d: %d guests left in %.1f s, and cannot in less than %.1f s (%s); the loop took %.1f s",
			round+1, len(r.guests), ours[round], bound[round], sums(r.alone), shell[round])
	}
	what := fmt.Sprintf("emptying a host of %d guests, over %d MiB/s, %d at a time", len(r.guests), drainLink, drainPlaces)
	return []Figure{
		pairs(what, "what no order of the moves can beat", "s", ours, bound, 1.1),
		pairs(what, "a loop over virsh migrate --live", "s", ours, shell, 1),
	}, nil
}

// startAll starts guests side by side on the first host, which fill so much of their memory, in MiB, and then change
// little of it. Those that run are returned with an error, too.
func (b *Bench) startAll(ctx context.Context, filled []int) (guests []*lab.Guest, err error) {
	var mu sync.Mutex
	var starting sync.WaitGroup
	for _, mib := range filled {
		starting.Go(func() {
			guest, failed := b.World.Start(ctx, lab.GuestSpec{Load: lab.Load{HotMiB: mib, CeilingMiB: 1}})
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, failed)
			if guest != nil {
				guests = append(guests, guest)
			}
		})
	}
	starting.Wait()
	return guests, err
}

// emptying is guests on the first of some hosts, which is emptied time and again.
type emptying struct {
	hosts  []*lab.Host
	guests []*lab.Guest
	// alone are the moves of the guests, one at a time.
	alone []lone
}

// timed empties the host over its link, and returns the seconds that it took. It fails where a guest is left.
func (e *emptying) timed(ctx context.Context, empty func(context.Context) error) (float64, error) {
	if err := e.hosts[0].Limit(ctx, drainLink); err != nil {
		return 0, err
	}
	started := time.Now()
	err := empty(ctx)
	took := time.Since(started).Seconds()
	for _, guest := range e.guests {
		if on := guest.HostsRunning(); err == nil && (len(on) != 1 || on[0] == e.hosts[0].Name) {
			err = fmt.Errorf("guest %s runs on %v", guest.Name, on)
		}
	}
	return took, err
}

// byAction empties the host by a provider that has no connection yet, as virsh has none.
func (e *emptying) byAction(ctx context.Context) error {
	o, err := newOperator(ctx, e.hosts, map[string]any{
		"max_outgoing_migrations": drainPlaces, "max_incoming_migrations": drainPlaces,
	})
	if err != nil {
		return err
	}
	defer o.Close()
	_, err = o.invoke(ctx, "virt_host_evacuation", map[string]any{"host": e.hosts[0].Name})
	return err
}

// byShell empties the host by the loop.
func (e *emptying) byShell(ctx context.Context) error {
	arguments := []string{"-c", loop, "drain.sh", e.hosts[0].URI}
	for _, to := range e.hosts[1:] {
		arguments = append(arguments, to.URI, to.PeerURI, to.MigrationURI)
	}
	printed, err := exec.CommandContext(ctx, "sh", arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, printed)
	}
	return nil
}

// returnAlone brings the guests back one after the other over the link, and notes what each move took of it.
func (e *emptying) returnAlone(ctx context.Context) error {
	for _, guest := range e.guests {
		before, _, err := e.hosts[0].LinkBytes()
		if err != nil {
			return err
		}
		seconds, err := e.bringBack(ctx, guest)
		if err != nil {
			return err
		}
		after, _, err := e.hosts[0].LinkBytes()
		if err != nil {
			return err
		}
		e.alone = append(e.alone, lone{float64(after - before), seconds})
	}
	return nil
}

// returnAll brings the guests back as fast as that goes.
func (e *emptying) returnAll(ctx context.Context) error {
	if err := e.hosts[0].Limit(ctx, 0); err != nil {
		return err
	}
	for _, guest := range e.guests {
		if _, err := e.bringBack(ctx, guest); err != nil {
			return err
		}
	}
	return nil
}

// bringBack returns the seconds that the guest's move back takes.
func (e *emptying) bringBack(ctx context.Context, guest *lab.Guest) (float64, error) {
	on := guest.HostsRunning()
	for _, from := range e.hosts[1:] {
		if len(on) == 1 && on[0] == from.Name {
			return journey{}.byVirsh(ctx, guest, from, e.hosts[0])
		}
	}
	return 0, fmt.Errorf("guest %s runs on %v", guest.Name, on)
}
