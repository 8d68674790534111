package migration

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestRandomCourses lets random events come, in any order, and checks what must hold
// whatever comes.
func TestRandomCourses(t *testing.T) {
	t.Parallel()
	const courses, events = 5000, 100
	visited := map[state]int{}
	for seed := range uint64(courses) {
		r := &random{Rand: rand.New(rand.NewPCG(seed, 9))}
		p := []policy.Policy{limited, pauses, switches, climbs}[r.IntN(4)]
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
		orderDowntime: onDowntimeAnswer, orderCache: onCacheAnswer, orderShare: onShareAnswer,
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
		switch r.IntN(10) {
		case 8, 9:
			e = c.mirrors(uint64(900+r.IntN(200)), uint64(r.IntN(900)))
		case 0:
			e.job = Job{}
		case 1:
			e.job.Operation = OperationOther
		case 2:
			e.job.Elapsed += time.Hour
		case 3:
			e.job.PostCopyRequests = uint64(r.IntN(8) / 7)
		}
	case onShare:
		e.share = 1 + r.Int64N(9)
	case onSilence:
		e.err, e.arrived, e.held = errLost, r.IntN(2) == 0, r.IntN(3) == 0
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
		case v.facts.connecting():
			v.Error("it aborts while libvirt takes no orders")
		case !v.facts.owner.known || !v.facts.source.running:
			v.Error("it aborts a job that is not known to be its own")
		case v.facts.decided.verdict == none:
			v.Error("it aborts for no reason")
		}
	}
	if facts.connecting() && v.facts.connecting() && v.state == ended && before != ended && !v.facts.returned &&
		v.facts.driver == ownCalls && v.facts.since(v.facts.source.connecting) < connectLimit {
		v.Errorf("it ends while libvirt connects: %v", v.facts.decided.unseen)
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
