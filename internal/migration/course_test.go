package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// noon is when the migrations of these tests start.
var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// course is a machine that is led through events, with a clock of its own.
type course struct {
	*testing.T
	machine
	now time.Time
	did []effect
}

// begin is a migration of a guest that ran before.
func begin(t *testing.T, mode Mode, p policy.Policy) *course {
	return &course{T: t, now: noon, machine: newMachine(mode, policy.Resolve(policy.Levels{Run: p}), noon, true, false)}
}

// after lets time pass, and an event come.
func (c *course) after(d time.Duration, e event) *course {
	c.now = c.now.Add(d)
	e.at = c.now
	if e.asked.IsZero() {
		e.asked = c.now
	}
	c.did = c.handle(e)
	return c
}

// sends is a reading of the migration's own job, that many passes on.
func (c *course) sends(pass uint64) event {
	return event{kind: onReading, job: Job{
		Type: JobRunning, Operation: OperationMigrationOut, Elapsed: c.now.Sub(c.facts.called),
		MemoryTotal: 1000, MemoryRemaining: 500, MemoryProcessed: pass * 1000, Iteration: pass,
	}}
}

// slowly is the reading of a job that is older than the call by the time of the question,
// and younger by that of the answer, which comes so long after the call.
func slowly(c *course, called time.Duration) event {
	e := c.sends(1)
	e.asked, e.job.Elapsed = c.facts.called.Add(called-4*time.Second), called-2*time.Second
	return e
}

// sending is a migration that sends memory.
func sending(t *testing.T, mode Mode, p policy.Policy) *course {
	c := begin(t, mode, p).after(0, event{kind: onCalled}).after(time.Second, event{kind: onTick})
	return c.after(0, c.sends(1))
}

func (c *course) is(want state) *course {
	c.Helper()
	if c.state != want {
		c.Errorf("it is %s, want %s", c.state, want)
	}
	return c
}

// does expects the last event to have led to these orders and no others.
func (c *course) does(want ...effectKind) *course {
	c.Helper()
	var orders []effectKind
	for _, a := range c.did {
		if a.isOrder() {
			orders = append(orders, a.kind)
		}
	}
	if !slices.Equal(orders, want) {
		c.Errorf("it orders %v, want %v", orders, want)
	}
	return c
}

// tells expects the last event to have been told so.
func (c *course) tells(want ...effectKind) *course {
	c.Helper()
	for _, w := range want {
		if !slices.ContainsFunc(c.did, func(a effect) bool { return a.kind == w }) {
			c.Errorf("it does not do %d", w)
		}
	}
	return c
}

func (c *course) because(want verdict) *course {
	c.Helper()
	if got := c.facts.decided.verdict; got != want {
		c.Errorf("verdict %d, want %d", got, want)
	}
	return c
}

func (c *course) unseen(want error) *course {
	c.Helper()
	if got := c.facts.decided.unseen; !errors.Is(got, want) || (got == nil) != (want == nil) {
		c.Errorf("unseen %v, want %v", got, want)
	}
	return c
}

var (
	climbs = policy.Policy{
		Timeout: new(time.Minute), DowntimeScheduleMS: new(policy.Numbers{100, 200, 400}),
		Compression: new(true), CompressionCacheMaxMiB: new(int64(256)),
	}
	limited   = policy.Policy{Timeout: new(20 * time.Second)}
	pauses    = policy.Policy{Timeout: new(20 * time.Second), OnTimeout: new(policy.Pause)}
	switches  = policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)}
	errRefuse = errors.New("refused")
	errLost   = fmt.Errorf("%w: %w", ErrUnreachable, context.DeadlineExceeded)
	tick      = event{kind: onTick}
	asked     = event{kind: onCancel}
)

// inDoubt is a migration that was told to switch to post-copy, and is cancelled before
// that was answered.
func inDoubt(t *testing.T) *course {
	return sending(t, PeerToPeer, switches).after(20*time.Second, tick).is(switching).does(orderSwitch).
		after(time.Second, asked).is(cancelling).does()
}
