//go:build lab

package provider

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

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
			r := configured(t, world)
			plan := liveMigrationModel{openMoveModel: openMoveModel{moveModel: moveModel{
				VM: types.StringValue(guest.Name), Destination: types.StringValue("kvm2"), Mode: types.StringValue(string(migration.Auto)),
			}, Destinations: types.SetNull(types.StringType)}}
			r.changes.MoveBegins(guest.Name)
			seen, happens := r.foresight(plan.moveModel, guest.Name), test.happens
			resolve := seen.resolve
			seen.resolve = func(ctx context.Context, l fleet.Location, coming fleet.Coming) *policy.Effective {
				if len(happens) > 0 {
					r.changes.Plans(happens[0].Record, happens[0])
					happens = happens[1:]
				}
				return resolve(ctx, l, coming)
			}
			checked := r.check(t.Context(), plan, candidates{}, seen, "")
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
				want, err := r.fleet.Foresee(t.Context(), checked.location, policy.Policy{}, coming)
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

// configured is the resource of a provider that knows the lab's hosts.
func configured(t *testing.T, world *lab.World) *liveMigrationResource {
	t.Helper()
	settings := fleet.Config{Unreachable: fleet.UnreachableError, MaxOutgoing: fleet.MostMigrations, MaxIncoming: fleet.MostMigrations}
	for _, h := range world.Hosts {
		settings.Hosts = append(settings.Hosts, host.Config{Name: h.Name, URI: h.URI})
	}
	f, err := fleet.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return &liveMigrationResource{resourceBase{providerData: providerData{fleet: f, changes: instance.NewChanges()}}}
}

// TestMoveUnderPlanned_inVain refuses a move, once its time is over, while a policy that may
// concern it is being planned and does not come to an end.
func TestMoveUnderPlanned_inVain(t *testing.T) {
	t.Parallel()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	for name, digest := range map[string]string{"another policy was planned": "another", "its policy was not known": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := configured(t, world)
			location, err := r.fleet.Find(t.Context(), guest.Name, "")
			if err != nil {
				t.Fatal(err)
			}
			r.changes.MoveBegins(guest.Name)
			r.changes.MovePlanned(instance.Move{VM: guest.Name, Location: location})
			r.changes.Begins(instance.Record{Level: policy.OriginVM, Of: guest.Name})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err = r.moveUnderPlanned(ctx, guest.Name, fleet.Move{VM: guest.Name, Destination: "kvm2", PolicyDigest: digest}, time.Second, func(fleet.Progress) {})
			var other *fleet.OtherPolicyError
			if !errors.As(err, &other) {
				t.Fatalf("it was not refused for its policy: %v", err)
			}
			said := r.otherPolicy(guest.Name, err).Detail()
			if want := "The move has waited for the migration policy of VM " + guest.Name + " in vain."; !strings.Contains(said, want) {
				t.Errorf("it does not say %q: %s", want, said)
			}
		})
	}
}

func downtimeOf(vm string, ms int64) instance.Change {
	return instance.Change{
		Record: instance.Record{Level: policy.OriginVM, Of: vm}, Policy: policy.Policy{MaxDowntimeMS: &ms},
	}
}
