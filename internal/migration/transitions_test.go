package migration

import (
	"errors"
	"fmt"
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
			case orderDowntime:
				allowed = starting | mirroring | preCopy
			case orderShare:
				allowed = preCopy | paused | postCopy
			case orderCache, noteWaiting:
				allowed = preCopy
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
		"an observation that came before the switch was overdue decides nothing": func(t *testing.T) {
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
			begin(t, PeerToPeer, policy.Policy{}).after(0, event{kind: onCalled}).does(askDestination).
				after(time.Second, event{kind: onDestinationSeen, err: ErrNoDomain}).does(askDestination).
				after(time.Second, event{kind: onDestinationSeen, domain: Domain{State: StateIncoming}}).does().
				after(startLimit-2*time.Second-time.Millisecond, tick).does().
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
		for _, on := range []eventKind{onAbortAnswer, onPauseAnswer, onSwitchAnswer, onSourceSeen, onDestinationSeen, onGuestSeen, onDowntimeAnswer, onCacheAnswer, onShareAnswer} {
			c := sending(t, PeerToPeer, limited)
			c.state = s
			before := c.facts.decided
			if did := c.step(event{kind: on, at: c.now.Add(time.Second)}); len(did) > 0 || c.facts.decided != before {
				t.Errorf("%s on %s that answers nothing: it is heeded", s, on)
			}
		}
	}
}
