package fleet

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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

// TestRecordLocks_givenUp wants who waits to see that it was cancelled, and the
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
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errCancelled)
		defer cancel()
		if _, err := locks.acquire(ctx, "record"); !errors.Is(err, errCancelled) || time.Since(start) != time.Minute {
			t.Errorf("error %v after %s, want the context's", err, time.Since(start))
		}
		release()
		if _, err := locks.acquire(ctx, "record"); !errors.Is(err, errCancelled) {
			t.Errorf("error %v, want the context's, although the lock is free", err)
		}
		if release, err = locks.acquire(t.Context(), "record"); err != nil {
			t.Fatal(err)
		}
		release()
	})
}

var errCancelled = errors.New("cancelled")

// pass lets the time of a synctest bubble pass.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	if err := wait(t.Context(), d); err != nil {
		t.Error(err)
	}
}
