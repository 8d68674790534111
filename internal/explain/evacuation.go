package explain

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// WouldReturn warns in a plan of what comes back to a host.
func WouldReturn(r fleet.Return) Text {
	var lines []string
	for _, vm := range r.Move {
		lines = append(lines, fmt.Sprintf("%s was to move back from %s", vm.Name, vm.Host))
	}
	for _, vm := range r.Start {
		lines = append(lines, fmt.Sprintf("%s was to start again", vm.Name))
	}
	for _, vm := range r.Leaving {
		lines = append(lines, fmt.Sprintf("%s was still on its way to %s: the apply opens nothing until it has arrived",
			vm.Name, vm.BoundFor))
	}
	for _, s := range r.Stuck {
		lines = append(lines, fmt.Sprintf("%s was to stay %s, as %s had no room for it: %s", s.VM.Name, staysAt(s.VM),
			r.Host.Name, Reason(s.Binding)))
	}
	for _, vm := range r.Elsewhere {
		lines = append(lines, fmt.Sprintf("%s was to stay on %s: somebody had moved it there since", vm.Name, vm.Host))
	}
	for _, vm := range r.Unclear {
		lines = append(lines, fmt.Sprintf("%s was unclear: %s", vm.VM.Name, oneLine(vm.Err)))
	}
	was := fmt.Sprintf("no VM was to come back to %s.", r.Host.Name)
	if len(lines) > 0 {
		was = fmt.Sprintf("this was to become of the VMs that had left %s:\n%s", r.Host.Name, list(lines))
	}
	text := planned("VMs Come Back to Host", was)
	if len(r.Silent) > 0 {
		text.Detail = paragraphs(text.Detail, fmt.Sprintf("Hosts that did not answer: %s. VMs there were not to come back "+
			"yet; the record of %s keeps the evacuation until they have answered.",
			strings.Join(fleet.Silent(r.Silent), ", "), r.Host.Name))
	}
	return text
}

// MaintenanceLeft warns in a plan of a maintenance to be destroyed whose host the provider's configuration no longer
// has.
func MaintenanceLeft(m fleet.Member) Text {
	return planned("Maintenance Left on Former Host",
		fmt.Sprintf("none of the provider's hosts was %s any more.", Members([]fleet.Member{m})),
		"Destroying the resource leaves that host as it is, with its record, and the VMs where they are.")
}

// stuckThen says why a VM could not leave its host, when a plan was made.
func stuckThen(s fleet.StuckVM) string {
	switch s.Why {
	case evacuation.Unread:
		return fmt.Sprintf("%s (no readable policy: it might have said that the VM must stay)", s.VM.Name)
	case evacuation.Transient:
		return fmt.Sprintf("%s (transient: it would have been gone once %s)", s.VM.Name, stopped(s.VM.By))
	case evacuation.Deaf:
		return fmt.Sprintf("%s (paused: its guest would not have heard that it was to shut down)", s.VM.Name)
	case evacuation.Arriving:
		return fmt.Sprintf("%s (on its way to the host: it could have been moved on once it had arrived)", s.VM.Name)
	case evacuation.Doubled:
		return fmt.Sprintf("%s (another host ran it, too)", s.VM.Name)
	}
	if s.Host == "" {
		return fmt.Sprintf("%s (%s)", s.VM.Name, Reason(s.Binding))
	}
	return fmt.Sprintf("%s (%s, which came closest: %s)%s", s.VM.Name, s.Host, refusedBy(s.Binding),
		room(s, "; there would have been room once %s"))
}

// room says which moves of other VMs would make room for one, if any would; words say that of such moves.
func room(s fleet.StuckVM, words string) string {
	if len(s.Would) == 0 {
		return ""
	}
	moves := make([]string, len(s.Would))
	for i, m := range s.Would {
		moves[i] = fmt.Sprintf("%s had moved from %s to %s", m.VM.Name, m.VM.Host, m.To)
	}
	return fmt.Sprintf(words, strings.Join(moves, ", "))
}

