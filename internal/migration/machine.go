package migration

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// machine is a migration as the engine follows it. It has no clock and makes no call:
// events tell it what happened and when, and its effects are for others to carry out.
type machine struct {
	state state
	facts facts
}

// newMachine is a migration that is about to be started by own calls.
func newMachine(mode Mode, limits policy.Effective, start time.Time, ranBefore, asleep bool) machine {
	return machine{state: starting, facts: facts{
		mode: mode, limits: limits, start: start, ranBefore: ranBefore, asleep: asleep,
		source: sourceFacts{heard: start}, // the checks heard it; an adopted one is heard by the reading it begins with
		ladder: newLadder(limits),
		stall:  stallDetector{window: limits.StallTimeout()},
		mirror: mirrorDetector{window: limits.StallTimeout()},
	}}
}

// adopt makes it one that somebody else has started, and that may be in post-copy.
func (m *machine) adopt(inPostCopy bool) {
	f := &m.facts
	f.driver, f.owner.known, f.called = anotherClient, true, f.start
	f.ladder.downtime.begun(nil) // whoever has started it has set the first step
	if inPostCopy {
		m.state, f.decided.postCopy = postCopy, true
	}
}

// recover makes it a post-copy that has lost its link, which own calls are about to go on with.
// Its job is the one that libvirt has kept.
func (m *machine) recover() {
	m.state, m.facts.decided.postCopy, m.facts.owner.known = postCopy, true, true
}

// handle takes an event, and the ticks that follow from it, and returns what is to be
// done about them, in order.
func (m *machine) handle(e event) []effect {
	todo := m.step(e)
	for {
		before := m.state
		todo = append(todo, m.step(event{kind: onTick, at: e.at})...)
		if m.state == before {
			return todo
		}
	}
}

// step takes one event by the table, and ignores the answer to a call that is not under
// way.
func (m *machine) step(e event) []effect {
	if order, answers := answered(e.kind); answers && !m.facts.underWay(order) {
		return nil
	}
	if next, _ := decide(m.state, e.kind, m.facts); next == ignored || next == impossible {
		return nil
	}
	todo := m.facts.take(e)
	next, decided := decide(m.state, e.kind, m.facts)
	for _, effect := range decided {
		if effect.isOrder() && m.facts.underWay(effect.kind) {
			continue
		}
		m.facts.note(effect)
		todo = append(todo, effect)
	}
	if next != m.state {
		m.facts.entered[next.index()] = e.at
		m.state = next
	}
	return todo
}
