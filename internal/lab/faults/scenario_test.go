//go:build lab

package faults

import (
	"fmt"
	"iter"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// scenario is one fault: what is moved, what goes wrong at which moment, and how the move must end. What is left out of
// it is the ordinary: an idle guest with a disk, moved in both modes by invoking the action, under calm. It is played
// once for each of its moments, modes and forms.
type scenario struct {
	// name is the fault, as the table has it.
	name string
	// always is true for the few that make test runs.
	always bool
	// modes are who drives the migration.
	modes []string
	// asked are the ways in which Terraform is asked to move the guest.
	asked []form
	// guest is what is moved; its name and host are filled in.
	guest lab.GuestSpec
	// copies makes it a guest whose disk each host has for itself, and that writes to it all the time: the disk is copied,
	// and no write may be lost.
	copies bool
	// policy has the attributes of the move's own policy.
	policy string

	// arrange makes the fault before Terraform starts, strike at a moment of the move; at are the moments to try.
	arrange func(*stage)
	at      []moment
	strike  func(*stage)
	// repair undoes the fault after Terraform has ended. Whatever it leaves is healed.
	repair func(*stage)

	want want
	// excused says why Terraform's next apply is not asked to move the guest; else it is.
	excused string
}

// The titles that an error of a move can have.
const (
	failed    = "Unable to Migrate VM"
	unplanned = "Unable to Plan VM Migration"
	cancelled = "Migration Cancelled"
	timedOut  = "Migration Timed Out"
)

// The modes of a move.
const (
	peerToPeer = "peer_to_peer"
	direct     = "direct"
	auto       = "auto"
)

var bothModes = []string{peerToPeer, direct}

// form is how Terraform is asked.
type form string

const (
	byAction   form = "action"
	byResource form = "resource"
)

var bothForms = []form{byAction, byResource}

// calm lets an idle guest take about 18 seconds, and gives a link that carries nothing up after ten.
const calm = `
    bandwidth_mib_per_second = 4
    timeout                  = "50s"
    stall_timeout            = "10s"`

// want is how a move must end.
type want struct {
	// ends are where the guest may be in the end; one unless either is right.
	ends []whereabouts
	// codes are the exit codes that are right; codeKilled of a Terraform that was killed.
	codes []int
	// summaries are the titles that the error may have.
	summaries []string
	// words are what the error, or the progress of an action, must say besides.
	words []string
	// within is how long Terraform may take from the fault to its end.
	within time.Duration
	// gap is how much longer the guest may seem to stand still than one that is not moved; usualGap when it is left out.
	gap time.Duration
}

// codeKilled is the exit code of a process that a signal ended.
const codeKilled = -1

// usualGap is for a switch-over, with which several emulated guests compete for few cores.
const usualGap = 2 * time.Second

// String names a scenario of one moment, one mode and one form.
func (s scenario) String() string { return fmt.Sprintf("%s/%s/%s", s.name, s.modes[0], s.asked[0]) }

// parts takes the scenario apart.
func (s scenario) parts() iter.Seq[scenario] {
	return func(yield func(scenario) bool) {
		for _, m := range s.at {
			for _, mode := range s.modes {
				for _, asked := range s.asked {
					one := s.during(m)
					one.modes, one.asked = []string{mode}, []form{asked}
					if !yield(one) {
						return
					}
				}
			}
		}
	}
}

// writer is a guest that writes all the time to a disk which is not shared.
func writer(format string) lab.GuestSpec {
	disk := lab.Disk{Format: format, Bus: "ide", MiB: 32, Local: true, Filled: true}
	return lab.GuestSpec{Writes: 20 * time.Millisecond, Parts: []lab.Part{disk}}
}

// during is the scenario at one of its moments.
func (s scenario) during(m moment) scenario {
	s.at = []moment{m}
	if m.name == "" {
		return s
	}
	s.name += ", at the " + m.name
	if m.policy != "" {
		s.policy, s.want.gap = m.policy, max(s.want.gap, m.gap)
	}
	if arrange := s.arrange; m.arrange != nil {
		s.arrange = func(st *stage) {
			m.arrange(st)
			if arrange != nil {
				arrange(st)
			}
		}
	}
	return s
}

// withDefaults fills in what is ordinary.
func (s scenario) withDefaults() scenario {
	if s.modes == nil {
		s.modes = bothModes
	}
	if s.asked == nil {
		s.asked = []form{byAction}
	}
	if s.copies && s.guest.Parts == nil {
		s.guest = writer("raw")
	}
	if s.guest.Parts == nil {
		s.guest = s.guest.With(lab.Disk{Format: "raw"})
	}
	if s.policy == "" {
		s.policy = calm
	}
	if s.want.gap == 0 {
		s.want.gap = usualGap
	}
	if s.at == nil {
		s.at = []moment{{}}
	}
	return s
}
