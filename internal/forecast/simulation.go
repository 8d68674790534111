package forecast

import (
	"math"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// What QEMU does where nobody tells it otherwise (migration/options.c), and what the engine of this provider does.
const (
	defaultDowntimeMS = 300
	defaultInitial    = 20 // percent
	defaultIncrement  = 10
	highestThrottle   = 99
	defaultCacheMiB   = 64
	// triggerShare is the share of what was sent that has to be dirtied, twice, for the throttle to rise.
	triggerShare = 0.5
	// shortestPeriod is how long QEMU waits at least until it looks again whether that is so, and longestPeriod how long
	// a pass may be before a throttled guest's dirty pages are looked for in the middle of it, in seconds (QEMU 9.2).
	shortestPeriod, longestPeriod = 1, 5
	// tick is how often QEMU sends a burst, and looks at what is left, in seconds.
	tick = 0.1
	// patience is how long the engine waits for the memory of a guest that it has paused.
	patience = 60
	// lullPatience is how long it waits for a pass that leaves little before it acts, in seconds, lullPasses how many of
	// that time it has to know to wait at all, and lullSpan how long passes have to tell that they leave the same.
	lullPatience, lullPasses, lullSpan = 40, 2, 10
	// stallPasses is how many passes without progress are a stall.
	stallPasses = 3
	// stepShare is what a pass leaves at least, of the least that any pass before it left, for the next downtime of a
	// schedule to be allowed.
	stepShare = 0.96
	// noise is how much passes of a steady guest differ, as a share: what remains after them falls by no less.
	noise = 0.01
	// wireShare is what is sent for a page, with its header.
	wireShare = 1 + 8.0/pageSize
	// forever is from where on a move has no end, in seconds.
	forever = float64(Longest / time.Second)
)

// setUp is how long a migration takes before it sends memory, and abort how long it takes to end it, in seconds.
var (
	setUp = Interval{0.1, 0.3, 2}
	abort = Interval{0, 0.3, 2}
)

// rush is how long the switch-over takes, as a share of the time that the limit of the bandwidth allows: it does not
// hold for that, and how much faster the link is is not known.
var rush = Interval{0.05, 0.2, 1}

// stall is how long it takes for steady passes to be a stall, as a multiple of stall_timeout: by chance a pass leaves a
// little less than any before it. Of n passes the last is the least one time of n, so that after about 0.65 times as
// many passes as fit into stall_timeout one is half likely to be followed by as many without a lesser one.
var stall = Interval{1, 1.65, 3}

// lull is how many passes it takes until one leaves little, which is none for a steady guest, and handOver how long a
// switch to post-copy stops the guest, in seconds.
var (
	lull     = Interval{0, 0, 20}
	handOver = Interval{0.02, 0.1, 1}
)

// wobble is how much what steady passes leave differs, as a share: the standard deviation.
const wobble = 0.05

// assumptions are one guess of everything that is not known exactly.
type assumptions struct {
	setUp, abort, first, link, rush, memory float64
	// lull is how many passes the engine waits for one that leaves little, and handOver how long a switch to post-copy
	// stops the guest, in seconds.
	lull, handOver float64
	// stall is how many times stall_timeout a move takes to stall that makes no progress.
	stall float64
	// guest is what is dirtied.
	guest line
	// resend is what XBZRLE sends of a page in its cache, as a share of it.
	resend float64
	// catchesUp is what a throttled guest keeps of its speed, by the share that the throttle leaves it of its CPU.
	catchesUp func(left float64) float64
}

// course is how a simulated migration goes.
type course struct {
	verdict                  Verdict
	seconds, bytes, downtime float64
	throttle                 float64
	// least is the least memory that remained after a pass; later is how much later it would have run out of time, had
	// luck not let it stall.
	least, later float64
}

// simulation sends memory pass by pass, as QEMU does: a pass sends what was dirtied during the one before it.
type simulation struct {
	assumptions
	policy           policy.Effective
	cache            float64
	initial, advance float64
	// downtimes are the longest pauses that are still to be allowed one after another, in milliseconds, of which the
	// first holds.
	downtimes []int64

	course
	now, remaining float64
	// since is the time since the dirty pages were last looked for; period has what happened since the throttle was
	// last judged, high is how often too much was dirtied.
	since                           float64
	periodBegan, periodDirty, wired float64
	high                            int
	// resent are distinct bytes that were sent again, which are in XBZRLE's cache as far as they fit; strange is what
	// remains to be sent and is not among them.
	resent, strange float64
	// worked is how long the guest has worked since the beginning, as far as a throttle let it.
	worked float64
	passes int
	// passTook is how long the last pass was, and compared since when passes can be compared.
	passTook, passBegan, compared float64
	// progress is when something got better, idle the passes since.
	progress float64
	idle     int
	// before is what remained after the pass before, and alike how often it was the same.
	before float64
	alike  int
}

// simulate makes a move under a policy.
func simulate(p policy.Effective, a assumptions) course {
	s := simulation{
		assumptions: a, policy: p, remaining: a.first, strange: a.first,
		now: a.setUp, periodBegan: a.setUp, passBegan: a.setUp, progress: a.setUp,
		cache:   valueOr(p.CompressionCacheMiB, defaultCacheMiB) * mib,
		initial: valueOr(p.AutoConvergeInitial, defaultInitial), advance: valueOr(p.AutoConvergeIncrement, defaultIncrement),
		downtimes: p.Downtimes(), course: course{least: math.Inf(1)},
	}
	if len(s.downtimes) == 0 {
		s.downtimes = []int64{defaultDowntimeMS}
	}
	for s.verdict == "" {
		s.pass()
	}
	s.seconds = min(s.seconds, forever)
	return s.course
}

func valueOr(set *int64, otherwise float64) float64 {
	if set == nil {
		return otherwise
	}
	return float64(*set)
}

// threshold is how much may remain for the guest to be stopped.
func (s *simulation) threshold() float64 {
	downtime := float64(s.downtimes[0]) / 1000
	if available := valueOr(s.policy.SwitchoverBandwidthMiBPerSecond, 0); available > 0 {
		return available * mib * downtime
	}
	return s.link * downtime
}

// pass sends what remains, until so little is left that the guest may be stopped.
func (s *simulation) pass() {
	s.passes++
	cost := s.cost()
	for ends := false; !ends; {
		// What is left is looked at between bursts only.
		step := tick * max(1, math.Ceil((s.remaining-s.threshold())*cost/(s.link*tick)-1e-9))
		ends = true
		if s.policy.AutoConverge() && s.passes > 1 && step > longestPeriod {
			step, ends = longestPeriod, false
		}
		if left := s.timeLeft(); step >= left {
			s.send(max(0, left), cost)
			s.outOfTime(cost)
			return
		}
		s.send(step, cost)
		s.look()
		if s.throttle > valueOr(s.policy.MaxThrottlePercent, highestThrottle) && s.remaining > s.threshold() {
			s.outOfTime(cost)
			return
		}
	}
	s.passTook, s.passBegan = s.now-s.passBegan, s.now
	if s.passes == 1 {
		s.compared = s.now
	}
	s.judge(cost)
}

// cost is what is sent for a byte of this pass. XBZRLE finds in its cache what was sent again before, as far as all of
// that fits: two pages of the same place in it do not take turns.
func (s *simulation) cost() float64 {
	if !s.policy.Compression() || s.passes == 1 {
		return wireShare
	}
	found := (1 - s.strange/max(1, s.remaining)) * min(1, s.cache/max(1, s.resent))
	return wireShare * (found*s.resend + 1 - found)
}

func (s *simulation) send(seconds, cost float64) {
	sent := min(s.remaining, s.link*seconds/cost)
	strange := s.strange * sent / max(1, s.remaining)
	s.strange -= strange
	if s.passes > 1 {
		s.resent += strange
	}
	s.now += seconds
	s.since += seconds
	s.remaining -= sent
	s.bytes += sent * cost
	s.wired += sent * cost
}

// fresh is how much is dirtied in a time that does not remain to be sent anyway. What remains after the first pass is
// any memory; after that it is what the guest dirtied last, as much as it dirties in some window: with the time after
// it that makes one longer window.
func (s *simulation) fresh(seconds float64) float64 {
	if s.passes == 1 {
		return s.guest.at(seconds) * (1 - min(1, s.remaining/max(s.first, 1)))
	}
	return max(0, s.guest.at(s.guest.window(s.remaining)+seconds)-s.remaining)
}

// look finds what was dirtied since it was looked for last, and raises the throttle where that is too much.
func (s *simulation) look() {
	speed := 1.0
	if s.throttle > 0 {
		speed = s.catchesUp(1 - s.throttle/100)
	}
	worked := speed * s.since
	fresh := s.fresh(worked)
	s.remaining = min(s.memory, s.remaining+fresh)
	s.strange += min(fresh, s.guest.at(s.worked+worked)-s.guest.at(s.worked))
	s.worked += worked
	s.periodDirty += fresh
	s.since = 0
	if s.now-s.periodBegan <= shortestPeriod {
		return
	}
	if s.periodDirty > triggerShare*s.wired {
		s.high++
	}
	if s.high >= 2 && s.policy.AutoConverge() {
		s.high = 0
		s.raise()
	}
	s.periodBegan, s.periodDirty, s.wired = s.now, 0, 0
}

func (s *simulation) raise() {
	before := s.throttle
	if before == 0 {
		s.throttle = s.initial
	} else {
		s.throttle = min(highestThrottle, before+s.advance)
	}
	if s.throttle > before {
		s.progress, s.idle = s.now, 0
	}
}

// judge ends the migration where little enough remains, or where passes make no progress.
func (s *simulation) judge(cost float64) {
	if s.luckily() <= s.threshold() {
		s.verdict = Ends
		if s.throttle > 0 {
			s.verdict = EndsThrottled
		}
		s.course.downtime = s.rush * s.remaining * cost / s.link
		s.seconds, s.bytes = s.now+s.course.downtime, s.bytes+s.remaining*cost
		return
	}
	if s.remaining >= stepShare*s.least && len(s.downtimes) > 1 {
		s.downtimes = s.downtimes[1:]
	}
	progress := s.remaining < (1-noise)*s.least
	s.least = min(s.least, s.remaining)
	if progress {
		s.progress, s.idle = s.now, 0
		return
	}
	s.idle++
	window := s.stall * s.policy.StallTimeout().Seconds()
	if window > 0 && s.idle >= stallPasses && s.now-s.progress >= window {
		s.outOfTime(cost)
		return
	}
	s.settle(cost)
}

// luckily is what a pass leaves, with the luck that some of several steady passes have: the least of n is so many
// standard deviations below the mean.
func (s *simulation) luckily() float64 {
	return s.remaining * (1 - wobble*math.Sqrt(2*math.Log(float64(s.idle+1))))
}

// settle goes on to the end of time once every pass is like the one before, and nothing will change that.
func (s *simulation) settle(cost float64) {
	const enough = 10
	changes := s.policy.AutoConverge() && s.throttle < highestThrottle || s.policy.StallTimeout() > 0 ||
		len(s.downtimes) > 1
	if changes || math.Abs(s.remaining-s.before) > 1 {
		s.alike = 0
	}
	s.before = s.remaining
	if s.alike++; s.alike >= enough {
		left := s.timeLeft()
		s.now, s.bytes = s.now+left, s.bytes+left*s.link
		s.outOfTime(cost)
	}
}

// timeLeft is how long the migration may still take.
func (s *simulation) timeLeft() float64 {
	if limit := s.policy.Timeout(); limit > 0 {
		return limit.Seconds() - s.now
	}
	return forever - s.now
}

// outOfTime does what the policy wants for a migration that stalls, takes too long or throttles the guest too much.
func (s *simulation) outOfTime(cost float64) {
	if s.policy.Timeout() > 0 {
		s.later = max(0, s.timeLeft())
	}
	action := s.policy.OnTimeout()
	switch {
	case s.now >= forever:
		s.verdict, s.seconds = DoesNotEnd, forever
		return
	case action == policy.Pause, action == policy.SwitchToPostCopy && s.policy.PostCopy():
		s.awaitLull(cost)
	default:
		s.verdict, s.seconds = DoesNotEnd, s.now+s.abort
		return
	}
	takes := s.remaining * cost / s.link
	switch {
	case action == policy.SwitchToPostCopy:
		s.verdict, s.seconds, s.bytes = NeedsPostCopy, s.now+s.rush*takes, s.bytes+s.remaining
		s.course.downtime = s.handOver
	case takes <= patience:
		s.verdict, s.seconds, s.bytes, s.course.downtime = EndsWithPause, s.now+takes, s.bytes+s.remaining*cost, takes
	default:
		s.verdict, s.seconds, s.course.downtime = DoesNotEnd, s.now+patience, patience
		s.bytes += s.link * patience
	}
}

// awaitLull waits for a pass that leaves little, as the engine does before it acts, unless passes are so long that it
// knows only one. In the middle of a pass what was dirtied since its beginning remains, too.
func (s *simulation) awaitLull(cost float64) {
	if s.passes > lullPasses && lullPasses*s.passTook <= lullPatience {
		wait := max(0, lullSpan-(s.now-s.compared))
		if s.lull > 0 {
			rest := max(0, s.passTook-s.since)
			wait = max(wait, min(lullPatience, rest+(s.lull-1)*s.passTook))
		}
		s.send(wait, cost)
	}
	s.look()
}
