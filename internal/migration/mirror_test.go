package migration

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const mebi = 1 << 20

// mirrors is a reading of the migration's own job that copies disks.
func (c *course) mirrors(total, copied uint64) event {
	return event{kind: onReading, job: Job{
		Type: JobRunning, Operation: OperationMigrationOut, Elapsed: c.now.Sub(c.facts.called),
		DiskTotal: total, DiskProcessed: copied, DiskRemaining: total - copied,
	}}
}

// copying is a migration that copies disks.
func copying(t *testing.T, mode Mode, p policy.Policy) *course {
	c := begin(t, mode, p).after(0, event{kind: onCalled}).after(time.Second, event{kind: onTick})
	return c.after(0, c.mirrors(1000, 1)).is(mirroring)
}

func TestMirrorDetector(t *testing.T) {
	t.Parallel()
	// What is left, each second.
	tests := map[string]struct {
		window time.Duration
		left   []uint64
		// stalled is the second at which it is stalled; 0 is never.
		stalled int
	}{
		"it gets less and less":                     {3 * time.Second, []uint64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 0},
		"the guest writes as fast as it is copied":  {3 * time.Second, []uint64{9, 8, 7, 7, 7, 7, 7, 7}, 5},
		"it gets more and less, and never the less": {3 * time.Second, []uint64{9, 3, 5, 4, 3, 4, 5}, 4},
		"it gets less again in time":                {3 * time.Second, []uint64{9, 3, 5, 4, 2, 4, 5, 1, 2}, 0},
		"no stall_timeout":                          {0, []uint64{7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, start, stalled := mirrorDetector{window: test.window}, noon, 0
			for i, left := range test.left {
				if m.observe(start.Add(time.Duration(i)*time.Second), Job{DiskTotal: 10, DiskRemaining: left}) && stalled == 0 {
					stalled = i
				}
			}
			if stalled != test.stalled {
				t.Errorf("stalled at second %d, want %d", stalled, test.stalled)
			}
		})
	}
}

func TestMirrorRates(t *testing.T) {
	t.Parallel()
	var m mirrorDetector
	for second := range uint64(60) {
		// It copies 5 MiB/s and then 20; the guest writes 2 MiB/s again all the time.
		total, copied := 1000*mebi+second*2*mebi, min(second, 30)*5*mebi
		if second > 30 {
			copied += (second - 30) * 20 * mebi
		}
		m.observe(noon.Add(time.Duration(second)*time.Second), Job{DiskTotal: total, DiskProcessed: copied, DiskRemaining: total - copied})
		if second == 0 && (m.figures.Rate > 0 || m.figures.WriteRate > 0) {
			t.Error("one reading tells a rate")
		}
	}
	want := MirrorFigures{
		Total: 1118 * mebi, Copied: 730 * mebi, Remaining: 388 * mebi, Least: 388 * mebi, Rate: 20 * mebi, WriteRate: 2 * mebi,
	}
	if diff := cmp.Diff(want, m.figures); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if got := m.figures.estimate(); got == nil || *got < 21*time.Second || *got > 22*time.Second {
		t.Errorf("estimate %v, want 388 MiB at 18 MiB/s", got)
	}
	if got := (MirrorFigures{Remaining: 1, Rate: 5, WriteRate: 5}).estimate(); got != nil {
		t.Errorf("estimate %s of what never ends", *got)
	}
}

