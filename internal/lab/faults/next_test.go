//go:build lab

package faults

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// wake is what the next apply must advise for a guest that was left paused, rather than let it run: libvirt does not know
// what other hosts have of it.
const wake = "virsh resume"

// nextApply asks Terraform for the same move again, after everything was healed: it must make it, and that of a guest left
// paused once a person has done what it advises. now is where the VM is.
func (s *stage) nextApply(now whereabouts) string {
	s.Helper()
	if now == splitMemory {
		return s.recover()
	}
	if now != pausedOnSource {
		return s.moveAgain(now)
	}
	r := s.applyFast()
	if text := r.said().claim().text; r.code() != 1 || !strings.Contains(text, wake) {
		s.Errorf("the next apply exited with %d, want 1 and the advice %q:\n%s", r.code(), wake, &r.output)
		return fmt.Sprintf("exited with %d", r.code())
	}
	if left := s.reality().whereabouts(); left != pausedOnSource {
		s.Errorf("the next apply left the VM %s, want it %s", left, pausedOnSource)
	}
	s.virsh(s.from, "resume", s.guest.UUID)
	return fmt.Sprintf("refused, advises `%s`; after that: %s", wake, s.moveAgain(onSource))
}

// moveAgain wants the next apply to work: nothing that the fault has left must be in its way.
func (s *stage) moveAgain(now whereabouts) string {
	s.Helper()
	r := s.applyFast()
	if advised := s.removeUncertain(r); advised != "" {
		return advised + s.moveAgain(now)
	}
	if r.code() != 0 {
		s.Errorf("the next apply failed:\n%s", &r.output)
		return fmt.Sprintf("failed: %s", r.said().claim().summary)
	}
	if last := s.settled([]whereabouts{onDestination}); last.whereabouts() != onDestination {
		s.Errorf("the next apply left the VM: %s", last)
		return last.String()
	}
	s.requireBeat()
	if p := s.guest.Between(s.began, time.Now()); len(p.Lost) > 0 || len(p.Repeated) > 0 {
		s.Errorf("after the next apply heartbeats are lost: %v, repeated: %v", p.Lost, p.Repeated)
	}
	if s.copies {
		s.judgeDisk(s.reality())
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

// uncertain is what the next apply must say of a volume that a killed move has written to: nothing tells whether another
// file has come in its place.
const uncertain = "was not seen to its end"

// removeUncertain does what a refusal advises about half-written volumes; empty where that is not what was said.
func (s *stage) removeUncertain(r *run) string {
	s.Helper()
	if text := r.said().claim().text; !s.copies || r.code() != 1 || !strings.Contains(text, uncertain) {
		return ""
	}
	for _, d := range s.guest.Disks() {
		s.must(os.Remove(s.to.Inside(d.Path)))
	}
	return "refused, names the half-written volume; after its removal: "
}

// recover asks Terraform to recover a post-copy that has lost its link: it must refuse where libvirt would crash over it, and
// leave both parts as they are, or else bring the guest to its destination.
func (s *stage) recover() string {
	s.Helper()
	s.tf.configure(s.T, s.configuration(byAction, "")+fmt.Sprintf(`
action "virt_vm_postcopy_recovery" "guest" {
  config {
    vm = %q
  }
}
`, s.guest.Name))
	r := s.tf.start(s.T, "apply", "-json", "-auto-approve", "-input=false", "-invoke=action.virt_vm_postcopy_recovery.guest")
	r.wait(s.T, 3*patience)
	const crashes = "crashes over the recovery of a post-copy"
	refused := strings.Contains(r.said().claim().text, crashes)
	left := s.reality().whereabouts()
	switch {
	case r.code() == 1 && refused && left == splitMemory:
		return "recovery refused: libvirt " + crashes
	case r.code() == 0 && left == onDestination:
		s.requireBeat()
		return "recovered"
	}
	s.Errorf("the recovery exited with %d and left the VM %s:\n%s", r.code(), left, &r.output)
	return fmt.Sprintf("recovery exited with %d", r.code())
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
