package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// WouldLeave warns in a plan of what an evacuation does with each VM of a host. The apply decides by the same rules,
// from what holds then.
func WouldLeave(p fleet.EvacuationPlan) Text {
	var lines []string
	for _, move := range p.Moves {
		switch {
		case len(move.Why) == 0:
			lines = append(lines, fmt.Sprintf("%s was on its way to %s", move.VM.Name, move.To))
		case move.Stage > 0:
			lines = append(lines, fmt.Sprintf("%s was to move to %s%s, after others had left room: %s", move.VM.Name, move.To,
				within(move.Lasts), reasons(move.Why)))
		default:
			lines = append(lines, fmt.Sprintf("%s was to move to %s%s: %s", move.VM.Name, move.To, within(move.Lasts),
				reasons(move.Why)))
		}
	}
	for _, vm := range p.Stops {
		lines = append(lines, fmt.Sprintf("%s was to be %s, as its policy says", vm.Name, stopped(vm.By)))
	}
	for _, vm := range p.Stays {
		lines = append(lines, fmt.Sprintf("%s was to stay, as its policy says", vm.Name))
	}
	for _, vm := range p.Stuck {
		lines = append(lines, "could not leave: "+stuckThen(vm))
	}
	was := fmt.Sprintf("no VM ran on %s.", p.Host.Name)
	if len(lines) > 0 {
		was = fmt.Sprintf("this was to become of the VMs on %s:\n%s", p.Host.Name, list(lines))
	}
	text := planned("VMs Leave Host", was)
	text.Detail = paragraphs(text.Detail, startOrder(p), resumes(p), unaskedDestinations(p.Silent), unseenThere(p),
		beginsNothing(p),
		"The apply decides by the same rules, from what the hosts say then.")
	return text
}

// within is how long a move is expected to last, where that is known.
func within(lasts time.Duration) string {
	if lasts == 0 {
		return ""
	}
	return " in about " + elapsed(lasts)
}

// startOrder says in which order moves start.
func startOrder(p fleet.EvacuationPlan) string {
	switch {
	case len(p.Moves) < 2:
		return ""
	case slices.ContainsFunc(p.Moves, func(m fleet.EvacuationMove) bool { return m.Lasts > 0 }):
		return "Moves were to start in this order: those first that were expected to last longest, by the policies and the " +
			"histories of the VMs."
	}
	return "Moves were to start in this order: those first of the VMs with the most memory, as nothing told how long " +
		"they last."
}

// beginsNothing says that an apply does nothing where it stops at the first VM that cannot leave.
func beginsNothing(p fleet.EvacuationPlan) string {
	if len(p.Stuck) == 0 || p.GoesOn {
		return ""
	}
	return fmt.Sprintf("With on_failure = \"stop\" an apply begins nothing while a VM cannot leave: %s, or set "+
		"on_failure = \"continue\".", wayOut(p.Stuck))
}

// wayOut is what lets VMs leave that cannot.
func wayOut(stuck []fleet.StuckVM) string {
	closed := closedTo(stuck)
	if closed == "" {
		return "make room"
	}
	return fmt.Sprintf("empty one host after the other, which means to end the maintenance of %s before", closed)
}

// closedTo are the hosts that keep VMs from leaving by nothing but their own maintenance; empty where there is more to
// cure.
func closedTo(stuck []fleet.StuckVM) string {
	var hosts []string
	for _, s := range stuck {
		if s.Why != "" || !placement.Closed(s.Binding) {
			return ""
		}
		hosts = append(hosts, s.Host)
	}
	slices.Sort(hosts)
	return strings.Join(slices.Compact(hosts), " and ")
}

// resumes says that an evacuation that was begun is carried on with.
func resumes(p fleet.EvacuationPlan) string {
	if p.Evacuation == "" {
		return ""
	}
	return fmt.Sprintf("An evacuation of %s had been begun already (%s), and the apply goes on with it.", p.Host.Name,
		p.Evacuation)
}

func unaskedDestinations(silent []error) string {
	if len(silent) == 0 {
		return ""
	}
	return fmt.Sprintf("Hosts that did not answer take no VM: %s.", strings.Join(fleet.Silent(silent), ", "))
}

func reasons(why []placement.Reason) string {
	texts := make([]string, len(why))
	for i, r := range why {
		texts[i] = Reason(r)
	}
	return strings.Join(texts, ", ")
}

// stopped is what becomes of a VM that is stopped.
func stopped(by policy.Evacuation) string {
	if by == policy.EvacuateManagedSave {
		return "saved on its host"
	}
	return "shut down"
}

// CordonedAlready warns in a plan of a maintenance whose host somebody has cordoned before.
func CordonedAlready(p fleet.EvacuationPlan) Text {
	since := ""
	if !p.Since.IsZero() {
		since = " since " + p.Since.UTC().Format(time.RFC3339)
	}
	why := ""
	if p.Why != "" {
		why = " (" + p.Why + ")"
	}
	return planned("Host Is Cordoned Already", fmt.Sprintf("%s was cordoned%s%s.", p.Host.Name, since, why),
		"If an apply that failed or was ended has done that, this one goes on where it ended. If another "+
			"virt_host_maintenance has, in this state or another, both are of one maintenance: the first that is destroyed "+
			"opens the host and brings the VMs back for both.")
}
