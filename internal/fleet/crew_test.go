package fleet

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
)

// errFatal ends tasks of tests.
var errFatal = errors.New("it failed")

// shift is a crew in a test, with VMs that are still to be done.
type shift struct {
	crew         *crew
	left         []string
	fails        map[string]error
	now, highest atomic.Int32
}

func newShift(goOn bool, names ...string) *shift {
	return &shift{crew: newCrew("kvm1", newPromises(), 2, goOn, func(EvacuationProgress) {}), left: names, fails: map[string]error{}}
}

// next offers all that is left, each time.
func (s *shift) next(context.Context) ([]task, error) {
	var tasks []task
	for _, name := range s.left {
		fails := s.fails[name] // now: the crew may change that while the task runs
		tasks = append(tasks, task{vm: evacuation.VM{UUID: name}, do: DeedMove, run: func(ctx context.Context) error {
			s.highest.Store(max(s.highest.Load(), s.now.Add(1)))
			defer s.now.Add(-1)
			if err := wait(ctx, time.Second); err != nil {
				return err
			}
			return fails
		}})
	}
	return tasks, nil
}

// work is the crew's, where what has been done is no longer left.
func (s *shift) work(ctx context.Context) error {
	report := s.crew.report
	s.crew.report = func(p EvacuationProgress) {
		if p.Ended && p.Err == nil {
			s.left = slices.DeleteFunc(slices.Clone(s.left), func(name string) bool { return name == p.VM.UUID })
		}
		report(p)
	}
	return s.crew.work(ctx, s.next)
}

func TestCrew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		goOn           bool
		fails          string
		done, failures int
	}{
		"all":                       {false, "", 5, 0},
		"one fails":                 {false, "b", 2, 1},
		"one fails, and it goes on": {true, "b", 4, 1},
		"the last fails":            {false, "e", 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newShift(test.goOn, "a", "b", "c", "d", "e")
				s.fails[test.fails] = errFatal
				if err := s.work(t.Context()); err != nil {
					t.Error(err)
				}
				// Of two that end at once, either may come first.
				if d := test.done - len(s.crew.done); d < 0 || d > 1 || name != "one fails" && d > 0 || len(s.crew.failures) != test.failures {
					t.Errorf("%d done, %d failed", len(s.crew.done), len(s.crew.failures))
				}
				if s.highest.Load() != 2 {
					t.Errorf("%d at a time", s.highest.Load())
				}
			})
		})
	}
}

// What was begun ends before the crew does, whatever ends the crew.
func TestCrew_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		s := newShift(true, "a", "b", "c", "d", "e")
		if err := s.work(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
		if s.now.Load() != 0 || len(s.crew.done) != 2 {
			t.Errorf("%d go on, %d are done", s.now.Load(), len(s.crew.done))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newShift(true, "a", "b", "c")
		asked := 0
		err := s.crew.work(t.Context(), func(ctx context.Context) ([]task, error) {
			if asked++; asked == 2 {
				return nil, errFatal
			}
			return s.next(ctx)
		})
		if !errors.Is(err, errFatal) || s.now.Load() != 0 || len(s.crew.done) != 2 {
			t.Errorf("%v, %d go on, %d are done", err, s.now.Load(), len(s.crew.done))
		}
	})
}

// What a host has refused is tried otherwise.
func TestCrew_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShift(false, "a", "b")
		s.fails["a"] = errFatal
		s.crew.again = func(t task, err error) bool {
			delete(s.fails, "a")
			return true
		}
		if err := s.work(t.Context()); err != nil || len(s.crew.done) != 2 || len(s.crew.failures) != 0 {
			t.Errorf("%v, %d done, %v", err, len(s.crew.done), s.crew.failures)
		}
	})
}
