package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func quietly(string) {}

// acquire takes a place in a goroutine of its own; the channel has the release once
// it got one.
func acquire(ctx context.Context, s *slots, source, destination string) <-chan func() {
	got := make(chan func(), 1)
	go func() {
		if release, err := s.acquire(ctx, source, destination, quietly); err == nil {
			got <- release
		}
	}()
	return got
}

func has(got <-chan func()) bool {
	synctest.Wait()
	return len(got) == 1
}

func TestSlotsLimitEachHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(2, 1)
		toB := acquire(t.Context(), s, "a", "b")
		toC := acquire(t.Context(), s, "a", "c")
		time.Sleep(startGap)
		if !has(toB) || !has(toC) {
			t.Fatal("two do not leave a at a time")
		}
		third := acquire(t.Context(), s, "a", "d")
		second := acquire(t.Context(), s, "d", "b")
		elsewhere := acquire(t.Context(), s, "d", "e")
		time.Sleep(startGap)
		if has(third) || has(second) {
			t.Error("more leave a, or enter b, than are allowed")
		}
		if !has(elsewhere) {
			t.Error("a move between other hosts has to wait")
		}
		release := <-toB
		release()
		release() // once is enough
		time.Sleep(2 * startGap)
		if !has(third) || !has(second) {
			t.Error("who waits does not get the place that became free")
		}
		for _, got := range []<-chan func(){toC, third, second, elsewhere} {
			(<-got)()
		}
		if len(s.outgoing) != 2 || s.outgoing["a"] != 0 || s.outgoing["d"] != 0 {
			t.Errorf("after all were released, %v leave", s.outgoing)
		}
	})
}

func TestSlotsStaggerStarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(MostMigrations, MostMigrations)
		began := time.Now()
		for i := range 5 {
			release, err := s.acquire(t.Context(), "a", "b", quietly)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			if after, want := time.Since(began), time.Duration(i)*startGap; after != want {
				t.Errorf("start %d is after %s, want %s", i, after, want)
			}
		}
	})
}

func TestSlotsSayThatTheyWaitAndGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, 1)
		release, err := s.acquire(t.Context(), "a", "b", func(string) { t.Error("the first one waits") })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var said []string
		if _, err := s.acquire(ctx, "a", "b", func(full string) { said = append(said, full) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		if len(said) != 1 || !strings.Contains(said[0], "max_outgoing_migrations = 1") {
			t.Errorf("the wait was announced by %q", said)
		}
		release()
		release, err = s.acquire(t.Context(), "a", "b", quietly)
		if err != nil {
			t.Fatalf("who gave up keeps the place: %v", err)
		}
		release()
	})
}

func TestSlotsGivenUpWhileStaggeredAreFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(2, 2)
		release, err := s.acquire(t.Context(), "a", "b", quietly)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), startGap/2)
		defer cancel()
		if _, err := s.acquire(ctx, "a", "b", quietly); err == nil {
			t.Fatal("two starts less apart than they have to be")
		}
		if s.outgoing["a"] != 1 || s.incoming["b"] != 1 {
			t.Errorf("%v leave and %v enter, want one", s.outgoing, s.incoming)
		}
	})
}
