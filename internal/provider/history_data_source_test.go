package provider

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// TestHistoryDescribesEveryOutcome wants the description to have each outcome that a history
// may have.
func TestHistoryDescribesEveryOutcome(t *testing.T) {
	t.Parallel()
	said := historyEntryAttributes()["outcome"].GetMarkdownDescription()
	for _, outcome := range append(history.Outcomes(), history.Started) {
		if !strings.Contains(said, "`"+string(outcome)+"`") {
			t.Errorf("the description lacks %s: %s", outcome, said)
		}
	}
}

// TestEveryFigureIsShown wants each figure that a history keeps in the data source and in
// last_migration, which leaves some to the history: each of its members is a line of a plan.
func TestEveryFigureIsShown(t *testing.T) {
	t.Parallel()
	shown, ofEntry, last := figuresByName(&history.Figures{}), historyEntryTypes(), lastMigrationTypes()
	left := []string{"memory_constant_bytes", "compression_bytes", "downtime_raised_to_ms", "cache_grown_to_mib"}
	kept := reflect.TypeFor[history.Figures]()
	for i := range kept.NumField() {
		name, _, _ := strings.Cut(kept.Field(i).Tag.Get("json"), ",")
		if _, ok := shown[name]; !ok || ofEntry[name] == nil || (last[name] == nil) != slices.Contains(left, name) {
			t.Errorf("%s is not shown: value %t, attributes %v and %v", name, ok, ofEntry[name], last[name])
		}
	}
	for name, value := range figuresByName(nil) {
		if value != nil {
			t.Errorf("%s is %d where nothing was measured", name, *value)
		}
	}
}

// TestHistoryHasWhatWasChanged wants both lists of changes, told apart from none.
func TestHistoryHasWhatWasChanged(t *testing.T) {
	t.Parallel()
	nic := definition.Change{Device: definition.Interface, Key: "52:54:00:00:00:01", Old: "br0", New: "br1"}
	vnc := definition.Change{Device: definition.Graphics, Key: "vnc", Old: "10.0.0.1"}
	list := func(e history.Entry, name string) string { return historyEntryObject(e).Attributes()[name].String() }
	const interfaces = `[{"device":"interface","key":"52:54:00:00:00:01","new":"br1","old":"br0"}]`
	for name, c := range map[string]struct {
		running, config []definition.Change
		wantRunning     string
		wantConfig      string
	}{
		"nothing":              {nil, nil, "<null>", "<null>"},
		"both alike":           {[]definition.Change{nic}, nil, interfaces, "<null>"},
		"only the running one": {[]definition.Change{nic}, []definition.Change{}, interfaces, "[]"},
		"one each": {
			[]definition.Change{nic},
			[]definition.Change{vnc},
			interfaces,
			`[{"device":"graphics","key":"vnc","new":<null>,"old":"10.0.0.1"}]`,
		},
	} {
		e := history.Entry{ID: "a", DevicesChanged: c.running, ConfigChanged: c.config}
		if got := list(e, "devices_changed"); got != c.wantRunning {
			t.Errorf("%s: devices_changed is %s, want %s", name, got, c.wantRunning)
		}
		if got := list(e, "config_changed"); got != c.wantConfig {
			t.Errorf("%s: config_changed is %s, want %s", name, got, c.wantConfig)
		}
	}
}
