package migration

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The states and kinds of events, one by one.
func eachState() []state {
	all := make([]state, stateCount)
	for i := range all {
		all[i] = 1 << i
	}
	return all
}

func eachEvent() []eventKind {
	all := make([]eventKind, len(eventNames))
	for i := range all {
		all[i] = 1 << i
	}
	return all
}

// Every event is decided in every state: by lines that end with one that always holds,
// or by one that says that it is not heeded.
func TestTransitionsAreComplete(t *testing.T) {
	t.Parallel()
	if len(stateNames) != stateCount || eachState()[stateCount-1] != ended {
		t.Error("a state has no name")
	}
	pairs, unheeded := 0, 0
	used := make([]bool, len(transitions))
	for _, s := range eachState() {
		for _, on := range eachEvent() {
			pairs++
			var lines []transition
			for i, line := range transitions {
				if s.in(line.in) && on.in(line.on) {
					lines = append(lines, line)
					used[i] = true
					if line.when == nil {
						break
					}
				}
			}
			where := fmt.Sprintf("%s on %s", s, on)
			if len(lines) == 0 || lines[len(lines)-1].when != nil {
				t.Errorf("%s: not always decided", where)
				continue
			}
			for _, line := range lines {
				if line.to != ignored && line.to != impossible {
					continue
				}
				unheeded++
				if len(lines) > 1 || len(line.do) > 0 {
					t.Errorf("%s: it is not heeded, and yet it is", where)
				}
			}
		}
	}
	for i, line := range transitions {
		if !used[i] {
			t.Errorf("line %d (%s on %s) is never reached", i, line.in, line.on)
		}
	}
	t.Logf("%d pairs of %d states and %d kinds of events by %d lines; %d pairs are not heeded",
		pairs, stateCount, len(eventNames), len(transitions), unheeded)
}

// Time alone brings a migration on, and never back: the ticks that follow an event end.
func TestTicksLeadOn(t *testing.T) {
	t.Parallel()
	for _, line := range transitions {
		if !onTick.in(line.on) || line.to == stay || line.to >= ignored {
			continue
		}
		for _, s := range eachState() {
			if s.in(line.in) && line.to <= s {
				t.Errorf("a tick leads from %s to %s", s, line.to)
			}
		}
	}
}

// What the table must say whatever the guards are: which orders a state may give, and
// which states it may be left for.
func TestTransitionsKeepWhatTheyMust(t *testing.T) {
	t.Parallel()
	const noReturn = postCopy | finishing
	for i, line := range transitions {
		for _, a := range line.do {
			allowed := everyState
			switch a.kind {
			case orderAbort:
				allowed = cancelling
			case orderPause:
				allowed = pausing
			case orderSwitch:
				allowed = switching
			case endMigration:
				allowed = cancellable
				if line.to != cancelling {
					t.Errorf("line %d ends the migration and goes to %s", i, line.to)
				}
			default:
			}
			if line.in&^allowed != 0 {
				t.Errorf("line %d takes effect %d in %s", i, a.kind, line.in&^allowed)
			}
		}
		if line.to == cancelling && !slices.ContainsFunc(line.do, func(a effect) bool { return a.kind == endMigration }) {
			t.Errorf("line %d goes to cancelling without a cause", i)
		}
		if line.in.in(noReturn) && line.to.in(cancellable|cancelling) {
			t.Errorf("line %d leads back from %s to %s", i, line.in, line.to)
		}
		if line.in.in(ended) && line.to != ignored {
			t.Errorf("line %d leads on from the end", i)
		}
		if line.in.in(concluding) && line.to.in(everyState&^ended) {
			t.Errorf("line %d leads back from concluding to %s", i, line.to)
		}
	}
}

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

