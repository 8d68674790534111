package provider

import (
	"reflect"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// TestHistoryDescribesEveryOutcome wants the description to have each outcome that a history
// may have.
func TestHistoryDescribesEveryOutcome(t *testing.T) {
	t.Parallel()
	said := historyEntryAttributes()["outcome"].GetMarkdownDescription()
	for _, outcome := range append(history.Outcomes(), history.Started) {
		if outcome == history.Refused { // a move that was not started has no entry
			continue
		}
		if !strings.Contains(said, "`"+string(outcome)+"`") {
			t.Errorf("the description lacks %s: %s", outcome, said)
		}
	}
}

// TestEveryFigureIsShown wants each figure that a history keeps in the data source and in
// last_migration.
func TestEveryFigureIsShown(t *testing.T) {
	t.Parallel()
	shown, ofEntry, last := figuresByName(&history.Figures{}), historyEntryTypes(), lastMigrationTypes()
	kept := reflect.TypeFor[history.Figures]()
	for i := range kept.NumField() {
		name, _, _ := strings.Cut(kept.Field(i).Tag.Get("json"), ",")
		if _, ok := shown[name]; !ok || ofEntry[name] == nil || last[name] == nil {
			t.Errorf("%s is not shown: value %t, attributes %v and %v", name, ok, ofEntry[name], last[name])
		}
	}
	for name, value := range figuresByName(nil) {
		if value != nil {
			t.Errorf("%s is %d where nothing was measured", name, *value)
		}
	}
}
