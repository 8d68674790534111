package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// TestDiagnosticsLeaveNamesAlone has hosts whose names a capital would change, or
// break.
func TestDiagnosticsLeaveNamesAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kvm1", "österreich1", "ünter", "ß", "хост", "alpha"} {
		for what, detail := range map[string]string{
			"configuration": invalidHost(&host.ConfigError{Host: name, Field: "uri", Reason: "no"}).Detail(),
			"drift":         details(surveyWarnings(fleet.Survey{Drift: []fleet.Drift{{Copy: fleet.Copy{Host: name}, Kind: fleet.DriftMissing}}}, "Record")),
		} {
			if !strings.Contains(detail, name) {
				t.Errorf("%s: %q does not have the name %s as it is", what, detail, name)
			}
			if strings.ToUpper(detail[:1]) != detail[:1] {
				t.Errorf("%s: %q does not begin with a capital", what, detail)
			}
		}
	}
}

func details(diags diag.Diagnostics) string {
	var all []string
	for _, d := range diags {
		all = append(all, d.Detail())
	}
	return strings.Join(all, "\n")
}
