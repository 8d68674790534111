package explain

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

const (
	unableToMigrate = "Unable to Migrate VM"
	unableToRecover = "Unable to Recover VM"
	cancelledMove   = "Migration Cancelled"
)

// Failure is what an operator reads of a move that did not succeed: what happened,
// what would have helped, what to do, and in its last line where the VM is, in the
// form `VM NAME is running on HOST`.
func Failure(d migration.Diagnosis) Text {
	f := d.Common()
	summary := unableToMigrate
	if f.Outcome.Recovering {
		summary = unableToRecover
	}
	var happened, helps string
	var (
		preflight    *migration.PreflightError
		cancelled    *migration.CancelledError
		timedOut     *migration.TimedOutError
		notConverged *migration.NotConvergedError
		failed       *migration.FailedError
		definition   *migration.DefinitionError
	)
	switch {
	case errors.As(d, &preflight):
		happened = notStarted(preflight)
	case errors.As(d, &cancelled):
		summary, happened = cancelledMove, interrupted(cancelled)
	case errors.As(d, &timedOut) && timedOut.Limit == policy.FieldStallTimeout:
		summary, happened = "Migration Timed Out", idleLink(f)
	case errors.As(d, &timedOut):
		summary, happened = "Migration Timed Out", overdue(f)
		if figures := f.Course.Figures; figures.DirtyRate > 0 || inFirstPass(figures) || figures.Mirrors() {
			helps = help(f.Course)
		}
	case errors.As(d, &notConverged) && f.Course.Cause == migration.CausedByMirror:
		summary, happened, helps = "Disk Copy Did Not Converge", unready(f), help(f.Course)
	case errors.As(d, &notConverged) && f.Course.Cause == migration.CausedByThrottle:
		summary, happened, helps = "Migration Did Not Converge", overThrottled(f), help(f.Course)
	case errors.As(d, &notConverged):
		summary, happened, helps = "Migration Did Not Converge", unconverged(f), help(f.Course)
	case errors.As(d, &failed):
		happened = broken(f)
	case errors.As(d, &definition):
		return Text{summary, unmoved(f)}
	}
	if f.Unfound != nil {
		return Text{summary, sentences(happened, fmt.Sprintf("Where the VM is could not be determined: %s.",
			oneLine(f.Unfound)))}
	}
	todo := remedy(f.Outcome)
	if len(f.Elsewhere) > 0 && f.Outcome.Source.Host != "" {
		todo = elsewhere(f)
	}
	return Text{summary, paragraphs(happened, insteadOf(f), suspended(f), helps, staleDowntime(f.Downtime), lost(f), todo,
		Whereabouts(f.Whereabouts()))}
}

// insteadOf says why a direct migration was made instead of a peer-to-peer one, unless it
// ended for the same reason.
func insteadOf(f *migration.Failure) string {
	c := f.Course
	if c.Refusal == nil || sameRefusal(c.Refusal, c.Err) {
		return ""
	}
	return "It was made in direct mode because peer-to-peer had been refused before anything was sent. " +
		refused(c.Refusal, f)
}

// suspended says that a guest runs again that somebody seems to have suspended in mid-move:
// an estimate tells it from a switch-over.
func suspended(f *migration.Failure) string {
	o := f.Outcome
	if !f.Course.Suspended || !o.Source.Is(migration.StateRunning) {
		return ""
	}
	return fmt.Sprintf("Somebody seems to have suspended the VM on %s in mid-move, and libvirt let it run again when the "+
		"migration ended: `virsh suspend %s` there suspends it again.", o.Source.Host, o.UUID)
}

// sameRefusal tells whether two errors of hosts have the same reason. QEMU's words may have
// the time in them.
func sameRefusal(a, b error) bool {
	var one, other *host.Error
	switch {
	case !errors.As(a, &one) || !errors.As(b, &other):
		return errors.Is(b, a)
	case one.Refusal.Kind != refusal.Unknown:
		return one.Refusal.Kind == other.Refusal.Kind
	}
	return one.Code == other.Code && one.Message == other.Message
}

// subject is the beginning of what happened.
func subject(o migration.Outcome) string {
	if o.Recovering {
		return fmt.Sprintf("The recovery of the post-copy migration of VM %s from %s to %s",
			o.Name, o.Source.Host, o.Destination.Host)
	}
	return fmt.Sprintf("The migration of VM %s from %s to %s", o.Name, o.Source.Host, o.Destination.Host)
}