// cannotLeave says why a VM cannot leave its host.
func cannotLeave(s fleet.StuckVM) string {
	switch {
	case s.Why != "":
		return "VM " + s.VM.Name + " " + hindrance(s)
	case s.Host == "":
		return fmt.Sprintf("VM %s has nowhere to go: %s", s.VM.Name, binding(s.Binding))
	}
	return fmt.Sprintf("VM %s has nowhere to go. What speaks against %s, which comes closest: %s%s", s.VM.Name, s.Host,
		binding(s.Binding), room(s, ". There would be room once %s"))
}

// heldBack says why a VM cannot leave its host, and where it is.
func heldBack(s fleet.StuckVM) string {
	return fmt.Sprintf("%s VM %s stays on %s, as it was.", fullStop(cannotLeave(s)), s.VM.Name, s.VM.Host)
}

func hindrance(s fleet.StuckVM) string {
	switch s.Why {
	case evacuation.Unread:
		return "has a policy that cannot be read, and that may say that it must not move: " + oneLine(s.VM.Unread)
	case evacuation.Transient:
		return fmt.Sprintf("is transient, and would be gone once it is %s: define it, or set evacuation to \"live\" or "+
			"\"stay\"",
			stopped(s.VM.By))
	case evacuation.Deaf:
		return "is paused, and its guest cannot hear that it is to shut down: resume it"
	case evacuation.Arriving:
		return "is on its way to the host: apply again once it has arrived"
	case evacuation.Doubled:
		return "runs on another host, too: find out which copy is right, and stop the other at once"
	}
	return string(s.Why)
}

// staysAt is where a VM stays that does not come back.
func staysAt(vm evacuation.VM) string {
	if vm.Past.Stopped != "" && !vm.Active {
		return "off on " + vm.Host
	}
	return "on " + vm.Host
}

// noRoom says why a VM does not come back, and where it is.
func noRoom(name string, s fleet.StuckVM) string {
	return fmt.Sprintf("VM %s stays %s, as it was, because %s has no room for it: %s", s.VM.Name, staysAt(s.VM), name,
		fullStop(binding(s.Binding)))
}

// Evacuation is what an operator reads of a host that was not emptied, or not filled again; act is which of the two.
func Evacuation(act string, err error) Text {
	var e *fleet.EvacuationError
	if !errors.As(err, &e) {
		return Error(act, err)
	}
	return Text{"Unable to " + act, notEvacuated(e)}
}

func notEvacuated(e *fleet.EvacuationError) string {
	var happened []string
	switch {
	case errors.Is(e.Err, context.Canceled) && e.Returning:
		happened = append(happened, fmt.Sprintf("The return of VMs to %s was cancelled.", e.Host))
	case errors.Is(e.Err, context.Canceled):
		happened = append(happened, fmt.Sprintf("The evacuation of %s was cancelled.", e.Host))
	case e.Err != nil:
		happened = append(happened, Detail(e.Err))
	}
	for _, s := range e.Stuck {
		if e.Returning {
			happened = append(happened, noRoom(e.Host, s))
		} else {
			happened = append(happened, heldBack(s))
		}
	}
	for _, failure := range e.Failures {
		happened = append(happened, vmFailure(failure))
	}
	return paragraphs(append(happened, doneBefore(e), maintained(e))...)
}

