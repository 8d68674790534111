package main

import (
	"os"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestInsertReplacesWhatIsBetweenTheComments(t *testing.T) {
	t.Parallel()
	got, err := insert("before\n"+begin+"old\n"+end+"after\n", "new\n")
	if want := "before\n" + begin + "new\n" + end + "after\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestInsertRefusesADocumentWithoutThePlace(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", begin, end, end + begin} {
		if got, err := insert(content, "new\n"); err == nil {
			t.Errorf("%q became %q", content, got)
		}
	}
}

// The documents have the table as it is now.
func TestDocumentsHaveTheTable(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"README.md", "templates/guides/policy-levels.md.tmpl", "docs/guides/policy-levels.md"} {
		content, err := os.ReadFile("../../../" + document)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), begin+table(policy.Table())+end) {
			t.Errorf("%s has another table: run make generate", document)
		}
	}
}
