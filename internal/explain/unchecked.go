package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Unchecked says why a check could not be made.
func Unchecked(u preflight.Unchecked) string {
	var text string
	switch u.Why {
	case preflight.Unanswered:
		text = "the two hosts have not both answered as two"
	case preflight.Unfit:
		text = fmt.Sprintf("VM %s does not run on %s as it would have to", u.Name, u.Subject.Source)
	case preflight.UnderWay:
		text = fmt.Sprintf("a job runs on VM %s", u.Name)
	case preflight.Unread:
		text = fmt.Sprintf("the definition of VM %s could not be read", u.Name)
	case preflight.Denied:
		text = "the connection may not ask for it"
	case preflight.Unsupported:
		text = "libvirt cannot be asked for it: it is too old, or lacks a driver"
	case preflight.Late:
		text = "there was no answer in time"
	case preflight.Failed:
		text = "the question failed"
	case preflight.NeedsThorough:
		return fmt.Sprintf("%s: not listed by a storage pool on %s; looked for before the move starts, "+
			"and by virt_migration_preflight with thorough = true.", u.What, u.Host)
	case preflight.Unknowable:
		text = "libvirt does not report it"
	}
	if u.Host != "" {
		text += " on " + u.Host
	}
	if u.What != "" {
		text = u.What + ": " + text
	}
	if u.Err != nil {
		text += ": " + oneLine(u.Err)
	}
	return fullStop(text)
}

// notChecked lists what could not be checked. What several checks lack for one reason is
// said once.
func notChecked(all []preflight.Unchecked) []string {
	var reasons []string
	checks := map[string][]string{}
	for _, u := range all {
		reason := Unchecked(u)
		if checks[reason] == nil {
			reasons = append(reasons, reason)
		}
		checks[reason] = append(checks[reason], checkName(u.Check))
	}
	lines := make([]string, len(reasons))
	for i, reason := range reasons {
		lines[i] = fmt.Sprintf("%s: %s", strings.Join(checks[reason], ", "), reason)
	}
	return lines
}

// NotChecked warns of what a plan could not check.
func NotChecked(l fleet.Location, all []preflight.Unchecked) Text {
	return planned("Move Not Fully Checked", fmt.Sprintf("not all that could keep VM %s from being moved could be "+
		"checked:\n  - %s\nThe move can be made all the same. What libvirt checks itself, it still refuses.",
		l.Domain.Name, strings.Join(notChecked(all), "\n  - ")))
}

// unseenThere says what the plan of an evacuation could not see on the hosts that VMs were to move to.
func unseenThere(p fleet.EvacuationPlan) string {
	var lines []string
	for _, move := range p.Moves {
		for _, u := range move.Unchecked {
			lines = append(lines, fmt.Sprintf("%s: %s on %s", move.VM.Name, u.What, u.Host))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	looks := "before it begins anything"
	if p.GoesOn {
		looks = "before it moves the VM"
	}
	return fmt.Sprintf("No storage pool listed these files, and a plan looks no further:\n%s\nThe apply looks for them "+
		"%s, and virt_migration_preflight with thorough = true does so now. A VM does not go to a host that lacks one.",
		list(lines), looks)
}
