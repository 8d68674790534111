package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// answers is how soon a source answers about moves that are under way, and takes orders to abort them.
type answers struct {
	// hosts make the moves and ask about them by the provider's own code; the first one is the source.
	hosts []*host.Host
	// alone asks by the client library alone, for each guest on a connection of its own: what libvirtd itself takes.
	alone  []*libvirt.Libvirt
	guests []*lab.Guest
}

const (
	// answersWithin, in seconds, is the limit of each answer.
	answersWithin = 0.5
	// askEvery is the time between two questions, as often as an engine asks that watches a young move.
	askEvery = 100 * time.Millisecond
)

// newAnswers connects to hosts, of which the first one has the guests. Close it also after an error.
func newAnswers(hosts []*lab.Host, guests []*lab.Guest) (a *answers, err error) {
	a = &answers{guests: guests}
	for _, h := range hosts {
		connected, err := host.New(host.Config{Name: h.Name, URI: h.URI, MigrationURI: h.MigrationURI})
		if err != nil {
			return a, err
		}
		a.hosts = append(a.hosts, connected)
	}
	for range guests {
		lv := libvirt.NewWithDialer(dialers.NewRemote(hosts[0].Address))
		if err := lv.ConnectToURI(libvirt.QEMUSystem); err != nil {
			return a, err
		}
		a.alone = append(a.alone, lv)
	}
	return a, nil
}

func (a *answers) Close() error {
	var failed error
	for _, lv := range a.alone {
		failed = errors.Join(failed, lv.Disconnect())
	}
	for _, h := range a.hosts {
		failed = errors.Join(failed, h.Close())
	}
	return failed
}

// move moves a guest by the engine, and returns the seconds that it took.
func (a *answers) move(ctx context.Context, guest *lab.Guest, from, to int) (float64, error) {
	source, destination := a.hosts[from], a.hosts[to]
	started := time.Now()
	_, err := migration.Run(ctx, migration.Request{
		UUID: guest.UUID, Name: guest.Name, Source: source, Destination: destination, Mode: migration.PeerToPeer,
		PeerURI: destination.PeerURI(), MigrationURI: destination.MigrationURI(), Policy: policy.Resolve(policy.Levels{}),
	}, func(migration.Progress) {})
	return time.Since(started).Seconds(), err
}

// moveAll moves all guests at once, and returns the seconds until the last one is there.
func (a *answers) moveAll(ctx context.Context) (float64, error) {
	failures := make([]error, len(a.guests))
	var running sync.WaitGroup
	started := time.Now()
	for i, guest := range a.guests {
		running.Go(func() { _, failures[i] = a.move(ctx, guest, 0, 1) })
	}
	running.Wait()
	return time.Since(started).Seconds(), errors.Join(failures...)
}

// slowest asks about each guest again and again, in both ways by turns, until stop is called, which returns the seconds
// that the slowest answers about a running job took. What libvirt answers when the job has just ended, or has not
// begun, is no statistics.
func (a *answers) slowest(ctx context.Context) (stop func() (ours, alone float64, err error)) {
	ctx, end := context.WithCancel(ctx)
	ours, alone := make([]float64, len(a.guests)), make([]float64, len(a.guests))
	var asking sync.WaitGroup
	for i, guest := range a.guests {
		ways := []struct {
			running func() bool
			slowest *float64
		}{
			{func() bool { return a.running(ctx, guest) }, &ours[i]},
			{func() bool { return runningAlone(a.alone[i], guest) }, &alone[i]},
		}
		asking.Go(func() {
			ticker := time.NewTicker(askEvery)
			defer ticker.Stop()
			for turn := 0; ; turn++ {
				way := ways[turn%len(ways)]
				asked := time.Now()
				if way.running() {
					*way.slowest = max(*way.slowest, time.Since(asked).Seconds())
				}
				select {
				case <-ticker.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return func() (float64, float64, error) {
		end()
		asking.Wait()
		if min(slices.Min(ours), slices.Min(alone)) == 0 {
			return 0, 0, errors.New("a move was never seen to run")
		}
		return slices.Max(ours), slices.Max(alone), nil
	}
}

// running tells whether a guest is being moved, by the provider's own code.
func (a *answers) running(ctx context.Context, guest *lab.Guest) bool {
	job, err := a.hosts[0].Job(ctx, guest.UUID)
	return err == nil && job.Type == migration.JobRunning
}

// runningAlone tells the same by the client library alone.
func runningAlone(lv *libvirt.Libvirt, guest *lab.Guest) bool {
	id, err := uuid.Parse(guest.UUID)
	if err != nil {
		return false
	}
	kind, _, err := lv.DomainGetJobStats(libvirt.Domain{UUID: libvirt.UUID(id)}, 0)
	return err == nil && (libvirt.DomainJobType(kind) == libvirt.DomainJobBounded ||
		libvirt.DomainJobType(kind) == libvirt.DomainJobUnbounded)
}

// abort waits until all guests are being moved, aborts all moves at once, and returns the seconds that the slowest
// order took.
func (a *answers) abort(ctx context.Context) (float64, error) {
	for _, guest := range a.guests {
		if err := a.sending(ctx, guest); err != nil {
			return 0, err
		}
	}
	took, failures := make([]float64, len(a.guests)), make([]error, len(a.guests))
	var ordering sync.WaitGroup
	for i, guest := range a.guests {
		ordering.Go(func() {
			ordered := time.Now()
			failures[i] = a.hosts[0].AbortJob(ctx, guest.UUID)
			took[i] = time.Since(ordered).Seconds()
		})
	}
	ordering.Wait()
	return slices.Max(took), errors.Join(failures...)
}

// sending returns when memory of a guest is being sent.
func (a *answers) sending(ctx context.Context, guest *lab.Guest) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		job, err := a.hosts[0].Job(ctx, guest.UUID)
		if err == nil && job.Type == migration.JobRunning && job.MemoryTotal > 0 {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("the move of %s was not seen: %w", guest.Name, errors.Join(ctx.Err(), err))
		}
	}
}
