//go:build lab

package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// TestCheck_policyMeanwhile plans a policy of the VM while its move is being checked. The
// digest is that of the policy that is coming when the plan of the move ends, or unknown.
func TestCheck_policyMeanwhile(t *testing.T) {
	t.Parallel()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	for name, test := range map[string]struct {
		happens  []instance.Change // at each look, one after the other
		downtime int64
		unknown  bool
	}{
		"nothing":          {nil, 0, false},
		"the VM's policy":  {[]instance.Change{downtimeOf(guest.Name, 401)}, 401, false},
		"another VM's":     {[]instance.Change{downtimeOf("another", 401)}, 0, false},
		"of unknown value": {[]instance.Change{{Record: instance.Record{Level: policy.OriginVM, Of: guest.Name}, Unknown: true}}, 0, true},
		"again and again":  {[]instance.Change{downtimeOf(guest.Name, 401), downtimeOf(guest.Name, 402), downtimeOf(guest.Name, 403)}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := fleet.Config{Unreachable: fleet.UnreachableError, MaxOutgoing: 2, MaxIncoming: 2}
			for _, h := range world.Hosts {
				settings.Hosts = append(settings.Hosts, host.Config{Name: h.Name, URI: h.URI})
			}
			f, err := fleet.New(settings)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r := &liveMigrationResource{resourceBase{providerData: providerData{fleet: f, changes: instance.NewChanges()}}}
			plan := liveMigrationModel{moveModel: moveModel{
				VM: types.StringValue(guest.Name), Destination: types.StringValue("kvm2"), Mode: types.StringValue(string(migration.Auto)),
			}}
			r.changes.MoveBegins(guest.Name)
			seen, happens := r.foresight(plan.moveModel, guest.Name, instance.Settle), test.happens
			resolve := seen.resolve
			seen.resolve = func(ctx context.Context, l fleet.Location, coming fleet.Coming) *policy.Effective {
				if len(happens) > 0 {
					r.changes.Plans(happens[0].Record, happens[0])
					happens = happens[1:]
				}
				return resolve(ctx, l, coming)
			}
			checked := r.check(t.Context(), plan, seen, "")
			if checked.diags.HasError() {
				t.Fatal(checked.diags)
			}
			if checked.digest.IsUnknown() != test.unknown {
				t.Errorf("the digest is %v, want unknown %v", checked.digest, test.unknown)
			}
			if !test.unknown {
				coming := fleet.Coming{}
				if test.downtime > 0 {
					coming.VM = &policy.Policy{MaxDowntimeMS: &test.downtime}
				}
				want, err := f.Foresee(t.Context(), checked.location, policy.Policy{}, coming)
				if err != nil || checked.digest.ValueString() != want.Digest() {
					t.Errorf("the digest is %v, want that of %v (%v)", checked.digest, want.Policy, err)
				}
			}
			// The warning is given once, whatever the rounds.
			if warnings := checked.diags.WarningsCount(); warnings > 1 {
				t.Errorf("%d warnings: %v", warnings, checked.diags)
			}
		})
	}
}

func downtimeOf(vm string, ms int64) instance.Change {
	return instance.Change{
		Record: instance.Record{Level: policy.OriginVM, Of: vm}, Policy: policy.Policy{MaxDowntimeMS: &ms},
	}
}
