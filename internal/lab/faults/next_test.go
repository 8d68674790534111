package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// remedy is what the next apply must advise where something is left that only a person may end, because libvirt does not
// know what other hosts have of the guest.
type remedy struct {
	// code is the apply's exit code, words are what its error or warning says.
	code  int
	words string
	// follow does what is advised.
	follow func(*stage)
}

// remedies are for the places that only a person leaves.
var remedies = map[place]remedy{
	stranded: {code: 1, words: "virsh resume", follow: func(s *stage) { s.virsh(s.from, "resume", s.guest.UUID) }},
	splitHomes: {code: 0, words: "virsh destroy", follow: func(s *stage) {
		s.virsh(s.from, "destroy", s.guest.UUID)
		s.virsh(s.from, "undefine", s.guest.UUID)
	}},
}

// nextApply asks Terraform for the same move again, after everything was healed: it must make it, and where it can not do
// all say what a person has to do first. now is where the VM is.
func (s *stage) nextApply(now place) string {
	s.Helper()
	remedy, found := remedies[now]
	if !found {
		return s.moveAgain(now)
	}
	r := s.applyFast()
	if r.code() != remedy.code || !r.said().advises(remedy.words) {
		s.Errorf("the next apply exited with %d, want %d and the advice %q:\n%s", r.code(), remedy.code, remedy.words, &r.output)
		return fmt.Sprintf("exited with %d", r.code())
	}
	if left := s.look().place(); left != now {
		s.Errorf("the next apply left the VM %s, want %s", left, now)
	}
	remedy.follow(s)
	return fmt.Sprintf("exited with %d and advised `%s`; after that: %s", r.code(), remedy.words, s.moveAgain(s.look().place()))
}

// advises tells whether an error or a warning has the words.
func (s said) advises(words string) bool {
	return slices.ContainsFunc(slices.Concat(s.errors, s.warnings), func(d diagnostic) bool { return strings.Contains(d.Detail, words) })
}

// moveAgain wants the next apply to work: nothing that the fault has left must be in its way.
func (s *stage) moveAgain(now place) string {
	s.Helper()
	r := s.applyFast()
	if r.code() != 0 {
		s.Errorf("the next apply failed:\n%s", &r.output)
		return fmt.Sprintf("failed: %s", r.said().claim().summary)
	}
	if last := s.settled([]place{onDestination}); last.place() != onDestination {
		s.Errorf("the next apply left the VM: %s", last)
		return last.String()
	}
	s.requireBeat()
	if p := s.guest.Between(s.began, time.Now()); len(p.Lost) > 0 || len(p.Repeated) > 0 {
		s.Errorf("after the next apply heartbeats are lost: %v, repeated: %v", p.Lost, p.Repeated)
	}
	done := "moved"
	if now == onDestination {
		done = "already there"
	}
	if s.asked == byAction {
		return done
	}
	plan := s.tf.start(s.T, "plan", "-input=false", "-detailed-exitcode", "-json")
	plan.wait(s.T, 2*patience)
	if plan.code() != 0 {
		s.Errorf("after the next apply there is something to plan:\n%s", &plan.output)
		return "plan is not empty"
	}
	return done + ", plan empty"
}

// applyFast asks for the move at full speed and waits for the answer.
func (s *stage) applyFast() *run {
	s.Helper()
	const fast = "\n    timeout = \"2m\""
	s.tf.configure(s.T, s.configuration(s.asked, fast))
	r := s.tf.start(s.T, s.asked.arguments()...)
	r.wait(s.T, 3*patience)
	return r
}
