package fleet

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

func TestRecordLocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locks := newRecordLocks()
		var order []string
		var all sync.WaitGroup
		for _, name := range []string{"first", "second", "third"} {
			all.Go(func() {
				release, err := locks.acquire(t.Context(), "record")
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				order = append(order, name)
				pass(t, time.Minute)
			})
			synctest.Wait()
		}
		if release, err := locks.acquire(t.Context(), "another record"); err != nil {
			t.Error(err)
		} else {
			release()
		}
		all.Wait()
		if diff := cmp.Diff([]string{"first", "second", "third"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

// TestRecordLocks_givenUp wants who waits to see that it was called off, and the
// lock to be free afterwards.
func TestRecordLocks_givenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		locks := newRecordLocks()
		release, err := locks.acquire(t.Context(), "record")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errCalledOff)
		defer cancel()
		if _, err := locks.acquire(ctx, "record"); !errors.Is(err, errCalledOff) || time.Since(start) != time.Minute {
			t.Errorf("error %v after %s, want the context's", err, time.Since(start))
		}
		release()
		if _, err := locks.acquire(ctx, "record"); !errors.Is(err, errCalledOff) {
			t.Errorf("error %v, want the context's, although the lock is free", err)
		}
		if release, err = locks.acquire(t.Context(), "record"); err != nil {
			t.Fatal(err)
		}
		release()
	})
}

var errCalledOff = errors.New("called off")

// TestChangesOfARecord_givenUp calls a change off that waits for another one of
// the same record.
func TestChangesOfARecord_givenUp(t *testing.T) {
	t.Parallel()
	const uuid = "7a5b1c7e-0000-4000-8000-000000000001"
	f := open(t, labConfig(t, UnreachableError))
	for name, change := range map[string]struct {
		record []string
		change func(context.Context) error
	}{
		"update": {[]string{uuid}, func(ctx context.Context) error {
			_, err := f.UpdateVM(ctx, uuid, "", Declaration{Policy: downtime(500)})
			return err
		}},
		"delete": {[]string{uuid}, func(ctx context.Context) error {
			_, _, err := f.DeleteVM(ctx, uuid, "", Declaration{})
			return err
		}},
		"write on a host": {[]string{"kvm1", host.Cluster.String()}, func(ctx context.Context) error {
			_, _, err := f.writeCopy(ctx, f.hosts[0], compute(downtime(500)))
			return err
		}},
		"removal from a host": {[]string{"kvm1", host.Cluster.String()}, func(ctx context.Context) error {
			_, _, err := f.removeCopy(ctx, f.hosts[0], compute(downtime(500)))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			release, err := f.alone(t.Context(), change.record...)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error)
			go func() { done <- change.change(ctx) }()
			cancel(errCalledOff)
			select {
			case err := <-done:
				if !errors.Is(err, errCalledOff) {
					t.Errorf("error %v, want the context's", err)
				}
			case <-time.After(time.Minute):
				t.Error("it still waits")
			}
		})
	}
}
