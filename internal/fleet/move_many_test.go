//go:build lab

package fleet

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestMove_many watches four moves from one host at once over the connections
// that they share, and cancels all of them: statistics come at once, and so does
// the end.
func TestMove_many(t *testing.T) {
	t.Parallel()
	const (
		moves  = 4
		rounds = 10
		// Far more than what an idle machine needs, and less than a call's deadline.
		soon = 5 * time.Second
	)
	f := open(t, labConfig(t, UnreachableError))
	source, err := f.host("kvm1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	limit := int64(1)
	guests := testLab(t).StartGuests(t, moves, lab.GuestSpec{})
	ended := make(chan error, moves)
	for _, guest := range guests {
		go func() {
			_, err := f.Move(ctx, Move{VM: guest.UUID, Destination: "kvm2", Mode: migration.Auto, Policy: policy.Policy{BandwidthMiBPerSecond: &limit}}, quiet)
			ended <- err
		}()
	}
	for _, guest := range guests {
		awaitJob(t, guest, "kvm1")
	}

	var slowest time.Duration
	for range rounds {
		started := time.Now()
		var all sync.WaitGroup
		for _, guest := range guests {
			all.Go(func() {
				if job, err := source.Job(testContext(t), guest.UUID); err != nil || job.Type != migration.JobRunning {
					t.Errorf("job %+v, %v", job, err)
				}
			})
		}
		all.Wait()
		slowest = max(slowest, time.Since(started))
	}
	cancelled := time.Now()
	cancel()
	for range guests {
		var called *migration.CancelledError
		if err := <-ended; !errors.As(err, &called) || called.Outcome.Place() != migration.OnSource {
			t.Errorf("error %v, want a CancelledError that leaves the VM on kvm1", err)
		}
	}
	took := time.Since(cancelled)
	t.Logf("the statistics of %d moves came within %s, their end within %s", moves, slowest.Round(time.Millisecond), took.Round(time.Millisecond))
	if slowest > soon || took > 2*soon {
		t.Errorf("want at most %s and %s", soon, 2*soon)
	}
}