// lost says what was not carried to a destination that has the VM, or may have it.
func lost(f *migration.Failure) string {
	o := f.Outcome
	r := migration.Report{Subject: migration.Subject{
		UUID: o.UUID, Name: o.Name, Source: o.Source.Host, Destination: o.Destination.Host,
	}}
	said := make([]string, len(f.Lost))
	for i, w := range f.Lost {
		said[i] = Warning(r, w)
	}
	return paragraphs(said...)
}

func notStarted(e *migration.PreflightError) string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = "  - " + checked(f)
	}
	return fmt.Sprintf("%s was not started:\n%s", subject(e.Outcome), strings.Join(lines, "\n"))
}

func interrupted(e *migration.CancelledError) string {
	c, o := e.Course, e.Outcome
	after := elapsed(c.Elapsed)
	switch {
	case o.Source.Host == "":
		return fmt.Sprintf("The move of VM %s to %s was cancelled before it was started.", o.Name, o.Destination.Host)
	case o.Untouched:
		return subject(o) + " was cancelled before it was started."
	case c.Cause == migration.NoCause:
		return fmt.Sprintf("%s was cancelled after %s by someone else: libvirt on %s says that its job was aborted.",
			subject(o), after, o.Source.Host)
	case c.Unseen != nil:
		return sentences(fmt.Sprintf("%s was to be cancelled after %s, and is not known to have ended.",
			subject(o), after), howEnded(e.Common()))
	}
	return sentences(fmt.Sprintf("%s was cancelled after %s.", subject(o), after), howEnded(e.Common()),
		misled(e.Common()))
}

func overdue(f *migration.Failure) string {
	c := f.Course
	return sentences(fmt.Sprintf("%s had not finished after %s, and %s.",
		subject(f.Outcome), limit(c.Policy, policy.FieldTimeout), decision(c)),
		tried(f), measured(c.Figures), Raises(c.Raises), howEnded(f), misled(f))
}

func idleLink(f *migration.Failure) string {
	c, here, there := f.Course, f.Outcome.Source.Host, f.Outcome.Destination.Host
	return sentences(fmt.Sprintf("%s %s after %s, because no byte had been sent for %s. The link from %s to %s, or "+
		"QEMU on %s, accepts no more data.",
		subject(f.Outcome), decision(c), elapsed(c.Elapsed), limit(c.Policy, policy.FieldStallTimeout), here, there, there),
		tried(f), howEnded(f))
}

func unconverged(f *migration.Failure) string {
	c := f.Course
	return sentences(fmt.Sprintf("%s %s after %s, because it made no progress for %s and at least %d passes over "+
		"memory.",
		subject(f.Outcome), decision(c), elapsed(c.Elapsed), limit(c.Policy, policy.FieldStallTimeout),
		migration.StallPasses),
		tried(f), measured(c.Figures), Raises(c.Raises), howEnded(f))
}

// broken says what happened to a migration that failed.
func broken(f *migration.Failure) string {
	c, here, there := f.Course, f.Outcome.Source.Host, f.Outcome.Destination.Host
	what := subject(f.Outcome)
	switch c.Cause {
	case migration.CausedBySilence:
		return sentences(fmt.Sprintf("%s %s after %s, because %s had not answered for %s. A direct migration "+
			"cannot be ended without it, and the guest would have stopped for the switch-over.",
			what, decision(c), elapsed(c.Elapsed), there, migration.SilentDestinationLimit), howEnded(f))
	case migration.CausedByNoStart:
		text := fmt.Sprintf("%s sent nothing for %s, and %s.", what, migration.StartLimit, decision(c))
		if c.Mode == migration.Direct {
			return sentences(text, fmt.Sprintf("%s does not hold the incoming domain that it had prepared; the log "+
				"of libvirt on %s may say why.", there, there), howEnded(f))
		}
		return sentences(text, fmt.Sprintf("%s is not receiving it: libvirt on %s may be waiting for an answer "+
			"from libvirt on %s. Look at the peer_uri and the network between the two.",
			there, here, there), howEnded(f))
	case migration.NoCause, migration.CausedByCaller, migration.CausedByTimeout, migration.CausedByStall,
		migration.CausedByThrottle, migration.CausedByMirror, migration.CausedByIdleLink:
	}
	return sentences(fmt.Sprintf("%s %s after %s.", what, failing(f), elapsed(c.Elapsed)), howEnded(f), misled(f))
}

// memoryPorts are the ports that libvirt chooses from for memory.
const memoryPorts = "TCP 49152 to 49215 (migration_port_min to migration_port_max in its qemu.conf)"

