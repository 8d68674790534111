package provider

import (
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
