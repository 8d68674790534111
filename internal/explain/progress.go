package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Progress is one line of a move that goes on.
func Progress(p migration.Progress) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s", p.Elapsed.Round(time.Second), phase(p.Phase))
	notice := Notice(p)
	if notice != "" {
		fmt.Fprintf(&b, ": %s", notice)
	}
	if p.Phase == migration.PhaseMirroring {
		return b.String() + separator(notice) + copying(p)
	}
	sending := p.Phase == migration.PhasePreCopy || p.Phase == migration.PhasePaused || p.Phase == migration.PhasePostCopy
	if !sending || p.Pass == 0 {
		return b.String()
	}
	b.WriteString(separator(notice))
	fmt.Fprintf(&b, " pass %d, %s of %s left", p.Pass, bytes(p.Remaining), bytes(p.Total))
	if p.Bandwidth > 0 {
		fmt.Fprintf(&b, ", sending %s", rate(p.Bandwidth))
	}
	if p.Share > 0 {
		fmt.Fprintf(&b, ", share %d MiB/s", p.Share)
	}
	if p.DirtyRate > 0 {
		fmt.Fprintf(&b, ", guest dirties %s", rate(p.DirtyRate))
	}
	if p.Throttle != nil {
		fmt.Fprintf(&b, ", throttle %d %%", *p.Throttle)
	}
	switch {
	case p.Estimate != nil:
		fmt.Fprintf(&b, ", about %s to go", p.Estimate.Round(time.Second))
	case p.Hopeless:
		b.WriteString(", no end in sight: passes leave no less than before")
	}
	return b.String()
}

// separator parts a notice, or the phase where there is none, from figures.
func separator(notice string) string {
	if notice != "" {
		return ";"
	}
	return ":"
}

// Notice says what has just happened in a move; empty for a reading that was due.
func Notice(p migration.Progress) string {
	e := p.Notice
	switch e.Kind {
	case migration.NoNotice:
	case migration.NoticeDoubt:
		return "warning: " + checked(*e.Finding)
	case migration.NoticeStarted:
		return fmt.Sprintf("from %s to %s, %s", p.Source, p.Destination, mode(e.Mode))
	case migration.NoticeDefinition:
		return fmt.Sprintf("moving the definition from %s to %s, %s", p.Source, p.Destination, mode(e.Mode))
	case migration.NoticeRecovering:
		return fmt.Sprintf("sending the rest of the memory from %s to %s, %s", p.Source, p.Destination, mode(e.Mode))
	case migration.NoticeAdopted:
		since := ""
		if e.For > 0 {
			since = fmt.Sprintf(", for %s", e.For.Round(time.Second))
		}
		return fmt.Sprintf("a migration from %s to %s is under way already%s: watching it to its end",
			p.Source, p.Destination, since)
	case migration.NoticeDirect:
		if e.Err == nil {
			return fmt.Sprintf("other hosts' libvirt cannot reach %s (it has no peer_uri): going direct", p.Destination)
		}
		return fmt.Sprintf("peer-to-peer was refused before anything was sent (%s): going direct", oneLine(e.Err))
	case migration.NoticeQueued:
		return fmt.Sprintf("another job runs on the VM on %s: this migration does not begin before that has ended",
			p.Source)
	case migration.NoticeMirroring:
		return fmt.Sprintf("to %s, before memory", p.Destination)
	case migration.NoticeSending:
		return "sending memory"
	case migration.NoticeCallLost:
		return fmt.Sprintf("lost the call that started the migration (%s); if that had begun, it goes on without it",
			oneLine(e.Err))
	case migration.NoticeSilent:
		return p.Source + " does not answer; a migration that has begun goes on there"
	case migration.NoticeAnswers:
		return p.Source + " answers again"
	case migration.NoticeConnecting:
		return connecting(p)
	case migration.NoticeVerifying:
		return fmt.Sprintf("looking at %s and %s", p.Source, p.Destination)
	case migration.NoticeDowntimeLater:
		return fmt.Sprintf("max_downtime_ms %s yet: %s", notDone(e.Err, "set"), oneLine(e.Err))
	case migration.NoticeDowntimeNever:
		return "warning: max_downtime_ms could not be set: " + oneLine(e.Err)
	case migration.NoticeRaised, migration.NoticeCacheKept:
		return raising(e)
	case migration.NoticeShareKept:
		return fmt.Sprintf("warning: the limit of its bandwidth %s, so it keeps that which it has of the budget: %s",
			notDone(e.Err, "changed"), oneLine(e.Err))
	case migration.NoticeWaiting, migration.NoticePausing, migration.NoticePaused, migration.NoticePauseUnanswered,
		migration.NoticeSwitching,
		migration.NoticeSwitched, migration.NoticePostCopy, migration.NoticeIdleLink, migration.NoticeCancelling,
		migration.NoticeLingering,
		migration.NoticeTooLate, migration.NoticeOver, migration.NoticeUncancellable:
		return intervention(p)
	}
	return string(e.Kind)
}

// connecting says that libvirt connects to the destination, and what that means.
func connecting(p migration.Progress) string {
	since := p.Notice.For.Round(time.Second)
	if p.Notice.Again {
		return fmt.Sprintf("%s has had no answer from %s for %s; the VM may still move",
			p.Source, p.Destination, since)
	}
	return fmt.Sprintf("libvirt on %s connects to %s for the memory, and has had no answer for %s: mostly a "+
		"firewall drops %s. Linux gives a connection up after 134 s, and before that libvirt takes no orders: Ctrl-C and "+
		"timeout have to wait, and the VM may still move, even if Terraform is killed",
		p.Source, p.Destination, since, memoryPorts)
}

