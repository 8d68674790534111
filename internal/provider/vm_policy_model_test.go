package provider

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestRefreshShowsAChangeOnce has a change either as drift or in the attributes.
func TestRefreshShowsAChangeOnce(t *testing.T) {
	t.Parallel()
	is := func(ms int64) policy.Policy { return policy.Policy{MaxDowntimeMS: &ms} }
	copyIn := func(impact string, p policy.Policy) fleet.Copy {
		return fleet.Copy{Host: "kvm1", VM: "uuid", Impact: impact, Document: new("{}"), Record: policy.Record{Policy: p}}
	}
	for name, test := range map[string]struct {
		live, config policy.Policy
		policy       policy.Policy
		drift        map[string]string
		told         int
	}{
		"in sync":               {is(500), is(500), is(500), nil, 0},
		"one differs":           {is(400), is(500), is(500), map[string]string{"live": "differs: max_downtime_ms"}, 1},
		"both agree on another": {is(400), is(400), is(400), nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := vmPolicyModel{policyModel: policyModelOf(is(500)), Drift: driftMap(nil)}
			told := m.refresh(fleet.VMRecord{Copies: []fleet.Copy{copyIn("live", test.live), copyIn("config", test.config)}})
			if len(told) != test.told {
				t.Errorf("it tells of %v, want %d", told, test.told)
			}
			if diff := cmp.Diff(test.policy, m.toPolicy()); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
			want := map[string]attr.Value{}
			for place, how := range test.drift {
				want[place] = types.StringValue(how)
			}
			if got := m.Drift.Elements(); !maps.EqualFunc(got, want, attr.Value.Equal) {
				t.Errorf("drift is %v, want %v", got, want)
			}
		})
	}
}
