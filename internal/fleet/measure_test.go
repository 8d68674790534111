package fleet

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
)

// TestMeasurements: a VM is measured once, whoever asks; a measurement that failed is made again; who waits for
// another's may leave.
func TestMeasurements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := measurements{all: map[string]*measuring{}}
		taken, release := 0, make(chan struct{})
		failure := errors.New("no")
		take := func() (forecast.Measurement, error) {
			taken++
			<-release
			return forecast.Measurement{MemoryBytes: uint64(taken)}, failure
		}
		var asking sync.WaitGroup
		for range 3 {
			asking.Go(func() {
				if _, err := all.measure(t.Context(), "a", take); !errors.Is(err, failure) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		gone, leave := context.WithCancelCause(t.Context())
		leave(context.DeadlineExceeded)
		if _, err := all.measure(gone, "a", take); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
		asking.Wait()
		failure = nil
		for range 2 {
			if m, err := all.measure(t.Context(), "a", take); err != nil || m.MemoryBytes != 2 {
				t.Errorf("got %+v, %v", m, err)
			}
		}
		if _, err := all.measure(t.Context(), "b", take); err != nil || taken != 3 {
			t.Errorf("%d measurements, %v; want 3: of another VM, too", taken, err)
		}
	})
}
