package explain

import (
	"regexp"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Programs match the identifiers of checks, and operators read their words.
func TestChecksHaveAnIdentifierAndWords(t *testing.T) {
	t.Parallel()
	identifier := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	table := preflight.Table()
	for _, e := range table {
		if !identifier.MatchString(string(e.Check)) {
			t.Errorf("%q is no identifier", e.Check)
		}
		if checkWords[e.Check] == "" {
			t.Errorf("%s has no words", e.Check)
		}
	}
	if len(checkWords) != len(table) {
		t.Errorf("words for %d checks, and the table has %d", len(checkWords), len(table))
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	f := migration.Finding{
		Check: preflight.CheckTPM, Fact: preflight.TPMMissing{Backend: "emulator"}, Host: "kvm2", Device: "tpm",
	}
	if got, want := Summary(f), "TPM: "+f.Fact.Problem()+", tpm on kvm2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
