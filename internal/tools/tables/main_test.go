package main

import (
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestReplaceReplacesWhatIsBetweenTheComments(t *testing.T) {
	t.Parallel()
	got, err := replace("before\n"+begin("x")+"old\n"+end("x")+"after\n", "x", "new\n")
	if want := "before\n" + begin("x") + "\nnew\n\n" + end("x") + "after\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestInsertRefusesADocumentWithoutThePlace(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		"", begin("checks"), end("checks"), end("checks") + begin("checks"), begin("checks") + end("policy fields"),
	} {
		if got, err := insert(content, nil); err == nil {
			t.Errorf("%q became %q", content, got)
		}
	}
}

// The documents have the tables as they are now.
func TestDocumentsHaveTheTables(t *testing.T) {
	t.Parallel()
	moves, err := recordings.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	for document, table := range map[string]string{
		"README.md":                              fields(policy.Table()),
		"templates/guides/policy-levels.md.tmpl": fields(policy.Table()),
		"docs/guides/policy-levels.md":           fields(policy.Table()),
		"templates/guides/moving-vms.md.tmpl":    checks(preflight.Table()),
		"docs/guides/moving-vms.md":              checks(preflight.Table()),
		"templates/guides/forecast.md.tmpl":      recordings.Table(moves),
		"docs/guides/forecast.md":                recordings.Table(moves),
		"internal/lab/recordings/RESULTS.md":     recordings.Table(moves),
	} {
		content, err := os.ReadFile("../../../" + document)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), "written by make generate -->\n\n"+table+"\n<!-- end") {
			t.Errorf("%s has another table: run make generate", document)
		}
	}
}
