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
	on := func(name string, kind fleet.DriftKind) fleet.Drift {
		return fleet.Drift{Copy: fleet.Copy{Host: name}, Kind: kind}
	}
	state := driftMap([]fleet.Drift{on("kvm1", fleet.DriftMissing), on("kvm2", fleet.DriftUnreadable), on("kvm3", fleet.DriftMissing)})
	survey := fleet.Survey{Drift: []fleet.Drift{on("kvm1", fleet.DriftUnreadable)}, Unasked: []string{"kvm3", "kvm4"}}
	want := driftMap([]fleet.Drift{on("kvm1", fleet.DriftUnreadable), on("kvm3", fleet.DriftMissing)})
	if diff := cmp.Diff(want.String(), surveyedDrift(survey, state).String()); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}