// TestTransitions leads the machine through the ways that a migration can go. No clock
// and no host takes part.
func TestTransitions(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T){
		"it arrives": func(t *testing.T) {
			sending(t, PeerToPeer, limited).is(preCopy).after(9*time.Second, event{kind: onResult}).is(ended).unseen(nil).because(none)
		},
		"it is cancelled": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(time.Second, asked).is(cancelling).does(orderAbort).because(byCaller).
				after(time.Millisecond, event{kind: onAbortAnswer}).is(cancelling).
				after(time.Second, tick).does().
				after(time.Second, event{kind: onResult, err: ErrAborted}).is(ended).unseen(nil)
		},
		"it is cancelled before its job is seen, and aborted then": func(t *testing.T) {
			c := begin(t, PeerToPeer, limited).after(0, event{kind: onCalled}).after(time.Second, asked).is(cancelling).does()
			c.after(time.Second, c.sends(1)).is(cancelling).does(orderAbort)
		},
		"the order to abort is given again when it was not taken, and not too soon": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(time.Second, asked).does(orderAbort).
				after(time.Millisecond, event{kind: onAbortAnswer, err: errRefuse}).does().
				after(eagerInterval-2*time.Millisecond, tick).does().
				after(time.Millisecond, tick).does(orderAbort).
				after(time.Second, tick).does() // it is under way
		},
		"a job that libvirt does not end is given up": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(time.Second, asked).after(0, event{kind: onAbortAnswer}).
				after(cleanupGrace-time.Millisecond, tick).is(cancelling).
				after(time.Millisecond, tick).is(ended).unseen(errUnstopped)
		},
		"a job is given up soon where the order to abort it is lost": func(t *testing.T) {
			c := sending(t, PeerToPeer, limited).after(time.Second, asked).does(orderAbort).
				after(0, event{kind: onAbortAnswer, err: errLost}).
				after(cancelGrace-time.Millisecond, tick).is(cancelling).does(orderAbort)
			c.after(0, event{kind: onAbortAnswer, err: errLost}).
				after(time.Millisecond, tick).is(ended).unseen(errUnstopped)
		},
		"a job is given up later where the order to abort it is refused": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(time.Second, asked).does(orderAbort).
				after(0, event{kind: onAbortAnswer, err: errRefuse}).
				after(cleanupGrace-time.Millisecond, event{kind: onTick}).is(cancelling).does(orderAbort).
				after(0, event{kind: onAbortAnswer, err: errRefuse}).
				after(time.Millisecond, tick).is(ended).unseen(errUnstopped)
		},
		"a direct one that is cancelled before its job announces it in vain": func(t *testing.T) {
			c := begin(t, Direct, limited).after(time.Second, asked).is(cancelling).does().after(0, event{kind: onCalled}).is(cancelling)
			if !c.facts.called.IsZero() {
				t.Error("the call counts as made")
			}
			c.after(cancelGrace, tick).is(ended).unseen(errUnstopped)
		},
		"the result waits for the answer to an order": func(t *testing.T) {
			c := sending(t, PeerToPeer, limited).after(time.Second, asked).does(orderAbort).
				after(time.Second, event{kind: onResult, err: errRefuse}).is(concluding).
				after(time.Hour, tick).is(concluding).
				after(0, event{kind: onAbortAnswer}).is(ended)
			if !c.facts.decided.aborted || !errors.Is(c.facts.result, errRefuse) {
				t.Errorf("aborted %t, result %v", c.facts.decided.aborted, c.facts.result)
			}
		},
		"the result waits for the answers to two orders": func(t *testing.T) {
			sending(t, PeerToPeer, pauses).after(19*time.Second, tick).does(orderPause).
				after(time.Second, asked).is(cancelling).does(orderAbort).
				after(time.Second, event{kind: onResult, err: ErrAborted}).is(concluding).
				after(0, event{kind: onPauseAnswer}).is(concluding).
				after(0, event{kind: onAbortAnswer}).is(ended).because(byCaller)
		},
		"a cancel after the result is too late": func(t *testing.T) {
			sending(t, PeerToPeer, pauses).after(20*time.Second, tick).does(orderPause).
				after(0, event{kind: onResult}).is(concluding).
				after(0, asked).is(concluding).does().tells(tellTooLate).because(none).
				after(0, event{kind: onPauseAnswer, err: errRefuse}).is(ended).because(none)
		},
		"it times out": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(19*time.Second-time.Millisecond, tick).is(preCopy).
				after(time.Millisecond, tick).is(cancelling).does(orderAbort).because(outOfTime)
		},
		"it is paused, and that does not end it": func(t *testing.T) {
			c := sending(t, PeerToPeer, pauses).after(19*time.Second, tick).is(pausing).does(orderPause).
				after(time.Second, event{kind: onPauseAnswer, err: errLost}).is(pausing).does(orderPause).tells(tellPauseUnanswered).
				after(time.Second, event{kind: onPauseAnswer}).is(paused).tells(tellPaused)
			c.after(time.Second, c.sends(2)).is(paused).does().
				after(pauseGrace-3*time.Second-time.Millisecond, tick).is(paused).
				after(time.Millisecond, tick).is(cancelling).does(orderAbort).because(outOfTime)
		},
		"libvirt refuses to pause": func(t *testing.T) {
			sending(t, PeerToPeer, pauses).after(19*time.Second, tick).
				after(0, event{kind: onPauseAnswer, err: errRefuse}).is(cancelling).does(orderAbort).because(outOfTime)
		},
		"libvirt never says that it has paused": func(t *testing.T) {
			sending(t, PeerToPeer, pauses).after(19*time.Second, tick).
				after(pauseGrace-time.Millisecond, tick).is(pausing).
				after(time.Millisecond, tick).is(cancelling).because(outOfTime)
		},
		"an order to pause that was lost too late is not given again": func(t *testing.T) {
			sending(t, PeerToPeer, pauses).after(19*time.Second, tick).does(orderPause).
				after(pauseGrace, event{kind: onPauseAnswer, err: errLost}).is(cancelling).does(orderAbort).because(outOfTime)
		},
		"a source that is silent is not told to pause again": func(t *testing.T) {
			sending(t, PeerToPeer, pauses).after(19*time.Second, tick).does(orderPause).
				after(0, event{kind: onSilence, err: errLost}).
				after(time.Second, event{kind: onPauseAnswer, err: errLost}).is(pausing).does()
		},
		"a link that is idle for the stall timeout is not trusted with post-copy, however short that is": func(t *testing.T) {
			c := sending(t, PeerToPeer, policy.Policy{StallTimeout: new(2 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
			c.after(2*time.Second, c.sends(1)).is(cancelling).does(orderAbort).because(linkStalled)
			if got := c.facts.decided.hindrance; got != linkIdle {
				t.Errorf("hindrance %d, want %d", got, linkIdle)
			}
		},
		"it switches to post-copy": func(t *testing.T) {
			c := sending(t, PeerToPeer, switches).after(19*time.Second, tick).is(switching).does(orderSwitch).
				after(time.Second, event{kind: onSwitchAnswer}).is(postCopy).tells(tellSwitched)
			c.after(time.Second, asked).is(postCopy).does().tells(tellTooLate).because(none).
				after(time.Hour, c.sends(9)).is(postCopy).does().tells(tellLink).
				after(time.Second, event{kind: onResult}).is(ended)
		},
		"a switch that is not answered is asked for again, looked up and not made": func(t *testing.T) {
			sending(t, PeerToPeer, switches).after(19*time.Second, tick).does(orderSwitch).
				after(time.Second, event{kind: onSwitchAnswer, err: errLost}).is(switching).does(orderSwitch).
				after(switchGrace-time.Second, event{kind: onSwitchAnswer, err: errRefuse}).is(switching).does(askSource).
				after(time.Second, event{kind: onSourceSeen, domain: Domain{State: StateRunning}}).is(cancelling).does(orderAbort).because(outOfTime)
		},
		"a switch that was refused by a source that does not answer then is ordered again": func(t *testing.T) {
			sending(t, PeerToPeer, switches).after(19*time.Second, tick).
				after(switchGrace, event{kind: onSwitchAnswer, err: errRefuse}).does(askSource).
				after(time.Second, event{kind: onSourceSeen, err: errLost}).is(switching).does(orderSwitch)
		},
		"a look that came before the switch was overdue decides nothing": func(t *testing.T) {
			c := sending(t, PeerToPeer, switches).after(19*time.Second, tick)
			c.facts.orders[askSource] = orderState{made: c.now, underWay: true}
			c.after(time.Second, event{kind: onSourceSeen, domain: Domain{State: StateRunning}}).is(switching)
		},
		"a switch whose answer was lost is seen": func(t *testing.T) {
			sending(t, PeerToPeer, switches).after(19*time.Second, tick).
				after(switchGrace, event{kind: onSwitchAnswer, err: errLost}).does(askSource).
				after(time.Second, event{kind: onSourceSeen, domain: Domain{State: StatePostCopySource}}).is(postCopy).does().tells(tellPostCopy)
		},
		"cancelled while a switch is in doubt, which was made": func(t *testing.T) {
			c := inDoubt(t).after(time.Second, event{kind: onSwitchAnswer}).is(postCopy).does().because(none)
			if !c.facts.decided.withdrawn || !c.facts.decided.cancelled {
				t.Error("it is not said that it was to be cancelled")
			}
		},
		"cancelled while a switch is in doubt, which was refused": func(t *testing.T) {
			inDoubt(t).after(time.Second, event{kind: onSwitchAnswer, err: errRefuse}).is(cancelling).does(orderAbort)
		},
		"cancelled while a switch is in doubt, which is looked up": func(t *testing.T) {
			inDoubt(t).after(time.Second, event{kind: onSwitchAnswer, err: errLost}).is(cancelling).does(askSource).
				after(time.Second, tick).does().
				after(0, event{kind: onSourceSeen, domain: Domain{State: StatePostCopySource}}).is(postCopy).does().because(none)
		},
		"cancelled while a switch is in doubt, which was not made": func(t *testing.T) {
			inDoubt(t).after(time.Second, event{kind: onSwitchAnswer, err: errLost}).does(askSource).
				after(0, event{kind: onSourceSeen, domain: Domain{State: StateRunning}}).is(cancelling).does(orderAbort).because(byCaller)
		},
		"an abort that is refused may have met post-copy": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(time.Second, asked).
				after(0, event{kind: onAbortAnswer, err: ErrNotActive}).is(cancelling).does(askSource).
				after(time.Second, tick).does().
				after(0, event{kind: onSourceSeen, domain: Domain{State: StatePostCopySource}}).is(postCopy).does()
		},
		"somebody else switches to post-copy": func(t *testing.T) {
			c := sending(t, PeerToPeer, pauses)
			seen := c.sends(2)
			seen.job.PostCopyRequests = 1
			c.after(19*time.Second, tick).is(pausing).after(time.Second, seen).is(postCopy).tells(tellPostCopy).
				after(0, event{kind: onPauseAnswer, err: errRefuse}).is(postCopy).does().because(none)
		},
		"all memory of a direct one is sent": func(t *testing.T) {
			sending(t, Direct, limited).after(time.Second, event{kind: onAllSent}).is(finishing).
				after(time.Minute, asked).is(finishing).does().tells(tellTooLate).because(none).
				after(time.Hour, event{kind: onSilence, err: errLost}).is(finishing).does().
				after(0, event{kind: onResult}).is(ended).unseen(nil)
		},
		"all memory is sent before a cancel takes effect": func(t *testing.T) {
			sending(t, Direct, limited).after(time.Second, asked).does(orderAbort).
				after(0, event{kind: onAllSent}).is(finishing).
				after(0, event{kind: onAbortAnswer, err: ErrNotActive}).is(finishing).does().
				after(time.Hour, tick).is(finishing).does()
		},
		"all memory is sent of one that was cancelled, and the switch to post-copy had been made": func(t *testing.T) {
			sending(t, Direct, switches).after(19*time.Second, tick).does(orderSwitch).
				after(time.Second, asked).is(cancelling).after(0, event{kind: onAllSent}).is(finishing).because(byCaller).
				after(0, event{kind: onSwitchAnswer}).is(finishing).because(none)
		},
		"all memory is sent of one that was cancelled, and the switch to post-copy had not been made": func(t *testing.T) {
			sending(t, Direct, switches).after(19*time.Second, tick).does(orderSwitch).
				after(time.Second, asked).is(cancelling).after(0, event{kind: onAllSent}).is(finishing).
				after(0, event{kind: onSwitchAnswer, err: errRefuse}).is(finishing).because(byCaller)
		},
		"the destination of a direct one is lost": func(t *testing.T) {
			sending(t, Direct, limited).after(time.Second, event{kind: onDestinationLost}).is(cancelling).does(orderAbort).because(deserted)
		},
		"the destination is lost while the switch to post-copy is in doubt": func(t *testing.T) {
			sending(t, Direct, switches).after(19*time.Second, tick).is(switching).
				after(time.Second, event{kind: onDestinationLost}).is(switching).does().because(none)
		},
		"a job that only a slow answer makes young enough is its own once libvirt has let the call be": func(t *testing.T) {
			c := begin(t, PeerToPeer, limited).after(0, event{kind: onCalled}).after(0, asked)
			c.after(lockDeadline-time.Second, slowly(c, lockDeadline-time.Second)).is(cancelling).does().
				after(time.Second, slowly(c, lockDeadline)).is(cancelling).does(orderAbort)
		},
		"a job that only a slow answer makes young enough is left alone for good once the call is lost": func(t *testing.T) {
			c := begin(t, PeerToPeer, limited).after(0, event{kind: onCalled}).after(0, asked).after(0, event{kind: onResult, err: errLost})
			c.after(lockDeadline, slowly(c, lockDeadline)).is(cancelling).does()
		},
		"the call is lost, and its job ends": func(t *testing.T) {
			c := sending(t, PeerToPeer, limited).after(time.Second, event{kind: onResult, err: errLost}).is(preCopy).tells(tellCallLost)
			c.after(time.Second, c.sends(2)).is(preCopy).
				after(time.Second, event{kind: onReading, err: ErrNoDomain}).is(ended).unseen(nil)
		},
		"the call of a direct one is not lost but over": func(t *testing.T) {
			sending(t, Direct, limited).after(time.Second, event{kind: onResult, err: errLost}).is(ended)
		},
		"the call is lost before its job, which is waited for": func(t *testing.T) {
			begin(t, PeerToPeer, limited).after(0, event{kind: onCalled}).after(0, event{kind: onResult, err: errLost}).
				after(time.Second, event{kind: onReading}).is(starting).
				after(lateStart-time.Millisecond, tick).is(starting).
				after(time.Millisecond, tick).is(ended).unseen(nil)
		},
		"the call outlives its job": func(t *testing.T) {
			sending(t, PeerToPeer, policy.Policy{}).after(time.Second, event{kind: onReading}).is(preCopy).
				after(lostCallLimit-time.Millisecond, tick).is(preCopy).
				after(time.Millisecond, tick).is(ended).unseen(errLostCall)
		},
		"the source is silent": func(t *testing.T) {
			sending(t, PeerToPeer, policy.Policy{}).after(reportInterval, event{kind: onSilence, err: errLost}).tells(tellSilence).
				after(silenceLimit-reportInterval-time.Millisecond, tick).is(preCopy).
				after(time.Millisecond, tick).is(ended).unseen(errSilent)
		},
		"the source is silent, and the destination runs the guest": func(t *testing.T) {
			sending(t, PeerToPeer, limited).after(time.Second, event{kind: onSilence, err: errLost, arrived: true}).
				after(arrivalLimit-time.Second-time.Millisecond, tick).is(preCopy).does().
				after(time.Millisecond, tick).is(ended).unseen(errSilent)
		},
		"it is cancelled where the destination runs the guest already": func(t *testing.T) {
			c := sending(t, PeerToPeer, limited).after(time.Second, event{kind: onSilence, err: errLost, arrived: true}).
				after(time.Second, asked).is(cancelling).does()
			c.after(time.Second, c.sends(2)).does(orderAbort) // it was not so
		},
		"nothing is sent, and nothing received": func(t *testing.T) {
			begin(t, PeerToPeer, policy.Policy{}).after(0, event{kind: onCalled}).
				after(startLimit-time.Millisecond, tick).does().
				after(time.Millisecond, tick).is(starting).does(askDestination).
				after(time.Second, event{kind: onDestinationSeen, domain: Domain{State: StateIncoming}}).is(starting).does(askDestination).
				after(time.Second, event{kind: onDestinationSeen, err: ErrNoDomain}).is(cancelling).because(neverStarted)
		},
		"on_timeout is not tried before memory was sent": func(t *testing.T) {
			c := begin(t, PeerToPeer, switches).after(0, event{kind: onCalled}).after(20*time.Second, tick).is(cancelling).does().because(outOfTime)
			if got := c.facts.decided.hindrance; got != nothingSent {
				t.Errorf("hindrance: %d", got)
			}
		},
		"an adopted one that is in post-copy": func(t *testing.T) {
			c := begin(t, PeerToPeer, limited)
			c.adopt(true)
			c.is(postCopy).after(time.Minute, asked).is(postCopy).does().
				after(0, event{kind: onReading}).is(postCopy).
				after(lateStart, tick).is(ended).does() // no job was ever seen, and none is
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t)
		})
	}
}

