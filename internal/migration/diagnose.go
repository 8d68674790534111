package migration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// diagnose turns the end of a migration that did not succeed into its error.
func (m *move) diagnose(e ending, f Failure) error {
	subject := fmt.Sprintf("The migration of VM %s from %s to %s", m.Name, m.Source.Name(), m.Destination.Name())
	after := elapsed(e.elapsed)
	ended := m.howEnded(e)
	switch e.verdict {
	case byCaller:
		happened := fmt.Sprintf("%s was cancelled after %s.", subject, after)
		if e.unseen != nil {
			happened = fmt.Sprintf("%s was to be cancelled after %s, and is not known to have ended.", subject, after)
		}
		f.Happened = sentences(happened, ended)
		return &CancelledError{f}
	case outOfTime:
		f.Happened = sentences(fmt.Sprintf("%s was not done after %s, and %s.", subject, m.limit(policy.FieldTimeout), e.calledOff()), m.tried(e), measured(e), ended)
		if e.figures.dirtyRate > 0 {
			f.Advice = advise(m.Policy, e.figures, e.least)
		}
		return &TimedOutError{f, policy.FieldTimeout}
	case linkStalled:
		f.Happened = sentences(fmt.Sprintf("%s %s after %s, because no byte had been sent for %s. The link from %s to %s, or QEMU on %s, does not take any more.",
			subject, e.calledOff(), after, m.limit(policy.FieldStallTimeout), m.Source.Name(), m.Destination.Name(), m.Destination.Name()), m.tried(e), ended)
		return &TimedOutError{f, policy.FieldStallTimeout}
	case stalled:
		f.Happened = sentences(fmt.Sprintf("%s %s after %s, because it got no nearer to its end for %s and at least %d passes over memory.",
			subject, e.calledOff(), after, m.limit(policy.FieldStallTimeout), stallPasses), m.tried(e), measured(e), ended)
		f.Advice = advise(m.Policy, e.figures, e.least)
		return m.notConverged(e, f)
	case deserted:
		f.Happened = sentences(fmt.Sprintf("%s %s after %s, because %s had not answered for %s. A direct migration can not be ended without it, and the guest would have been stopped for that.",
			subject, e.calledOff(), after, m.Destination.Name(), desertedLimit), ended)
		return &FailedError{f}
	case neverStarted:
		if e.mode == Direct {
			f.Happened = sentences(fmt.Sprintf("%s sent nothing for %s, and %s. %s does not hold the receiving half that it had prepared; the log of libvirt on %s may say why.",
				subject, startLimit, e.calledOff(), m.Destination.Name(), m.Destination.Name()), ended)
			return &FailedError{f}
		}
		f.Happened = sentences(fmt.Sprintf("%s sent nothing for %s, and %s. %s is not receiving it: libvirt on %s may be waiting for an answer from libvirt on %s. Look at the peer_uri and the network between the two.",
			subject, startLimit, e.calledOff(), m.Destination.Name(), m.Source.Name(), m.Destination.Name()), ended)
		return &FailedError{f}
	default:
		if e.aborted() {
			f.Happened = fmt.Sprintf("%s was cancelled after %s by someone else: libvirt on %s says that its job was aborted.", subject, after, m.Source.Name())
			return &CancelledError{f}
		}
		f.Happened = sentences(fmt.Sprintf("%s %s after %s.", subject, failing(e, f.Outcome), after), ended, m.misled(e))
		return &FailedError{f}
	}
}

// misled says where the address came from that memory could not be sent to.
func (m *move) misled(e ending) string {
	name := m.Destination.Name()
	switch {
	case !errors.Is(e.err, ErrMemoryUnreachable):
		return ""
	case m.MigrationURI == "":
		return fmt.Sprintf("That is the address that memory was to be sent to: the host name that %s gives itself. A migration_uri of %s in the provider's configuration sets another one.", name, name)
	}
	return fmt.Sprintf("That is the address that memory was to be sent to, from the migration_uri of %s (%s). %s must reach it, on the port that libvirt on %s chooses where the URI has none.", name, m.MigrationURI, m.Source.Name(), name)
}

// calledOff says what became of the decision to end the migration. Between two
// steps of a direct one no order is needed for it.
func (e ending) calledOff() string {
	if e.taken || e.aborted() || errors.Is(e.err, errHalted) {
		return "was called off"
	}
	return "was to be called off"
}

// limit is a time limit of the policy with what set it, for example
// "2m (stall_timeout, cluster)".
func (m *move) limit(field policy.Field) string {
	return fmt.Sprintf("%s (%s, %s)", m.Policy.Text(field), field, m.Policy.Origins[field])
}

