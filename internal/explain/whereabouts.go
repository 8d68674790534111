package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Whereabouts says where a VM is as far as it was seen, in one line without a full
// stop: `VM NAME is running on HOST`, or what else is true, and whether it may still move.
func Whereabouts(w migration.Whereabouts) string {
	if w.BoundFor != "" {
		return fmt.Sprintf("%s; its migration to %s may still go on", place(w), w.BoundFor)
	}
	return place(w)
}

func place(w migration.Whereabouts) string {
	name := w.VM
	if seen := w.Seen(); len(seen) > 0 && seen[0].Domain.Name != "" {
		name = seen[0].Domain.Name
	}
	var answered []string
	for _, o := range w.Hosts {
		if o.Known() {
			answered = append(answered, o.Host)
		}
	}
	silent := w.Silent()
	running := on(w.Hosts, migration.StateRunning, migration.StatePostCopy)
	switch here, there, split := splitMemory(w.Hosts); {
	case split:
		return fmt.Sprintf("VM %s %s", name, splitText(here, there, silent))
	case len(running) > 0:
		return fmt.Sprintf("VM %s is running on %s", name, strings.Join(running, " and on "))
	case len(answered) == 0:
		return fmt.Sprintf("Where VM %s is running is not known, because %s", name, silence(silent))
	}
	found := notRunning(w, answered)
	if len(silent) == 0 {
		return fmt.Sprintf("VM %s is %s", name, found)
	}
	return fmt.Sprintf("VM %s is %s; whether it is running on %s is not known, because %s",
		name, found, strings.Join(silent, " or on "), silence(silent))
}

// notRunning says how the hosts that answered hold a VM that none of them runs.
func notRunning(w migration.Whereabouts, answered []string) string {
	var held []string
	if !crashed(w.Hosts) {
		held = heldOn(w.Hosts)
	}
	switch {
	case len(held) > 0:
		return strings.Join(held, " and ")
	case w.Untouched:
		for _, o := range w.Hosts {
			if o.Defined() {
				return fmt.Sprintf("%s on %s", o.Domain.State, o.Host)
			}
		}
	}
	if len(answered) == 1 {
		return "not running on " + answered[0]
	}
	return "running neither on " + strings.Join(answered, " nor on ")
}

// crashed tells whether the guest of a move has run on its destination, and panicked
// there: then what the source holds is not the VM.
func crashed(hosts []migration.Observation) bool {
	return len(hosts) == 2 && hosts[1].Is(migration.StateCrashed)
}

// heldOn says how each host holds a guest that does not run there, those that hold it
// in the same way being named together.
func heldOn(hosts []migration.Observation) []string {
	var how []string
	by := map[string][]string{}
	for _, o := range hosts {
		if !o.Is(migration.StatePaused, migration.StateAsleep, migration.StatePostCopySource) {
			continue
		}
		state := held(o)
		if by[state] == nil {
			how = append(how, state)
		}
		by[state] = append(by[state], o.Host)
	}
	for i, state := range how {
		how[i] = fmt.Sprintf("%s on %s", state, strings.Join(by[state], " and on "))
	}
	return how
}

// held says how a guest is held that does not run there.
func held(o migration.Observation) string {
	if o.Is(migration.StateAsleep) {
		return o.Domain.State.String()
	}
	return migration.StatePaused.String()
}

// splitMemory tells whether a VM's memory is on two hosts, after a post-copy that has
// lost its link: here is a host that holds a part of it, there the other one.
func splitMemory(hosts []migration.Observation) (here, there migration.Observation, split bool) {
	parts := hosts
	if len(hosts) > 2 {
		if len(on(hosts, migration.StateRunning, migration.StatePostCopy)) > 0 {
			return here, there, false
		}
		parts = slices.DeleteFunc(slices.Clone(hosts), func(o migration.Observation) bool {
			return !o.Is(migration.StatePostCopyFailed, migration.StatePostCopySource)
		})
	}
	if len(parts) != 2 {
		return here, there, false
	}
	source, destination := parts[0], parts[1]
	switch {
	case destination.Is(migration.StatePostCopyFailed):
		return destination, source, true
	case source.Is(migration.StatePostCopyFailed), source.Is(migration.StatePostCopySource) && destination.Gone():
		return source, destination, true
	}
	return here, there, false
}

// splitText says which host has which part of the memory.
func splitText(here, there migration.Observation, silent []string) string {
	text := fmt.Sprintf("cannot go on: a part of its memory is on %s and the rest", here.Host)
	switch {
	case there.Gone():
		return fmt.Sprintf("%s was on %s, which does not have it any more", text, there.Host)
	case !there.Known():
		return fmt.Sprintf("%s was on %s; whether it still is there is not known, because %s",
			text, there.Host, silence(silent))
	}
	return fmt.Sprintf("%s is on %s", text, there.Host)
}

// silence names the hosts that do not answer.
func silence(hosts []string) string {
	switch len(hosts) {
	case 0:
		return ""
	case 1:
		return hosts[0] + " does not answer"
	}
	last := len(hosts) - 1
	return fmt.Sprintf("neither %s nor %s answers", strings.Join(hosts[:last], " nor "), hosts[last])
}

// on are the hosts where the VM was seen in one of the states.
func on(hosts []migration.Observation, states ...migration.DomainState) []string {
	var names []string
	for _, o := range hosts {
		if o.Is(states...) {
			names = append(names, o.Host)
		}
	}
	return names
}

// Location says where a VM was found.
func Location(l fleet.Location) string {
	return fmt.Sprintf("VM %s is %s on %s", l.Domain.Name, l.Domain.State, l.Host)
}