// An event that cannot be, or comes too late, changes nothing. Nor does the answer to a
// question that nobody has asked.
func TestMachineIgnoresWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, s := range eachState() {
		for _, on := range eachEvent() {
			c := sending(t, PeerToPeer, limited)
			c.state = s
			before := fmt.Sprintf("%+v", c.facts)
			next, _ := decide(s, on, c.facts)
			if next != ignored && next != impossible {
				continue
			}
			if did := c.step(event{kind: on, at: c.now.Add(time.Second), err: errRefuse}); len(did) > 0 || c.state != s || fmt.Sprintf("%+v", c.facts) != before {
				t.Errorf("%s on %s: it is heeded", s, on)
			}
		}
		for _, on := range []eventKind{onAbortAnswer, onPauseAnswer, onSwitchAnswer, onSourceSeen, onDestinationSeen} {
			c := sending(t, PeerToPeer, limited)
			c.state = s
			before := c.facts.decided
			if did := c.step(event{kind: on, at: c.now.Add(time.Second)}); len(did) > 0 || c.facts.decided != before {
				t.Errorf("%s on %s that answers nothing: it is heeded", s, on)
			}
		}
	}
}

// TestRandomCourses lets random events come, in any order, and checks what must hold
// whatever comes.
func TestRandomCourses(t *testing.T) {
	t.Parallel()
	const courses, events = 5000, 100
	visited := map[state]int{}
	for seed := range uint64(courses) {
		r := &random{Rand: rand.New(rand.NewPCG(seed, 9))}
		p := []policy.Policy{limited, pauses, switches}[r.IntN(3)]
		c := begin(t, []Mode{PeerToPeer, Direct}[r.IntN(2)], p)
		switch r.IntN(8) {
		case 0:
			c.adopt(r.IntN(3) == 0)
		case 1:
		default:
			c.after(0, event{kind: onCalled})
		}
		law := &invariants{course: c}
		for over := 0; len(law.story) < events && over < 5; {
			e := r.event(c)
			law.check(e, func() { c.after(r.pause(), e) })
			visited[c.state]++
			if c.state == ended {
				over++
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d: %v", seed, law.story)
		}
	}
	for _, s := range eachState() {
		if visited[s] < courses/100 {
			t.Errorf("%s was reached %d times only", s, visited[s])
		}
	}
	t.Logf("%v", visited)
}

type random struct{ *rand.Rand }

func (r *random) pause() time.Duration {
	longest := []time.Duration{time.Millisecond, time.Second, time.Second, 20 * time.Second}[r.IntN(4)]
	return time.Duration(r.Int64N(int64(longest)))
}

// event is any, also one that cannot come; those that a migration has much of are more
// frequent.
func (r *random) event(c *course) event {
	kinds := eachEvent()
	if r.IntN(12) > 0 {
		kinds = []eventKind{onReading, onReading, onTick, onSilence}
	}
	for effectKind, answer := range map[effectKind]eventKind{
		orderAbort: onAbortAnswer, orderPause: onPauseAnswer, orderSwitch: onSwitchAnswer, askSource: onSourceSeen, askDestination: onDestinationSeen,
	} {
		if c.facts.underWay(effectKind) {
			kinds = append(kinds, answer, answer)
		}
	}
	slices.Sort(kinds)
	e := event{kind: kinds[r.IntN(len(kinds))]}
	switch e.kind {
	case onReading:
		e = c.sends(uint64(1 + r.IntN(9)))
		switch r.IntN(8) {
		case 0:
			e.job = Job{}
		case 1:
			e.job.Operation = OperationOther
		case 2:
			e.job.Elapsed += time.Hour
		case 3:
			e.job.PostCopyRequests = uint64(r.IntN(8) / 7)
		}
	case onSilence:
		e.err, e.arrived = errLost, r.IntN(2) == 0
	case onResult:
		e.err = []error{nil, errRefuse, errLost, ErrAborted}[r.IntN(4)]
	case onSourceSeen, onDestinationSeen:
		e.domain.State = []DomainState{StateRunning, StatePaused, StatePostCopySource, StateIncoming}[r.IntN(4)]
		e.err = []error{nil, nil, errLost, ErrNoDomain}[r.IntN(4)]
	default:
		e.err = []error{nil, nil, errRefuse, errLost, ErrNotActive}[r.IntN(5)]
	}
	return e
}

// leg is an event and the state after it.
type leg struct {
	event event
	state state
}

func (l leg) String() string { return fmt.Sprintf("%s (%v): %s", l.event.kind, l.event.err, l.state) }

// invariants is what holds for every course.
type invariants struct {
	*course
	story []leg
	// noReturn is true once post-copy or the end of a direct one has begun.
	noReturn bool
}

func (v *invariants) check(e event, handle func()) {
	v.Helper()
	before, facts := v.state, v.facts
	handle()
	did := v.did
	v.story = append(v.story, leg{e, v.state})
	ordered := func(d effectKind) bool { return slices.ContainsFunc(did, func(a effect) bool { return a.kind == d }) }

	if before == ended && (v.state != ended || len(did) > 0) {
		v.Error("it goes on after the end")
	}
	if ordered(orderAbort) {
		switch {
		case v.noReturn:
			v.Error("it aborts what cannot be aborted any more")
		case facts.decided.aborted:
			v.Error("it aborts what libvirt has aborted")
		case facts.underWay(orderSwitch, askSource) && facts.underWay(orderSwitch, askSource) == v.facts.underWay(orderSwitch, askSource):
			v.Error("it aborts what may be in post-copy")
		case !v.facts.owner.known || !v.facts.source.running:
			v.Error("it aborts a job that is not known to be its own")
		case v.facts.decided.verdict == none:
			v.Error("it aborts for no reason")
		}
	}
	if v.noReturn && v.state.in(cancellable|cancelling) {
		v.Errorf("it goes back to %s", v.state)
	}
	v.noReturn = v.noReturn || v.state.in(postCopy|finishing)
	if e.kind == onCancel {
		late := before.in(postCopy | finishing | concluding)
		switch {
		case before == ended:
		case late && !ordered(tellTooLate):
			v.Error("a cancel is not answered")
		case !late && !v.state.in(cancelling|ended):
			v.Errorf("a cancel leads to %s", v.state)
		case !v.facts.decided.cancelled:
			v.Error("a cancel is forgotten")
		}
	}
	if (v.state == cancelling) != (v.facts.decided.verdict != none) && v.state.in(cancellable|postCopy|cancelling) {
		v.Errorf("it is %s with verdict %d", v.state, v.facts.decided.verdict)
	}
	for d := range orderCount {
		if ordered(d) && facts.orders[d].underWay && v.facts.orders[d].made == facts.orders[d].made {
			v.Errorf("order %d is given twice at a time", d)
		}
	}
}
