package provider

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
)

// TestDiagnosticsAreFitToBeShown names a VM, a host and a reason with what a terminal obeys.
func TestDiagnosticsAreFitToBeShown(t *testing.T) {
	t.Parallel()
	const hostile = "a\nb\x1b[31m\u202e"
	renamed, vm := explain.Renamed(hostile, hostile, hostile), path.Root("vm")
	for name, diags := range map[string]diag.Diagnostics{
		"a warning":                 warned(renamed),
		"a warning on an attribute": {warnedAt(vm, renamed)},
		"an error":                  {failed(explain.Text{Summary: "Unable to Read VM", Detail: hostile})},
		"an error on an attribute":  {diagnose("Read VM", errors.New(hostile), vm)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, d := range diags {
				obeyed := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) }
				if said := d.Detail(); strings.ContainsFunc(said, obeyed) || !strings.Contains(said, "[31m") {
					t.Errorf("it says %q", said)
				}
			}
		})
	}
}