// The courses of a migration that copies disks first.
func TestTransitionsOfMirroring(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T){
		"memory follows the disks": func(t *testing.T) {
			c := copying(t, PeerToPeer, limited)
			c.after(time.Second, c.mirrors(1000, 999)).is(mirroring).after(time.Second, c.sends(1)).is(preCopy).
				after(time.Second, event{kind: onResult}).is(ended).unseen(nil).because(none)
		},
		"disks that are ready before they are seen": func(t *testing.T) {
			sending(t, PeerToPeer, limited).is(preCopy)
		},
		"a moment without figures between disks and memory says nothing": func(t *testing.T) {
			c := copying(t, PeerToPeer, limited)
			c.after(time.Second, c.mirrors(0, 0)).is(mirroring).tells().after(time.Second, c.sends(1)).is(preCopy)
		},
		"it is cancelled": func(t *testing.T) {
			copying(t, PeerToPeer, limited).after(time.Second, asked).is(cancelling).does(orderAbort).because(byCaller).
				after(time.Millisecond, event{kind: onAbortAnswer}).is(cancelling).
				after(cleanupGrace-2*time.Millisecond, tick).is(cancelling). // a link that is cut holds the end up
				after(time.Second, event{kind: onResult, err: ErrAborted}).is(ended).unseen(nil)
		},
		"a mirror over a dead link ends once the kernel gives the connection up": func(t *testing.T) {
			lingering(t).after(mirrorGrace-2*cleanupGrace, event{kind: onResult, err: ErrAborted}).is(ended).unseen(nil).because(outOfTime)
		},
		"a mirror that never ends is not waited for for ever": func(t *testing.T) {
			c := lingering(t)
			for c.now.Sub(c.facts.entered[cancelling.index()]) < mirrorGrace-time.Minute {
				c.after(time.Minute, c.mirrors(1000, 1)).is(cancelling)
			}
			c.after(time.Minute, c.mirrors(1000, 1)).is(ended).unseen(errUnstopped).because(outOfTime)
		},
		"who asks for the end of the waiting gets it at once": func(t *testing.T) {
			lingering(t).after(time.Minute, asked).is(ended).unseen(errUnstopped).because(outOfTime)
		},
		"who has asked for the end does not wait for so long": func(t *testing.T) {
			copying(t, PeerToPeer, limited).after(time.Second, asked).is(cancelling).
				after(time.Millisecond, event{kind: onAbortAnswer}).
				after(cleanupGrace-2*time.Millisecond, tick).is(cancelling).
				after(time.Millisecond, tick).is(ended).unseen(errUnstopped).because(byCaller)
		},
		"QEMU that is stuck in the switch-over is waited for, and the job is aborted then": func(t *testing.T) {
			c := stuck(t)
			for range 10 {
				c.after(time.Minute, silence).is(cancelling)
			}
			c.after(time.Second, event{kind: onAbortAnswer, err: errLost}).is(cancelling).does(orderAbort).
				after(time.Second, c.sends(2)).is(cancelling).
				after(time.Second, event{kind: onAbortAnswer}).is(cancelling).
				after(cleanupGrace, c.sends(2)).is(cancelling).
				after(time.Second, event{kind: onResult, err: ErrAborted}).is(ended).unseen(nil).because(outOfTime)
		},
		"QEMU that is stuck before the limit is not waited for for ever, either": func(t *testing.T) {
			c := copying(t, PeerToPeer, policy.Policy{Timeout: new(time.Duration(0))})
			c.after(time.Second, c.sends(1)).is(preCopy)
			for began := c.now; c.now.Sub(began) < mirrorGrace+silenceLimit; {
				c.is(preCopy).after(time.Minute, silence)
			}
			c.is(ended).unseen(errSilent)
		},
		"QEMU that is stuck is not waited for for ever": func(t *testing.T) {
			c := stuck(t)
			for c.now.Sub(c.facts.entered[cancelling.index()]) < mirrorGrace-time.Minute {
				c.after(time.Minute, silence).is(cancelling)
			}
			c.after(time.Minute, silence).is(ended).unseen(errUnstopped)
		},
		"who asks for the end does not wait for QEMU that is stuck": func(t *testing.T) {
			stuck(t).after(time.Minute, silence).after(time.Second, asked).is(ended).unseen(errUnstopped)
		},
		"a source that is dead is not waited for for so long": func(t *testing.T) {
			c := copying(t, PeerToPeer, limited).after(19*time.Second, tick).is(cancelling).does(orderAbort)
			c.after(callDeadline, event{kind: onAbortAnswer, err: errLost}).is(cancelling).
				after(cleanupGrace-callDeadline, event{kind: onSilence, err: errLost}).is(ended).unseen(errUnstopped)
		},
		"it times out": func(t *testing.T) {
			copying(t, PeerToPeer, limited).after(19*time.Second-time.Millisecond, tick).is(mirroring).
				after(time.Millisecond, tick).is(cancelling).does(orderAbort).because(outOfTime)
		},
		"a guest is not paused for its disks": func(t *testing.T) {
			c := copying(t, PeerToPeer, pauses).after(19*time.Second, tick).is(cancelling).does(orderAbort).because(outOfTime)
			if got := c.facts.decided.hindrance; got != disksUnready {
				t.Errorf("hindrance %d, want %d", got, disksUnready)
			}
		},
		"it is not switched to post-copy, which has no memory to go on with": func(t *testing.T) {
			c := copying(t, PeerToPeer, switches).after(19*time.Second, tick).is(cancelling).does(orderAbort).because(outOfTime)
			if got := c.facts.decided.hindrance; got != disksUnready {
				t.Errorf("hindrance %d, want %d", got, disksUnready)
			}
		},
		"the disks do not get ready": func(t *testing.T) {
			c := copying(t, PeerToPeer, stalls)
			for i := range uint64(9) {
				c.after(time.Second, c.mirrors(1000+i, i)).is(mirroring)
			}
			c.after(time.Second, c.mirrors(1009, 9)).is(cancelling).does(orderAbort).because(mirrorStalled)
		},
		"no byte of the disks is sent": func(t *testing.T) {
			c := copying(t, PeerToPeer, stalls)
			for range 9 {
				c.after(time.Second, c.mirrors(1000, 1)).is(mirroring)
			}
			c.after(time.Second, c.mirrors(1000, 1)).is(cancelling).does(orderAbort).because(linkStalled)
		},
		"what the disks took does not make memory stall": func(t *testing.T) {
			c := copying(t, PeerToPeer, stalls)
			for i := range uint64(9) {
				c.after(time.Second, c.mirrors(1000+i, 1+i)).is(mirroring)
			}
			c.after(time.Second, c.sends(1)).is(preCopy).after(time.Second, c.sends(2)).is(preCopy)
		},
		"the destination of a direct one is lost": func(t *testing.T) {
			copying(t, Direct, limited).after(time.Second, event{kind: onDestinationLost}).is(cancelling).does(orderAbort).because(deserted)
		},
		"the call is lost, and the job goes on": func(t *testing.T) {
			c := copying(t, PeerToPeer, limited).after(time.Second, event{kind: onResult, err: errLost}).is(mirroring).tells(tellCallLost)
			c.after(time.Second, c.sends(1)).is(preCopy)
		},
		"the call outlives its job": func(t *testing.T) {
			copying(t, PeerToPeer, policy.Policy{}).after(time.Second, event{kind: onReading}).is(mirroring).
				after(lostCallLimit, tick).is(ended).unseen(errLostCall)
		},
		"it may take longer than a job may take to begin": func(t *testing.T) {
			c := copying(t, PeerToPeer, policy.Policy{StallTimeout: new(time.Duration(0))})
			c.after(10*startLimit, c.mirrors(1000, 2)).is(mirroring).does()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t)
		})
	}
}

// stalls has no timeout and a short stall_timeout.
var stalls = policy.Policy{StallTimeout: new(10 * time.Second), Timeout: new(time.Duration(0))}

// lingering has timed out, and its mirrors have not ended for longer than those of a job without any may take.
func lingering(t *testing.T) *course {
	c := copying(t, PeerToPeer, limited).after(19*time.Second, tick).is(cancelling).does(orderAbort).
		after(time.Millisecond, event{kind: onAbortAnswer}).is(cancelling)
	return c.after(cleanupGrace, c.mirrors(1000, 1)).is(cancelling).tells(tellLingering)
}

// silence is the answer of a source whose QEMU does not answer.
var silence = event{kind: onSilence, err: errLost, stuck: true}

// stuck has timed out in the switch-over, where libvirt cannot speak to QEMU.
func stuck(t *testing.T) *course {
	c := copying(t, PeerToPeer, limited)
	c.after(time.Second, c.sends(1)).is(preCopy).after(18*time.Second, tick).is(cancelling).does(orderAbort)
	return c.after(callDeadline, event{kind: onAbortAnswer, err: errLost}).is(cancelling).
		after(observeDeadline, silence).is(cancelling)
}
