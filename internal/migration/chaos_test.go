package migration_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestRunUnderRandomFaults makes moves under random policies with random faults,
// none of which kills a guest, and checks what must hold whatever happens: the
// engine ends, what it says is true, and the VM never runs twice and is never
// lost.
func TestRunUnderRandomFaults(t *testing.T) {
	t.Parallel()
	const moves = 1000
	for seed := range uint64(moves) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				c := &chaos{scene: s, random: rand.New(rand.NewPCG(seed, 1))}
				c.arrange()
				began := time.Now()
				_, err := s.run()
				if took := time.Since(began); took > c.bound {
					s.Errorf("took %s, and was to end within %s", took, c.bound)
				}
				c.truth(err)
				c.tidy()
			})
		})
	}
}

type chaos struct {
	*scene
	random *rand.Rand
	bound  time.Duration
	story  []string
	// dump is a job of somebody else; nil when there was none.
	dump atomic.Pointer[mt.Occupation]
	// stopped is when the guest stopped on kvm1 for an I/O error, nil before.
	stopped atomic.Pointer[time.Time]
}

func (c *chaos) chance(percent int) bool { return c.random.IntN(100) < percent }

func (c *chaos) tell(format string, args ...any) {
	c.story = append(c.story, fmt.Sprintf(format, args...))
}

func (c *chaos) arrange() {
	script := mt.Converging()
	if c.chance(50) {
		script = mt.Endless()
	}
	if c.chance(20) {
		script.Err = errInternal
		script.LeavePaused = c.chance(50)
	}
	script.PausedTakes = time.Duration(c.random.IntN(90)) * time.Second
	script.PostCopyTakes = time.Duration(c.random.IntN(90)) * time.Second
	if c.chance(10) {
		script.IdleAfter = time.Duration(1+c.random.IntN(20)) * time.Second
	}
	c.world.Play(script)
	c.policy(policy.Policy{
		Timeout:       new(time.Duration(10+c.random.IntN(40)) * time.Second),
		StallTimeout:  new(time.Duration(c.random.IntN(30)) * time.Second),
		PostCopy:      new(true),
		OnTimeout:     new(policy.OnTimeouts()[c.random.IntN(3)]),
		MaxDowntimeMS: new(int64(100)),
	})
	c.request.Mode = migration.Modes()[c.random.IntN(3)]
	c.tell("%+v, %s, mode %s", script, c.request.Policy.OnTimeout(), c.request.Mode)
	// Timeout, pause and grace, a lost source, post-copy, and verifying.
	c.bound = 10 * time.Minute
	if c.chance(30) {
		after := c.within(60 * time.Second)
		c.tell("cancel after %s", after)
		c.at(after, c.cancel)
	}
	for _, h := range []*mt.Host{c.kvm1, c.kvm2} {
		c.outage(h)
	}
	for range c.random.IntN(3) {
		c.loseAnswer()
	}
	if c.chance(10) {
		after := c.within(40 * time.Second)
		c.tell("I/O error on kvm1 after %s", after)
		c.at(after, func() {
			c.kvm1.Pause(uuid, migration.ReasonIOError)
			if held, _ := c.kvm1.Held(uuid); held.Reason == migration.ReasonIOError {
				c.stopped.Store(new(time.Now()))
			}
		})
	}
	if c.chance(20) {
		from, lasts := c.within(time.Second), c.within(time.Minute)
		c.tell("a dump from %s for %s", from, lasts)
		slow := func(ctx contextT) error { return pauseFor(ctx, time.Second) }
		c.kvm1.Before("MigratePeerToPeer", slow)
		c.kvm2.Before("Prepare", slow)
		c.at(from, func() { c.dump.Store(c.kvm1.Occupy(uuid)) })
		c.at(from+lasts, func() { c.dump.Load().End() })
	}
}

func (c *chaos) within(longest time.Duration) time.Duration {
	return time.Duration(c.random.Int64N(int64(longest)))
}

// outage makes a host silent for some time.
func (c *chaos) outage(h *mt.Host) {
	if !c.chance(30) {
		return
	}
	from := c.within(40 * time.Second)
	lasts := c.within(200 * time.Second)
	fault := h.Cut
	if c.chance(50) {
		fault = h.Mute
	}
	c.tell("%s silent from %s for %s", h.Name(), from, lasts)
	c.at(from, fault)
	c.at(from+lasts, h.Restore)
}

// loseAnswer makes the answer, or the whole call, of a random order fail a few
// times.
func (c *chaos) loseAnswer() {
	calls := []string{
		"Job", "Domain", "AbortJob", "StartPostCopy", "Suspend", "Resume", "SetMaxDowntime", "MaxDowntime",
		"Begin", "Prepare", "Perform", "Finish", "Confirm", "MigratePeerToPeer",
	}
	call := calls[c.random.IntN(len(calls))]
	h := c.kvm1
	if c.chance(50) {
		h = c.kvm2
	}
	from, times := c.within(30*time.Second), int64(1+c.random.IntN(3))
	c.tell("%s on %s fails %d times from %s", call, h.Name(), times, from)
	if c.chance(50) {
		c.at(from, func() { h.After(call, mt.Times(times, migration.ErrUnreachable)) })
	} else {
		c.at(from, func() { h.Before(call, mt.Times(times, migration.ErrUnreachable)) })
	}
}

// truth compares what the engine said with what the hosts hold.
func (c *chaos) truth(err error) {
	c.Helper()
	here, heldHere := c.kvm1.Held(uuid)
	there, heldThere := c.kvm2.Held(uuid)
	runsHere := heldHere && here.State == migration.StateRunning
	runsThere := heldThere && (there.State == migration.StateRunning || there.State == migration.StatePostCopy)
	defer func() {
		if c.Failed() {
			c.Logf("story: %q", c.story)
			c.Logf("kvm1 holds it: %t %s; kvm2 holds it: %t %s; Run: %v", heldHere, here.State, heldThere, there.State, err)
		}
	}()
	if runsHere && runsThere {
		c.Error("the VM runs twice")
	}
	if !heldHere && !heldThere {
		c.Error("the VM is lost")
	}
	if c.dump.Load().Aborted() {
		c.Error("the dump was aborted")
	}
	stopped := c.stopped.Load()
	if stopped != nil && runsHere {
		c.Error("a guest was resumed whose disk had failed")
	}
	if err == nil {
		if !runsThere || heldHere {
			c.Error("success was claimed")
		}
		return
	}
	var diagnosis migration.Diagnosis
	errors.As(err, &diagnosis)
	switch place := diagnosis.Common().Outcome.Place(); place {
	case migration.OnSource:
		// Behind the engine's back while it waited for the other host's answer.
		if !runsHere && (stopped == nil || time.Since(*stopped) > 6*time.Second) {
			c.Errorf("said %q", place)
		}
	case migration.OnDestination, migration.FetchingMemory:
		if !runsThere {
			c.Errorf("said %q", place)
		}
	case migration.PausedOnSource, migration.PausedOnDestination:
		if runsHere || runsThere {
			c.Errorf("said %q", place)
		}
	case migration.Unknown: // claims nothing
	case migration.OnBoth, migration.OnNeither, migration.SplitMemory, migration.PausedOnBoth:
		c.Errorf("said %q, which none of these faults can cause", place)
	}
}

// tidy ends what an unreachable host goes on with, so that no timer of it is
// left.
func (c *chaos) tidy() {
	c.kvm1.Restore()
	c.kvm2.Restore()
	c.dump.Load().End()
	synctest.Wait() // a call that waited for the dump has begun its job
	c.kvm1.Abort(uuid)
}
