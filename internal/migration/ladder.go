package migration

import (
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// ladder is what the engine raises of a running migration while its passes make no progress:
// the longest pause for the switch-over, by the policy's schedule, and XBZRLE's cache. It
// judges at the boundaries of passes, and never lowers anything.
type ladder struct {
	downtime downtimeSteps
	cache    cacheGrowth
	// least is the least memory that remained at a boundary; nil before the first. stuck is true where the last one made
	// no progress.
	least  *uint64
	stuck  bool
	raises []Raise
	// news is what is to be told of the last answer; zero for nothing.
	news Notice
}

// Raise is one thing that the ladder has raised in mid-move.
type Raise struct {
	// Field is max_downtime_ms or compression_cache_mib: what was raised has its unit.
	Field policy.Field
	To    int64
	// Pass is the pass over memory that it was raised in.
	Pass uint64
}

// progressShare is what a pass must leave at most, of the least that any pass before it left,
// to count as progress. KubeVirt's stall detector has the same margin of 4 % (VEP 248).
const progressShare = 0.96

func newLadder(p policy.Effective) ladder {
	l := ladder{downtime: downtimeSteps{set: unset}}
	for _, step := range p.Downtimes() {
		l.downtime.steps = append(l.downtime.steps, uint64(step))
	}
	if p.Compression() && p.CompressionCacheMaxMiB != nil {
		l.cache.most = uint64(*p.CompressionCacheMaxMiB) * mib
	}
	return l
}

const mib = 1 << 20

// pass takes what remained at a boundary, and the reading that showed it.
func (l *ladder) pass(remaining uint64, job Job) {
	progress := l.least == nil || float64(remaining) < progressShare*float64(*l.least)
	if l.least == nil || remaining < *l.least {
		l.least = &remaining
	}
	if l.stuck = !progress; l.stuck {
		l.downtime.raise()
	}
	l.cache.pass(job)
}

// climbs tells whether the next pass may be the one for a further step. Passes are then about as
// long as a pause, so that a look now and then would miss some.
func (l ladder) climbs() bool { return l.stuck && l.downtime.more() }

// downtimeAnswered takes libvirt's answer to the longest pause that was ordered.
func (l *ladder) downtimeAnswered(now time.Time, err error, pass uint64) {
	d := &l.downtime
	raised := d.wanted > 0
	l.news = d.answered(now, err)
	if err == nil && raised {
		l.raised(Raise{policy.FieldMaxDowntimeMS, int64(d.steps[d.wanted]), pass})
	}
}

// cacheAnswered takes what came of the larger cache that was ordered.
func (l *ladder) cacheAnswered(err error, pass uint64) {
	to := l.cache.wanted
	l.news = Notice{}
	if l.cache.answered(err, pass); err == nil {
		l.raised(Raise{policy.FieldCompressionCacheMiB, int64(to / mib), pass})
	} else {
		l.news = Notice{Kind: NoticeCacheKept, Err: err}
	}
}

func (l *ladder) raised(r Raise) {
	l.raises = append(l.raises[:len(l.raises):len(l.raises)], r)
	l.news = Notice{Kind: NoticeRaised, Raise: r}
}

// unset is the index of no step.
const unset = -1

// downtimeSteps is the longest pauses that the policy allows, one after another. libvirt has
// no migration parameter for them, only a setting of the QEMU process.
type downtimeSteps struct {
	// steps are rising, in milliseconds. wanted is the index of the one that is to hold, and
	// set of the one that holds.
	steps       []uint64
	wanted, set int
	// failed is why the wanted one could not be set; nil when it was. refused is true once
	// libvirt would give the same answer again.
	failed        error
	refused, told bool
	// next is when it may be ordered again, wait the time between the last two orders.
	next time.Time
	wait time.Duration
}

// begun takes what came of setting the first step before the start.
func (d *downtimeSteps) begun(err error) {
	if d.failed = err; err == nil {
		d.set = 0
	}
}

// raise wants the next step, where there is one and libvirt has taken the one before it.
func (d *downtimeSteps) raise() {
	if d.set == d.wanted && d.more() {
		d.wanted++
	}
}

// more tells whether there is a step that is not wanted yet.
func (d *downtimeSteps) more() bool { return d.wanted+1 < len(d.steps) && !d.refused }

// due tells whether a step is to be ordered now.
func (d *downtimeSteps) due(now time.Time) bool {
	return len(d.steps) > 0 && d.wanted > d.set && !d.refused && !now.Before(d.next)
}

// answered takes libvirt's answer, and returns what is to be told of it. What libvirt refuses
// for good is not ordered again, and anything else less and less often: each order may wait
// for libvirt's lock of the domain.
func (d *downtimeSteps) answered(now time.Time, err error) Notice {
	d.failed = err
	switch {
	case err == nil:
		d.set, d.wait, d.next = d.wanted, 0, time.Time{}
		return Notice{}
	case refusedForGood(err):
		d.refused = true
		return Notice{Kind: NoticeDowntimeNever, Err: err}
	}
	d.wait = min(max(2*d.wait, downtimeWait), downtimeMaxWait)
	d.next = now.Add(d.wait)
	if d.told {
		return Notice{}
	}
	d.told = true
	return Notice{Kind: NoticeDowntimeLater, Err: err}
}

// refusedForGood tells whether a host would give the same answer again.
func refusedForGood(err error) bool {
	return errors.Is(err, ErrDenied) || errors.Is(err, ErrUnsupported)
}

// downtimeDue tells whether a longer pause, or the first one, is to be ordered.
func (f facts) downtimeDue() bool {
	return f.source.running && !f.connecting() && !f.underWay(orderDowntime) && f.ladder.downtime.due(f.now)
}

// cacheDue tells whether a larger cache is to be ordered.
func (f facts) cacheDue() bool {
	return f.source.running && !f.underWay(orderCache) && f.ladder.cache.due()
}

func (f facts) hasNews() bool { return f.ladder.news.Kind != NoNotice }
