package provider

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
)

func TestDestinationChanges(t *testing.T) {
	t.Parallel()
	one := func(key, value string) attr.Value {
		return types.MapValueMust(types.StringType, map[string]attr.Value{key: types.StringValue(value)})
	}
	given := types.ObjectValueMust(changesTypes(), map[string]attr.Value{
		"interfaces": one("br0", "br1"), "graphics_listen": types.StringValue("::"), "disks": one("vda", "/a"),
		"emulator": types.StringValue("/q"), "nvram": types.StringNull(),
	})
	want := definition.Changes{
		Interfaces: map[string]string{"br0": "br1"}, GraphicsListen: "::", Disks: map[string]string{"vda": "/a"}, Emulator: "/q",
	}
	if diff := cmp.Diff(want, destinationChanges(given)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(definition.Changes{}, destinationChanges(noChanges())); diff != "" {
		t.Errorf("left out (-want +got)\n%s", diff)
	}
	unknown := types.ObjectValueMust(changesTypes(), map[string]attr.Value{
		"interfaces": types.MapUnknown(types.StringType), "graphics_listen": types.StringNull(),
		"disks": types.MapNull(types.StringType), "emulator": types.StringNull(), "nvram": types.StringNull(),
	})
	for name, test := range map[string]struct {
		value attr.Value
		known bool
	}{"known": {given, true}, "left out": {noChanges(), true}, "zero": {types.Object{}, true}, "unknown": {unknown, false}} {
		if got := whollyKnown(test.value); got != test.known {
			t.Errorf("%s: known is %t", name, got)
		}
	}
}

// TestEveryChangeCanBeAskedFor gives each key by itself: it has to become a change of its own.
func TestEveryChangeCanBeAskedFor(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, d := range changesDescriptions {
		given := map[string]attr.Value{}
		for name, of := range changesTypes() {
			var value attr.Value = types.StringNull()
			switch {
			case of != types.StringType && name == d.name:
				value = types.MapValueMust(types.StringType, map[string]attr.Value{"old": types.StringValue("new")})
			case of != types.StringType:
				value = types.MapNull(types.StringType)
			case name == d.name:
				value = types.StringValue("new")
			}
			given[name] = value
		}
		changes := reflect.ValueOf(destinationChanges(types.ObjectValueMust(changesTypes(), given)))
		for i := range changes.NumField() {
			if !changes.Field(i).IsZero() {
				asked[changes.Type().Field(i).Name] = true
			}
		}
	}
	if all := reflect.TypeFor[definition.Changes]().NumField(); len(asked) != all || len(changesDescriptions) != all {
		t.Errorf("%d keys become %v, of %d changes", len(changesDescriptions), asked, all)
	}
}

// What one VM has cannot be given to all that move to a host.
func TestHostChanges(t *testing.T) {
	t.Parallel()
	object, _ := hostChanges().GetType().(types.ObjectType)
	all := object.AttributeTypes()
	for _, key := range []string{"interfaces", "graphics_listen", "emulator"} {
		if all[key] == nil {
			t.Errorf("a host has no %s", key)
		}
	}
	if len(all) != 3 {
		t.Errorf("a host has %v", all)
	}
}

func TestPlainValidator(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path    bool
		value   string
		summary string
	}{
		{false, "br0", ""},
		{false, "", "Invalid Value"},
		{false, " br0", "Invalid Value"},
		{false, "br\n0", "Invalid Value"},
		{true, "/srv/a b.qcow2", ""},
		{true, "srv/a.qcow2", "Invalid Path"},
		{true, "/srv/a\x00", "Invalid Value"},
	} {
		var resp validator.StringResponse
		plainValidator{path: test.path}.ValidateString(t.Context(),
			validator.StringRequest{Path: path.Root("nvram"), ConfigValue: types.StringValue(test.value)}, &resp)
		got := ""
		for _, d := range resp.Diagnostics {
			got += d.Summary()
		}
		if got != test.summary {
			t.Errorf("%q: got %q, want %q", test.value, got, test.summary)
		}
	}
}