// dropped is how long libvirt has to have had no answer where memory was to be sent before
// a firewall is what is thought of: who refuses a connection, or knows no way, says so
// sooner. Where QEMU makes the connection, all that is known is the time of the migration.
const (
	dropped       = 30 * time.Second
	droppedByQEMU = 2 * time.Minute
)

// misled says why memory could not be sent, and where the address came from.
func misled(f *migration.Failure) string {
	c, here, there := f.Course, f.Outcome.Source.Host, f.Outcome.Destination.Host
	watched := c.Watched && c.Connecting >= dropped && !c.Figures.Begun
	if !watched && !errors.Is(c.Err, migration.ErrMemoryUnreachable) {
		return ""
	}
	firewall := ""
	if c.Connecting >= dropped || c.Policy.ParallelConnections() > 0 && !c.Figures.Begun && c.Elapsed >= droppedByQEMU {
		ports := memoryPorts
		if u, err := url.Parse(c.MigrationURI); err == nil && u.Port() != "" {
			ports = "TCP " + u.Port()
		}
		firewall = fmt.Sprintf("Nothing answered there: mostly a firewall on %s, or on the way, that drops what %s sends. "+
			"It must let %s through.", there, here, ports)
	}
	if watched {
		return fmt.Sprintf("Before, libvirt on %s connected to %s for %s to send memory. %s",
			here, there, elapsed(c.Connecting), firewall)
	}
	if c.MigrationURI == "" {
		return sentences(firewall, fmt.Sprintf("That is the address that memory was to be sent to: the host name that %s "+
			"gives itself. `getent hosts NAME` on %s must print an address of %s for it. A migration_uri of %s in the "+
			"provider's configuration sets another one.", there, here, there, there))
	}
	return sentences(firewall, fmt.Sprintf("That is the address that memory was to be sent to, from the migration_uri of "+
		"%s (%s). %s must reach it, on the port that libvirt on %s chooses where the URI has none.",
		there, c.MigrationURI, here, there))
}

// decision says what became of the decision to end the migration.
func decision(c migration.Course) string {
	if c.Cancelled() {
		return "was cancelled"
	}
	return "was to be cancelled"
}

// limit is a time limit of the policy with what set it, for example
// "2m (stall_timeout, cluster)".
func limit(e policy.Effective, field policy.Field) string {
	return fmt.Sprintf("%s (%s, %s)", e.Text(field), field, e.Origins.Of(field))
}

// failing says in which way a migration failed that was not cancelled.
func failing(f *migration.Failure) string {
	c, o := f.Course, f.Outcome
	switch {
	case c.Unseen != nil:
		return "could no longer be watched"
	case c.Err == nil && !c.Watched && !o.Destination.Known():
		return fmt.Sprintf("succeeded according to libvirt on %s, which could not be confirmed on %s,",
			o.Source.Host, o.Destination.Host)
	case c.Err == nil && !c.Watched:
		return "succeeded according to libvirt, which the hosts do not confirm,"
	case c.PostCopy:
		return "failed in post-copy"
	}
	return "failed"
}

// howEnded says what libvirt answered in the end, where that adds something.
func howEnded(f *migration.Failure) string {
	c, here, there := f.Course, f.Outcome.Source.Host, f.Outcome.Destination.Host
	ended := c.Cause == migration.NoCause
	switch {
	case c.Unstopped && !c.Obeyed:
		return fmt.Sprintf("libvirt on %s could not be told to end it: %s.", here, c.OrderErr)
	case c.Unstopped:
		return fmt.Sprintf("libvirt on %s was told to end it, and had not done so within %s.", here, elapsed(c.Cancelling))
	case c.Unseen != nil:
		return fmt.Sprintf("Its end was not seen: %s.", c.Unseen)
	case c.Err == nil && c.LostCall != nil && ended:
		return fmt.Sprintf("The call that had started it was lost (%s), so only the log of libvirt on %s says why "+
			"it ended.", c.LostCall, here)
	case c.Err == nil && c.Watched && ended:
		return fmt.Sprintf("It was watched without the call that had started it, so only the log of libvirt on %s "+
			"says why it ended.", here)
	case c.Lingered():
		return fmt.Sprintf("libvirt on %s took %s to end it, because %s.",
			here, elapsed(c.Cancelling), unanswered(f.Outcome))
	case c.Err == nil || c.Aborted || c.Halted:
		return ""
	case !ended && c.Connecting > 0 && errors.Is(c.Err, migration.ErrMemoryUnreachable):
		return fmt.Sprintf("libvirt on %s could not be stopped while it connected to %s, and gave that up after %s: %s.",
			here, there, elapsed(c.Connecting), strings.TrimSuffix(oneLine(c.Err), "."))
	case !ended && c.Obeyed:
		return "" // libvirt took the order; what it broke on the way is no news
	case errors.Is(c.Err, migration.ErrUnsent):
		return fmt.Sprintf("A call could not be sent: %s.", oneLine(c.Err))
	case c.Unprepared:
		return fmt.Sprintf("%s did not answer when it was to prepare for the VM, and was not seen to hold the "+
			"incoming domain for %s: libvirt there hangs, or waits for something, for example storage. Its log may "+
			"say for what.", there, migration.StartLimit)
	case migration.Lost(c.Err):
		return fmt.Sprintf("The connection was lost: %s.", oneLine(c.Err))
	}
	return refused(c.Err, f)
}