// failing says in which way a migration failed that was not called off.
func failing(e ending, o Outcome) string {
	switch {
	case e.unseen != nil:
		return "could not be followed to its end, and was given up"
	case e.err == nil && !e.watched && !o.Destination.Known():
		return fmt.Sprintf("ended with success as libvirt on %s says, which could not be seen on %s,", o.Source.Host, o.Destination.Host)
	case e.err == nil && !e.watched:
		return "ended with success as libvirt says, which the hosts do not bear out,"
	case e.postCopy:
		return "failed in post-copy"
	}
	return "failed"
}

func (m *move) notConverged(e ending, f Failure) error {
	failure := &NotConvergedError{
		Failure:   f,
		DirtyRate: e.figures.dirtyRate,
		Bandwidth: e.figures.bandwidth,
		Throttle:  e.figures.throttle,
		Passes:    e.figures.last.Iteration,
		Elapsed:   e.elapsed,
	}
	if e.least != nil {
		failure.Remaining = *e.least
	}
	return failure
}

// howEnded says what libvirt answered in the end, where that adds something.
func (m *move) howEnded(e ending) string {
	switch {
	case errors.Is(e.unseen, errUnstopped) && !e.taken:
		return fmt.Sprintf("libvirt on %s could not be told to end it: %s.", m.Source.Name(), e.orderError)
	case errors.Is(e.unseen, errUnstopped):
		return fmt.Sprintf("libvirt on %s was told to end it, and had not done so within %s.", m.Source.Name(), e.grace)
	case e.unseen != nil:
		return fmt.Sprintf("How it ended was not seen: %s.", e.unseen)
	case e.err == nil && e.lostCall != nil && e.verdict == none:
		return fmt.Sprintf("The call that had started it was lost (%s), so why it ended is known to the log of libvirt on %s only.", e.lostCall, m.Source.Name())
	case e.err == nil && e.watched && e.verdict == none:
		return fmt.Sprintf("It was watched without the call that had started it, so why is known to the log of libvirt on %s only.", m.Source.Name())
	case e.err == nil || e.aborted() || errors.Is(e.err, errHalted):
		return ""
	case e.verdict != none && e.taken:
		return "" // libvirt took the order; what it broke on the way is no news
	case errors.Is(e.err, ErrUnsent):
		return fmt.Sprintf("A call could not be sent: %s.", e.err)
	case errors.Is(e.err, errUnprepared):
		name := m.Destination.Name()
		return fmt.Sprintf("%s did not answer when it was to prepare for the VM, and was not seen to hold the receiving half for %s: libvirt there hangs, or waits for something, for example storage. Its log may say for what.", name, startLimit)
	case lost(e.err):
		return fmt.Sprintf("The connection was lost: %s.", e.err)
	}
	return fmt.Sprintf("libvirt says: %s.", strings.TrimSuffix(e.err.Error(), "."))
}

// tried says what on_timeout was tried in vain.
func (m *move) tried(e ending) string {
	switch {
	case e.paused:
		return fmt.Sprintf("Pausing the guest did not end it within %s.", pauseGrace)
	case !e.pausing.IsZero() && lost(e.stepError):
		return fmt.Sprintf("libvirt on %s was told to pause the guest (on_timeout), and did not say within %s that it had: %s.", m.Source.Name(), pauseGrace, e.stepError)
	case e.untried != "":
		return fmt.Sprintf("on_timeout = %q was not tried, because %s.", string(m.Policy.OnTimeout()), e.untried)
	case e.stepError != nil:
		return fmt.Sprintf("on_timeout = %q could not be done: %s.", string(m.Policy.OnTimeout()), e.stepError)
	}
	return ""
}

// measured says at which rates the migration went, and how much it sent.
func measured(e ending) string {
	f := e.figures
	if !f.begun {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "In pass %d", f.last.Iteration)
	if f.dirtyRate > 0 {
		fmt.Fprintf(&b, " the guest dirtied at least %s (QEMU counts a page once a pass) while %s were sent", rate(f.dirtyRate), rate(f.bandwidth))
	} else {
		fmt.Fprintf(&b, " %s were sent", rate(f.bandwidth))
	}
	fmt.Fprintf(&b, ", %s in all", bytes(f.last.MemoryProcessed))
	if e.least != nil {
		fmt.Fprintf(&b, "; at best %s of %s remained after a pass", bytes(*e.least), bytes(f.last.MemoryTotal))
	}
	if f.throttle > 0 {
		fmt.Fprintf(&b, "; auto-converge had throttled the guest by %d %%", f.throttle)
	}
	b.WriteString(".")
	return b.String()
}

// sentences joins those that are not empty.
func sentences(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, " ")
}