// doneBefore says what was done with other VMs before an evacuation, or a return, ended with an error.
func doneBefore(e *fleet.EvacuationError) string {
	if len(e.Done) == 0 {
		return "All other VMs are where they were, as they were."
	}
	lines := make([]string, len(e.Done))
	for i, d := range e.Done {
		switch d.Doing {
		case fleet.DeedMove:
			lines[i] = fmt.Sprintf("%s is on %s", d.VM.Name, d.To)
		case fleet.DeedStop:
			lines[i] = fmt.Sprintf("%s is %s", d.VM.Name, stopped(d.VM.By))
		case fleet.DeedStart:
			lines[i] = fmt.Sprintf("%s runs on %s again", d.VM.Name, e.Host)
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("This was done before that:\n%s\nAll other VMs are where they were, as they were.", list(lines))
}

// vmFailure is what an operator reads of one VM of several.
func vmFailure(failure fleet.VMFailure) string {
	var off *fleet.NotStartedError
	var on *fleet.NotStoppedError
	var unwritten *fleet.UnwrittenError
	switch {
	case errors.As(failure.Err, &unwritten):
		return Move(failure.Err).Detail
	case errors.As(failure.Err, &off):
		return sentences(Detail(failure.Err), seenAt(off.Location, off.Seen))
	case errors.As(failure.Err, &on) && errors.Is(on.Err, context.Canceled):
		return sentences(notStopped(on), seenAt(on.Location, on.Seen))
	case errors.As(failure.Err, &on):
		return sentences(Detail(failure.Err), seenAt(on.Location, on.Seen))
	}
	text := Move(failure.Err)
	return fmt.Sprintf("VM %s: %s", failure.VM.Name, text.Detail)
}

// seenAt says where a VM is and whether it runs, if its host has said that since.
func seenAt(l fleet.Location, seen bool) string {
	if seen {
		return Location(l)
	}
	return fmt.Sprintf("Whether VM %s is running on %s is not known, because %s does not answer: look with `virsh "+
		"domstate %s` on %s before anything else is started.", l.Domain.Name, l.Host, l.Host, l.Domain.UUID, l.Host)
}

// maintained says how a host was left, and what to do.
func maintained(e *fleet.EvacuationError) string {
	switch {
	case e.Returning && len(e.Stuck) > 0 && len(e.Failures) == 0 && e.Err == nil:
		return fmt.Sprintf("%s is open, and its record keeps the evacuation: make room there and destroy the resource "+
			"again, to bring back the others. To leave them where they are instead, run `virsh secret-undefine %s` on %s. "+
			"Do not apply the resource: that would empty the host again.", e.Host, host.Itself.SecretUUID(), e.Host)
	case e.Returning:
		return fmt.Sprintf("%s is open, and its record keeps the evacuation: destroy the resource again to bring back the "+
			"others. To leave them where they are instead, run `virsh secret-undefine %s` on %s. Do not apply the resource: "+
			"that would empty the host again.", e.Host, host.Itself.SecretUUID(), e.Host)
	case len(e.Done) == 0 && len(e.Failures) == 0 && e.Err == nil && !e.Cordoned:
		return fmt.Sprintf("Nothing was begun: %s, or set on_failure = \"continue\" to evacuate the others.",
			wayOut(e.Stuck))
	case e.Cordoned:
		return waitsForOpen(e) + fmt.Sprintf("%s stays cordoned: apply again to go on, or set on_failure = \"continue\" "+
			"to go on with the others. To open it instead, destroy its virt_host_maintenance, which brings the VMs back; "+
			"where a first apply has failed, it is in no state: import it before (`terraform import ADDRESS %s`). Or run "+
			"`virsh secret-undefine %s` on %s, which leaves them where they are.", e.Host, word(e.Host),
			host.Itself.SecretUUID(), e.Host)
	}
	return "Apply again, or invoke the action again, to go on."
}

// waitsForOpen says which hosts have to be open before VMs can leave, where that is all that keeps them.
func waitsForOpen(e *fleet.EvacuationError) string {
	closed := closedTo(e.Stuck)
	if closed == "" || len(e.Failures) > 0 || e.Err != nil {
		return ""
	}
	return fmt.Sprintf("The VMs can leave once the maintenance of %s has ended. ", closed)
}

func adviseMembers(*fleet.EmptyClusterError) string {
	return "Check the name, and the hosts of its virt_cluster_migration_policy. Nothing was changed."
}

func opened(e *fleet.OpenedError) string {
	return fmt.Sprintf("%s was opened while it was being emptied, by another run or because its record was removed: "+
		"nothing more was begun, and VMs may be on their way back.", e.Host)
}

func stillLeaving(e *fleet.StillLeavingError) string {
	lines := make([]string, len(e.VMs))
	for i, vm := range e.VMs {
		lines[i] = fmt.Sprintf("%s is on its way to %s", vm.Name, vm.BoundFor)
	}
	said := fmt.Sprintf("The evacuation of %s is still moving VMs away, in another run or after one that was killed, and "+
		"these could not come back yet:\n%s\n", e.Host, list(lines))
	if e.Opened {
		return said + "Wait until their moves have ended."
	}
	return said + fmt.Sprintf("So %s was not opened, and nothing was changed. Destroy the resource again once their "+
		"moves have ended.", e.Host)
}

func notStopped(e *fleet.NotStoppedError) string {
	l := e.Location
	switch {
	case errors.Is(e.Err, context.Canceled) && e.Waited > 0:
		return fmt.Sprintf("The guest of VM %s on %s was asked to shut down, and had not done so %s later, when that was "+
			"cancelled. It may still do so.", l.Domain.Name, l.Host, elapsed(e.Waited))
	case e.Err != nil:
		return fmt.Sprintf("VM %s was not %s: %s", l.Domain.Name, stopped(e.By), fullStop(oneLine(e.Err)))
	}
	return fmt.Sprintf("The guest of VM %s on %s did not shut down within %s. It may still do so. Shut it down from "+
		"inside, or set its evacuation to \"managed_save\" or \"live\", and apply again.", l.Domain.Name, l.Host,
		elapsed(e.Waited))
}

func offStill(e *fleet.NotStartedError) string {
	l := e.Location
	said := fmt.Sprintf("VM %s did not start on %s: %s", l.Domain.Name, l.Host, fullStop(oneLine(e.Err)))
	if !e.Seen {
		return said
	}
	return fmt.Sprintf("%s It is off: `virsh start %s` on %s tries it again.", said, l.Domain.UUID, l.Host)
}

func unwritten(e *fleet.UnwrittenError) string {
	return fmt.Sprintf("VM %s has moved from %s to %s, and its history could not be written to say so: %s",
		e.Location.Domain.Name, e.From, e.Location.Host, fullStop(oneLine(e.Err)))
}

// stillAway says what to do about a VM that does not come back by itself.
func stillAway(e *fleet.UnwrittenError) string {
	return fmt.Sprintf("Its history is all that brings it back: once %s is open again, move it there by a "+
		"virt_vm_live_migration with destination = %q.", e.From, e.From)
}

// StillThere warns after an evacuation of the VMs that remain on their host though they were to leave.
func StillThere(e fleet.Evacuated) Text {
	var lines []string
	for _, s := range e.Stuck {
		lines = append(lines, heldBack(s))
	}
	for _, failure := range e.Failures {
		lines = append(lines, vmFailure(failure))
	}
	return Text{"Host Is Not Empty", paragraphs(
		fmt.Sprintf("Not all VMs that were to leave %s have left. Each says where it is:", e.Host.Name),
		paragraphs(lines...))}
}

// NotBack warns after a return of the VMs that are not back. deleted are those that no host has any more, by UUID: the
// host that each was moved to, empty for one that was stopped.
func NotBack(name string, r fleet.Return, failures []fleet.VMFailure, deleted map[string]string) Text {
	var lines []string
	for _, vm := range r.Elsewhere {
		lines = append(lines, fmt.Sprintf("VM %s stays on %s: somebody has moved it there since it left %s.", vm.Name,
			vm.Host, name))
	}
	for _, s := range r.Stuck {
		lines = append(lines, noRoom(name, s))
	}
	for _, uuid := range slices.Sorted(maps.Keys(deleted)) {
		was := "stopped on " + name
		if deleted[uuid] != "" {
			was = "moved to " + deleted[uuid]
		}
		lines = append(lines, fmt.Sprintf("VM %s, which was %s, is on no host any more.", uuid, was))
	}
	if len(r.Silent) > 0 {
		lines = append(lines, fmt.Sprintf("VMs that went to hosts that did not answer (%s) are not back. The record of %s "+
			"keeps the evacuation: the next virt_host_maintenance of %s brings them back when it is destroyed.",
			strings.Join(fleet.Silent(r.Silent), ", "), name, name))
	}
	for _, failure := range failures {
		lines = append(lines, vmFailure(failure))
	}
	return Text{"VMs Are Not Back", paragraphs(lines...)}
}

// EvacuationLine is the line of an evacuation that is done with one VM.
func EvacuationLine(p fleet.EvacuationProgress) string {
	if p.Move != nil {
		return p.VM.Name + ": " + Line(*p.Move)
	}
	switch {
	case p.Unwritten != nil:
		return fmt.Sprintf("%s: is on %s, and its history could not be written to say so, without which it does not come "+
			"back to %s. That is tried once more at the end: %s", p.VM.Name, p.To, p.Host, oneLine(p.Unwritten))
	case p.Ended && p.Err != nil:
		return fmt.Sprintf("%s: failed: %s", p.VM.Name, oneLine(p.Err))
	case p.Doing == fleet.DeedMove && p.Ended:
		return fmt.Sprintf("%s: is on %s", p.VM.Name, p.To)
	case p.Doing == fleet.DeedMove && len(p.Why) > 0:
		return fmt.Sprintf("%s: from %s to %s: %s", p.VM.Name, p.VM.Host, p.To, reasons(p.Why))
	case p.Doing == fleet.DeedMove:
		return fmt.Sprintf("%s: from %s to %s", p.VM.Name, p.VM.Host, p.To)
	case p.Doing == fleet.DeedStart && p.Ended:
		return fmt.Sprintf("%s: runs on %s again", p.VM.Name, p.Host)
	case p.Doing == fleet.DeedStart:
		return fmt.Sprintf("%s: starting on %s", p.VM.Name, p.Host)
	case p.Ended:
		return fmt.Sprintf("%s: is %s", p.VM.Name, stopped(p.VM.By))
	case p.VM.By == policy.EvacuateManagedSave:
		return p.VM.Name + ": saving its memory"
	}
	return p.VM.Name + ": shutting down"
}

// Emptied is the last line of an evacuation.
func Emptied(e fleet.Evacuated) string {
	line := fmt.Sprintf("%s: %d VMs moved, %d stopped, %d remain", e.Host.Name, len(e.Moved), len(e.Stopped),
		len(e.Remaining))
	if len(e.Moved) == 0 {
		return line
	}
	var hosts []string
	counts := map[string]int{}
	for _, to := range e.Moved {
		counts[to]++
	}
	for _, to := range slices.Sorted(maps.Keys(counts)) {
		hosts = append(hosts, fmt.Sprintf("%d on %s", counts[to], to))
	}
	return line + " (" + strings.Join(hosts, ", ") + ")"
}

// DestinationCordoned warns in a plan of a VM that is wanted on a host that is cordoned: nothing is planned for it.
func DestinationCordoned(vm, on, wanted string, r cordon.Record) Text {
	why := ""
	if r.Why != "" {
		why = " (" + r.Why + ")"
	}
	return planned("Destination Is Cordoned",
		fmt.Sprintf("VM %s was on %s, and its destination %s was cordoned%s, so no move was "+
			"planned.", vm, on, wanted, why), "The first plan after the host has been opened moves it.")
}

// BothDestinations is what an operator reads of an evacuation with destinations beside a cluster.
func BothDestinations() Text {
	return Text{"Invalid Destination", "An evacuation has destinations or cluster, and this one has both. Keep one of " +
		"them, or none: VMs then go to all other hosts that answer and are not cordoned."}
}

// ItselfAmong is what an operator reads of a host that is to be emptied to itself.
func ItselfAmong(name string) Text {
	return Text{"Invalid Destination", fmt.Sprintf("%s is the host that is emptied: its VMs cannot go there.", name)}
}

// NotInMaintenance is what an operator reads of an import of a host that has no record.
func NotInMaintenance(name string) Text {
	return Text{
		"Unable to Import Host Maintenance",
		fmt.Sprintf("%s is not cordoned, and has no evacuation that was begun: there "+
			"is nothing to import. Its creation cordons it.", name),
	}
}
