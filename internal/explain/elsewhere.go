package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// elsewhere says what to do where a host that had no part in a move holds the VM, or
// an incoming domain of it.
func elsewhere(f *migration.Failure) string {
	holders := f.Holders()
	if len(holders) > 0 {
		return sentences("Somebody else has moved or started the VM on another host in the meantime.",
			copies(f.Outcome, holders))
	}
	var there []string
	for _, o := range f.Receivers() {
		there = append(there, o.Host)
	}
	return fmt.Sprintf("An incoming domain of another migration of the VM is on %s, and may be about to run. "+
		"Neither start nor resume the VM anywhere before that has ended: `virsh domstate %s` there shows it.",
		strings.Join(there, " and "), f.Outcome.UUID)
}

// copies says what to do about what the two hosts of a move still hold, while a
// third one holds the VM.
func copies(o migration.Outcome, holders []migration.Observation) string {
	runs := slices.ContainsFunc(holders, migration.Observation.Running)
	var texts []string
	for _, s := range []migration.Observation{o.Source, o.Destination} {
		copied, wake := "paused", "resume"
		if s.Is(migration.StateAsleep) {
			copied, wake = "sleeping", "wake"
		}
		switch {
		case s.Is(migration.StatePostCopySource, migration.StatePostCopyFailed):
			texts = append(texts, fmt.Sprintf("%s holds a part of its memory: neither resume nor destroy it there.",
				s.Host))
		case s.Is(migration.StatePaused, migration.StateAsleep) && runs:
			texts = append(texts, oldCopy(o.UUID, s))
		case s.Is(migration.StatePaused, migration.StateAsleep):
			texts = append(texts, fmt.Sprintf("%s holds a %s copy, too, and it cannot be told from here which one "+
				"has the newer memory. "+
				"Compare `virsh domstate --reason %s` on the hosts; %s one of them only after the other one was "+
				"ended with `virsh destroy %s` on its host.", s.Host, copied, o.UUID, wake, o.UUID))
		}
	}
	return strings.Join(texts, " ")
}
