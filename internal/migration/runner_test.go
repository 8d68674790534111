package migration

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The watch takes one event after the other. What is cancelled before it takes the
// announcement of the call that begins the job is not begun.
func TestRunnerBeginsNothingThatWasCancelledMeanwhile(t *testing.T) {
	t.Parallel()
	for name, cancelled := range map[string]bool{"cancelled": true, "not cancelled": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				halted, halt := context.WithCancel(t.Context())
				defer halt()
				events := make(chan event)
				go func() {
					time.Sleep(time.Second) // it is announced by then
					if cancelled {
						halt()
					}
					<-events
				}()
				c := &runner{halted: halted, halt: halt, events: events}
				if may := c.mayBegin(t.Context()); may == cancelled {
					t.Errorf("it may begin: %t", may)
				}
			})
		})
	}
}
