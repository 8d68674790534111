package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestChangesOf: what a VM that does not run is, its persistent definition says.
func TestChangesOf(t *testing.T) {
	t.Parallel()
	nic := func(from, to string) []definition.Change {
		return []definition.Change{{Device: definition.Interface, Key: "m", Old: from, New: to}}
	}
	past := history.History{Entries: []history.Entry{{
		Outcome: history.Completed, From: history.Host{UUID: "one"},
		DevicesChanged: nic("hotplugged", "there"), ConfigChanged: nic("br0", "br1"),
	}}}
	for name, test := range map[string]struct {
		domain          migration.Domain
		running, config []definition.Change
		two             bool
	}{
		"runs":      {migration.Domain{State: migration.StateRunning, Persistent: true}, nic("there", "hotplugged"), nic("br1", "br0"), true},
		"transient": {migration.Domain{State: migration.StateRunning}, nic("there", "hotplugged"), nic("br1", "br0"), false},
		"shut off":  {migration.Domain{State: migration.StateShutOff, Persistent: true}, nic("br1", "br0"), nic("br1", "br0"), false},
	} {
		got := (&Fleet{}).changesOf(Move{}, Location{Domain: test.domain}, nil, past, "one")
		if diff := cmp.Diff(test.running, got.running.Back); diff != "" {
			t.Errorf("%s: the definition that moves (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(test.config, got.config.Back); diff != "" {
			t.Errorf("%s: the persistent one (-want +got)\n%s", name, diff)
		}
		if got.two != test.two {
			t.Errorf("%s: it has two definitions: %t", name, got.two)
		}
	}
}
