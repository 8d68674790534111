package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// configOf is a configuration with the given URIs of hosts, by name.
func configOf(uris map[string]types.String) configModel {
	hosts := map[string]attr.Value{}
	texts := map[string]attr.Type{}
	for _, name := range []string{"uri", "peer_uri", "migration_uri", "listen_address", "tls_destination", "username", "password"} {
		texts[name] = types.StringType
	}
	bandwidth := wholeNumberType{}
	changes, _ := hostChanges().GetType().(types.ObjectType)
	texts[destinationChangesName], texts["migration_bandwidth_mib_per_second"] = changes, bandwidth
	for name, uri := range uris {
		hosts[name] = types.ObjectValueMust(texts, map[string]attr.Value{
			destinationChangesName:               types.ObjectNull(changes.AttributeTypes()),
			"migration_bandwidth_mib_per_second": wholeNumber{Int64Value: types.Int64Null()},
			"uri":                                uri, "peer_uri": types.StringNull(), "migration_uri": types.StringNull(), "listen_address": types.StringNull(),
			"tls_destination": types.StringNull(), "username": types.StringNull(), "password": types.StringNull(),
		})
	}
	return configModel{Hosts: types.MapValueMust(types.ObjectType{AttrTypes: texts}, hosts)}
}

// TestConfigDiagnosticsAreSorted has many hosts that are wrong: the diagnostics
// are the same in each run, by the hosts' names.
func TestConfigDiagnosticsAreSorted(t *testing.T) {
	t.Parallel()
	uris := map[string]types.String{}
	var want []string
	for i := range 12 {
		name := fmt.Sprintf("kvm%02d", i)
		uris[name] = types.StringValue("xen+tcp://" + name + "/system")
		want = append(want, name)
	}
	config := configOf(uris)
	for name, check := range map[string]func() diag.Diagnostics{
		"validate": func() diag.Diagnostics { return config.validate(t.Context()) },
		"configure": func() diag.Diagnostics {
			_, diags := config.fleetConfig(t.Context())
			return diags
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 5 {
				var got []string
				for _, d := range check() {
					got = append(got, d.Detail()[len(`Host "`):][:len("kvm00")])
				}
				if !slices.Equal(want, got) {
					t.Fatalf("order (-want +got):\n%s", cmp.Diff(want, got))
				}
			}
		})
	}
}

func TestUnknownWarning(t *testing.T) {
	t.Parallel()
	uri := types.StringValue("qemu:///system")
	partly := configOf(map[string]types.String{"kvm1": uri, "kvm2": types.StringUnknown()})
	limits := configOf(map[string]types.String{"kvm1": uri})
	notYet := wholeNumber{Int64Value: types.Int64Unknown()}
	limits.MaxOutgoingMigrations, limits.MaxIncomingMigrations = notYet, notYet
	for name, test := range map[string]struct {
		config configModel
		want   []string
	}{
		"all known":     {configOf(map[string]types.String{"kvm1": uri}), nil},
		"left out":      {configModel{}, nil},
		"no host known": {configModel{Hosts: types.MapUnknown(types.StringType)}, []string{"hosts"}},
		"one unknown":   {partly, []string{"hosts"}},
		"the limits":    {limits, []string{"max_outgoing_migrations", "max_incoming_migrations"}},
		"the tolerance": {configModel{UnreachableHosts: types.StringUnknown()}, []string{"unreachable_hosts"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.config.unknown()); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
			if test.want == nil {
				return
			}
			if detail := test.config.unknownWarning().Detail(); !strings.HasPrefix(detail, strings.Join(test.want, ", ")+" of this provider configuration") {
				t.Errorf("it says %q", detail)
			}
		})
	}
}

// TestUnreachableVariable has an environment that overrides the configuration for one run.
func TestUnreachableVariable(t *testing.T) {
	for name, test := range map[string]struct {
		variable   string
		configured types.String
		want       fleet.Unreachable
		wantError  string
	}{
		"unset":            {"", types.StringValue("warn"), fleet.UnreachableWarn, ""},
		"default":          {"", types.StringNull(), fleet.UnreachableError, ""},
		"more tolerant":    {"warn", types.StringValue("error"), fleet.UnreachableWarn, ""},
		"less tolerant":    {"error", types.StringValue("warn"), fleet.UnreachableError, ""},
		"not configured":   {"warn", types.StringNull(), fleet.UnreachableWarn, ""},
		"neither of these": {"Warn", types.StringNull(), fleet.UnreachableError, `The value of VIRT_UNREACHABLE_HOSTS must be one of "error", "warn", and it is "Warn".`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("VIRT_UNREACHABLE_HOSTS", test.variable)
			config := configOf(map[string]types.String{"kvm1": types.StringValue("qemu:///system")})
			config.UnreachableHosts = test.configured
			got, diags := config.fleetConfig(t.Context())
			var said string
			if len(diags) == 1 {
				said = diags[0].Detail()
			}
			if got.Unreachable != test.want || said != test.wantError {
				t.Errorf("want %q and error %q, got %q and %v", test.want, test.wantError, got.Unreachable, diags)
			}
		})
	}
}

// TestIsNot_budget wants the range of a budget of a number that none can have.
func TestIsNot_budget(t *testing.T) {
	t.Parallel()
	at := path.Root("hosts").AtMapKey("kvm1").AtName(budgetName)
	if got := isNot(at); got != "is not a whole number from 1 to 8796093022207." {
		t.Errorf("it %s", got)
	}
}
