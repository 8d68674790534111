package host

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Many reads run at the same time, but not all, and the first that failed tells why.
func TestParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		answered := make(chan struct{})
		early, late := errors.New("early"), errors.New("late")
		reads := make([]func() error, 10*parallelReads)
		for i := range reads {
			reads[i] = func() error {
				made.Add(1)
				<-answered
				switch i {
				case parallelReads:
					return early
				case parallelReads + 1:
					return late
				}
				return nil
			}
		}
		result := make(chan error, 1)
		go func() { result <- parallel(reads...) }()
		synctest.Wait()
		if got := made.Load(); got != parallelReads {
			t.Errorf("%d reads run at the same time, want %d", got, parallelReads)
		}
		close(answered)
		if err := <-result; !errors.Is(err, early) {
			t.Errorf("got %v, want %v", err, early)
		}
		if got := made.Load(); got != int64(len(reads)) {
			t.Errorf("%d reads were made, want %d", got, len(reads))
		}
		if err := parallel(); err != nil {
			t.Error(err)
		}
	})
}