// unanswered says what keeps libvirt from ending a migration that copies disks over a dead link.
func unanswered(o migration.Outcome) string {
	return fmt.Sprintf("QEMU there had sent data of the disks that %s did not confirm", o.Destination.Host)
}

// refused says what a host's libvirt gave as the reason for an error, and what to do.
func refused(err error, f *migration.Failure) string {
	var step *migration.StepError
	direct := errors.As(err, &step)
	r, ok := Refusal(err, f.Outcome.Subject(), !direct)
	if endedOn("", "", f.Outcome.Source) != "" {
		r.Remedy = "" // what became of the VM is told by its host's state
	}
	switch {
	case !ok && direct: // the step is the engine's; what follows is libvirt's
		return Sentence(oneLine(err))
	case !ok:
		return fmt.Sprintf("libvirt says: %s.", strings.TrimSuffix(oneLine(err), "."))
	case direct:
		return sentences(fmt.Sprintf("%s could not %s.", step.Host, step.Step), r.String())
	}
	return r.String()
}

// tried says what on_timeout was tried in vain.
func tried(f *migration.Failure) string {
	a, here := f.Course.Attempt, f.Outcome.Source.Host
	switch a.Result {
	case migration.AttemptPaused:
		return fmt.Sprintf("Pausing the guest did not end it within %s.", migration.PauseLimit)
	case migration.AttemptUnanswered:
		text := fmt.Sprintf("libvirt on %s was told to pause the guest (on_timeout), and did not say within %s "+
			"that it had", here, migration.PauseLimit)
		if a.Err != nil {
			text += ": " + oneLine(a.Err)
		}
		return text + "."
	case migration.AttemptSkipped:
		return fmt.Sprintf("on_timeout = %q was not tried, because %s.", string(a.Action), skipped(a))
	case migration.AttemptRefused:
		return fmt.Sprintf("on_timeout = %q could not be applied: %s.", string(a.Action), a.Err)
	case migration.NoAttempt:
	}
	return ""
}

// measured says at which rates the migration went, and how much it sent.
func measured(f migration.Figures) string {
	switch {
	case f.Mirrors():
		return mirrored(f.Mirror)
	case !f.Begun:
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "In pass %d", f.Last.Iteration)
	if f.DirtyRate > 0 {
		fmt.Fprintf(&b, " the guest dirtied at least %s (QEMU counts a page once a pass) while %s were sent",
			rate(f.DirtyRate), rate(f.Bandwidth))
	} else {
		fmt.Fprintf(&b, " %s were sent", rate(f.Bandwidth))
	}
	fmt.Fprintf(&b, ", %s in all", bytes(f.Last.MemoryProcessed))
	if f.Least != nil {
		fmt.Fprintf(&b, "; at best %s of %s remained after a pass", bytes(*f.Least), bytes(f.Last.MemoryTotal))
	}
	if f.Throttle > 0 {
		fmt.Fprintf(&b, "; auto-converge had throttled the guest by %d %%", f.Throttle)
	}
	b.WriteString(".")
	return b.String()
}

// help says what would have let a migration converge.
func help(c migration.Course) string {
	all := convergence(c.Policy, c.Figures)
	if len(all) == 0 {
		return ""
	}
	lines := []string{"What would help:"}
	for _, a := range all {
		lines = append(lines, "  - "+a.text)
	}
	return strings.Join(lines, "\n")
}

func staleDowntime(d *migration.StaleDowntime) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("The guest's longest pause for a switch-over, %d ms from max_downtime_ms, %s to %d ms: %s.",
		d.Milliseconds, notDone(d.Err, "set back"), d.Before, d.Err)
}
