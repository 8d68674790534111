package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// TestSurveyedDriftKeepsThatOfUnaskedHosts keeps it only of those: what a host has said
// now counts.
func TestSurveyedDriftKeepsThatOfUnaskedHosts(t *testing.T) {
	t.Parallel()
	state := driftMap(fleet.Deviations{"kvm1": "missing", "kvm2": "unreadable", "kvm3": "missing"})
	survey := fleet.Survey{Deviations: fleet.Deviations{"kvm1": "differs: timeout"}, Unasked: []string{"kvm3", "kvm4"}}
	want := driftMap(fleet.Deviations{"kvm1": "differs: timeout", "kvm3": "missing"})
	if diff := cmp.Diff(want.String(), surveyedDrift(survey, state).String()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}
