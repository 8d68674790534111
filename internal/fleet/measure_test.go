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

// Who waits for a measurement that its asker gives up measures itself.
func TestMeasureAfterAnotherWasCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := measurements{all: map[string]*measuring{}}
		first, cancel := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			_, err := all.measure(first, "a", func() (forecast.Measurement, error) {
				<-first.Done()
				return forecast.Measurement{}, first.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the first one: %v", err)
			}
		})
		synctest.Wait()
		asking.Go(func() {
			m, err := all.measure(t.Context(), "a", func() (forecast.Measurement, error) {
				return forecast.Measurement{MemoryBytes: 2}, nil
			})
			if err != nil || m.MemoryBytes != 2 {
				t.Errorf("the second one: %+v, %v", m, err)
			}
		})
		synctest.Wait()
		cancel()
		asking.Wait()
	})
}
