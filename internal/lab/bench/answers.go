package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// answers is how soon a source answers about moves that are under way, and takes orders to abort them.
type answers struct {
	source *host.Host
	guests []*lab.Guest
}

const (
	// answersWithin, in seconds, is the limit of each answer.
	answersWithin = 0.5
	// askEvery is the time between two questions, as often as an engine asks that watches a young move.
	askEvery = 100 * time.Millisecond
)

// newAnswers connects to the source of guests by the provider's own code.
func newAnswers(source *lab.Host, guests []*lab.Guest) (*answers, error) {
	h, err := host.New(host.Config{Name: source.Name, URI: source.URI})
	return &answers{h, guests}, err
}

func (a *answers) Close() error { return a.source.Close() }

// slowest asks about each guest again and again until stop is called, which returns the seconds that the slowest answer about
// a running job took. What libvirt answers when the job has just ended, or has not begun, is no statistics.
func (a *answers) slowest(ctx context.Context) (stop func() (float64, error)) {
	ctx, end := context.WithCancel(ctx)
	took := make([]float64, len(a.guests))
	var asking sync.WaitGroup
	for i, guest := range a.guests {
		asking.Go(func() {
			ticker := time.NewTicker(askEvery)
			defer ticker.Stop()
			for {
				asked := time.Now()
				if job, err := a.source.Job(ctx, guest.UUID); err == nil && job.Type == migration.JobRunning {
					took[i] = max(took[i], time.Since(asked).Seconds())
				}
				select {
				case <-ticker.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return func() (float64, error) {
		end()
		asking.Wait()
		if slices.Min(took) == 0 {
			return 0, errors.New("a move was never seen to run")
		}
		return slices.Max(took), nil
	}
}

// abort waits until all guests are being moved, aborts all moves at once, and returns the seconds that the slowest order
// took.
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
			failures[i] = a.source.AbortJob(ctx, guest.UUID)
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
		job, err := a.source.Job(ctx, guest.UUID)
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
