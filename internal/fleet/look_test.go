package fleet

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestWhereabouts(t *testing.T) {
	t.Parallel()
	type states map[string]migration.DomainState
	const (
		off, running, paused     = migration.StateShutOff, migration.StateRunning, migration.StatePaused
		incoming, postCopySource = migration.StateIncoming, migration.StatePostCopySource
	)
	for want, test := range map[string]struct {
		seen             states
		answered, silent []string
	}{
		"VM web is running on a": {
			states{"a": running}, []string{"a"}, []string{"b"},
		},
		"VM web is running on b": { // whatever is left elsewhere
			states{"a": off, "b": running, "c": incoming}, []string{"a", "b", "c"}, nil,
		},
		"VM web is running on a and on b": {
			states{"a": running, "b": migration.StatePostCopy}, []string{"a", "b"}, nil,
		},
		"VM web is paused on a; whether it is running on b is not known, because b does not answer": {
			states{"a": paused}, []string{"a"}, []string{"b"},
		},
		"VM web is paused on a; whether it is running on b or on c is not known, because neither b nor c answers": {
			states{"a": postCopySource}, []string{"a"}, []string{"b", "c"},
		},
		"VM web is asleep (pmsuspended) on a; whether it is running on b is not known, because b does not answer": {
			states{"a": migration.StateAsleep}, []string{"a"}, []string{"b"},
		},
		"VM web is paused on a and asleep (pmsuspended) on b": {
			states{"a": paused, "b": migration.StateAsleep}, []string{"a", "b"}, nil,
		},
		"VM web is not running on a; whether it is running on b is not known, because b does not answer": {
			states{"a": incoming}, []string{"a"}, []string{"b"},
		},
		"VM web is running neither on a nor on b; whether it is running on c is not known, because c does not answer": {
			states{"a": off}, []string{"a", "b"}, []string{"c"},
		},
		"VM asked is not running on a; whether it is running on b is not known, because b does not answer": {
			nil, []string{"a"}, []string{"b"},
		},
		"Where VM asked is running is not known, because a does not answer": {
			nil, nil, []string{"a"},
		},
		"Where VM asked is running is not known, because neither a nor b nor c answers": {
			nil, nil, []string{"a", "b", "c"},
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			look := Look{VM: "asked", Answered: test.answered, Silent: test.silent}
			for _, host := range test.answered {
				if state, ok := test.seen[host]; ok {
					look.Seen = append(look.Seen, Sighting{Host: host, Domain: migration.Domain{Name: "web", State: state}})
				}
			}
			if got := look.Whereabouts(); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}
