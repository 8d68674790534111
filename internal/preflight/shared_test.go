package preflight_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	pt "github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight/preflighttest"
)

// slowly answers after a time, or not when the caller leaves first.
func slowly(after time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(after):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestShared_asksOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := pt.New("kvm1")
		host.Before("Memory", slowly(time.Second))
		shared := preflight.Share(host)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if m, err := shared.Memory(t.Context()); err != nil || m != host.Has {
					t.Errorf("%v, %v", m, err)
				}
			})
		}
		all.Wait()
		if n := host.Calls("Memory"); n != 1 {
			t.Errorf("%d calls", n)
		}
		time.Sleep(2 * time.Second) // VMs have come and gone
		if _, err := shared.Memory(t.Context()); err != nil || host.Calls("Memory") != 2 {
			t.Errorf("%d calls after a while, %v", host.Calls("Memory"), err)
		}
	})
}

// A caller that leaves takes nobody else's answer along.
func TestShared_eachHasItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := pt.New("kvm1")
		host.Before("Memory", slowly(5*time.Second))
		shared := preflight.Share(host)
		var all sync.WaitGroup
		for _, patience := range []time.Duration{time.Second, 2 * time.Second} {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began := time.Now()
				if _, err := shared.Memory(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != patience {
					t.Errorf("%v after %s, want the deadline after %s", err, time.Since(began), patience)
				}
			})
		}
		all.Go(func() {
			if _, err := shared.Memory(t.Context()); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
	})
}

func TestShared_remembersRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		calls int
	}{
		"denied":      {migration.ErrDenied, 1},
		"unsupported": {migration.ErrUnsupported, 1},
		"unreachable": {migration.ErrUnreachable, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := pt.New("kvm1")
			host.Fails("Memory", test.err)
			shared := preflight.Share(host)
			for range 2 {
				if _, err := shared.Memory(t.Context()); !errors.Is(err, test.err) {
					t.Errorf("got %v", err)
				}
			}
			if n := host.Calls("Memory"); n != test.calls {
				t.Errorf("%d calls, want %d", n, test.calls)
			}
		})
	}
}