// intervention says what the engine has just done about the migration.
func intervention(p migration.Progress) string {
	const kept = ", which cannot be cancelled without losing the VM; waiting for its end"
	e := p.Notice
	var text string
	switch e.Kind {
	case migration.NoticeWaiting:
		return fmt.Sprintf("%s: on_timeout waits up to %s for a pass that leaves little",
			reached(e, p.Destination), elapsed(migration.LullPatience))
	case migration.NoticePausing:
		return reached(e, p.Destination) + ": pausing the guest"
	case migration.NoticeSwitching:
		return reached(e, p.Destination) + ": switching to post-copy"
	case migration.NoticePaused:
		return "paused the guest, so that it dirties no more memory"
	case migration.NoticePauseUnanswered:
		return "asked libvirt to pause the guest, and it did not answer"
	case migration.NoticeSwitched:
		text = "switched to post-copy: the guest runs on " + p.Destination
	case migration.NoticePostCopy:
		text = "the migration is in post-copy"
	case migration.NoticeIdleLink:
		return fmt.Sprintf("no memory has arrived for %s; post-copy cannot be cancelled without losing the VM",
			e.For.Round(time.Second))
	case migration.NoticeLingering:
		return fmt.Sprintf("libvirt on %s has not ended the migration for %s: QEMU there waits for %s to confirm data of "+
			"the disks. That ends once the link works again, or Linux gives the connection up, after about 15 minutes "+
			"(net.ipv4.tcp_retries2 on %s). Ctrl-C ends the waiting, and leaves libvirt to it",
			p.Source, e.For.Round(time.Second), p.Destination, p.Source)
	case migration.NoticeTooLate:
		return "too late to cancel: the VM is being started on " + p.Destination
	case migration.NoticeOver:
		return "too late to cancel: the migration has ended"
	case migration.NoticeUncancellable:
		return "post-copy cannot be cancelled without losing the VM; waiting for its end"
	default:
		text = why(e, p.Destination) + "; cancelling the migration"
		if e.Connecting {
			text += fmt.Sprintf(", which has to wait: libvirt on %s connects to %s and takes no orders, and the VM may "+
				"still move", p.Source, p.Destination)
		}
	}
	if e.Kept {
		text += kept
	}
	return text
}

// why says why the engine ends a migration.
func why(e migration.Notice, destination string) string {
	a := e.Attempt
	switch a.Result {
	case migration.NoAttempt:
	case migration.AttemptSkipped:
		return fmt.Sprintf("%s; on_timeout = %q is not tried, because %s",
			reached(e, destination), string(a.Action), skipped(a))
	case migration.AttemptPaused:
		return fmt.Sprintf("the memory did not arrive within %s of pausing the guest", migration.PauseLimit)
	case migration.AttemptUnanswered:
		return fmt.Sprintf("libvirt did not say within %s that it had paused the guest", migration.PauseLimit)
	case migration.AttemptRefused:
		if a.Action == policy.SwitchToPostCopy {
			return "the switch to post-copy was not made: " + oneLine(a.Err)
		}
		return "the guest could not be paused: " + oneLine(a.Err)
	}
	return reached(e, destination)
}

// reached says which limit was reached.
func reached(e migration.Notice, destination string) string {
	switch e.Cause {
	case migration.CausedByTimeout:
		return fmt.Sprintf("not finished after %s (timeout)", policy.FormatDuration(e.For))
	case migration.CausedByStall:
		return fmt.Sprintf("no progress for %s (stall_timeout)", policy.FormatDuration(e.For))
	case migration.CausedByThrottle:
		return fmt.Sprintf("auto-converge throttles the guest by %d %% (max_throttle_percent)", e.Throttle)
	case migration.CausedByMirror:
		return fmt.Sprintf("no progress of the copy of disks for %s (stall_timeout)", policy.FormatDuration(e.For))
	case migration.CausedByIdleLink:
		return fmt.Sprintf("no byte sent for %s (stall_timeout)", policy.FormatDuration(e.For))
	case migration.CausedByNoStart:
		return fmt.Sprintf("no memory sent after %s, and %s receives nothing", e.For, destination)
	case migration.CausedBySilence:
		return fmt.Sprintf("%s has not answered for %s", destination, e.For)
	case migration.CausedByCaller, migration.NoCause:
	}
	return "cancelled"
}

// skipped says why on_timeout was not tried.
func skipped(a migration.Attempt) string {
	switch a.Skipped {
	case migration.SkippedPaused:
		return "the guest was paused already"
	case migration.SkippedAsleep:
		return "the guest was asleep"
	case migration.SkippedNoMemory:
		return "no memory had been sent by then"
	case migration.SkippedMirroring:
		return "the disks were still being copied, and no memory had been sent"
	case migration.SkippedIdleLink:
	}
	return fmt.Sprintf("the link had been idle for %s", a.Idle.Round(time.Second))
}

// phase is a phase in words.
func phase(p migration.Phase) string {
	switch p {
	case migration.PhaseMirroring:
		return "copying disks"
	case migration.PhasePreCopy:
		return "pre-copy"
	case migration.PhasePostCopy:
		return "post-copy"
	case migration.PhaseStarting, migration.PhasePaused, migration.PhaseCancelling, migration.PhaseVerifying:
	}
	return string(p)
}

// mode is a mode in words.
func mode(m migration.Mode) string {
	if m == migration.PeerToPeer {
		return "peer-to-peer"
	}
	return string(m)
}
