//go:build lab

package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// labFleet is a fleet of the lab's hosts that goes on without those that are down.
func labFleet(t *testing.T, down ...string) *fleet.Fleet {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	config := fleet.Config{Unreachable: fleet.UnreachableWarn, MaxOutgoing: fleet.DefaultMigrations, MaxIncoming: fleet.DefaultMigrations}
	for _, h := range world.Hosts {
		c := host.Config{Name: h.Name, URI: h.URI}
		if slices.Contains(down, h.Name) {
			c.URI = "qemu+tcp://10.77.0.11:9/system"
		}
		config.Hosts = append(config.Hosts, c)
	}
	f, err := fleet.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func inactive(t *testing.T, name string) *lab.Guest {
	t.Helper()
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	return world.StartGuest(t, lab.GuestSpec{Name: name, Bare: true, State: lab.Inactive})
}

func TestNameInState(t *testing.T) {
	t.Parallel()
	const likeUUID, uuidOfOther = "0ddba11e-0000-4000-8000-00000000000a", "0ddba11e-0000-4000-8000-00000000000b"
	other := inactive(t, "")
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	world.StartGuest(t, lab.GuestSpec{UUID: uuidOfOther, Bare: true, State: lab.Inactive})
	managed := inactive(t, likeUUID)
	all, some := labFleet(t), labFleet(t, "kvm2")
	for name, test := range map[string]struct {
		fleet             *fleet.Fleet
		vm, called        string // in state, and on the host
		want, wantWarning string
	}{
		"not renamed":                           {all, "web", "web", "web", ""},
		"given by UUID":                         {all, managed.UUID, "web", managed.UUID, ""},
		"renamed":                               {all, "web", "web2", "web", "VM Renamed"},
		"renamed, and its name is another VM's": {all, other.Name, "web2", "web2", ""},
		"renamed, and its name may be another VM's":   {some, "web", "web2", "web", "VM Renamed"},
		"renamed, and its name is seen to be another": {some, other.Name, "web2", "web2", ""},
		"named like a UUID":                           {all, likeUUID, likeUUID, likeUUID, ""},
		"named like a UUID, while a host is down":     {some, likeUUID, likeUUID, likeUUID, ""},
		"named like the UUID of another VM":           {all, uuidOfOther, uuidOfOther, managed.UUID, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			domain := migration.Domain{UUID: managed.UUID, Name: test.called}
			got, diags := nameInState(t.Context(), test.fleet, types.StringValue(test.vm), domain)
			if got.ValueString() != test.want {
				t.Errorf("state says %s, want %s", got, test.want)
			}
			var warning string
			for _, d := range diags {
				warning += d.Summary()
			}
			if warning != test.wantWarning {
				t.Errorf("it warns of %q, want %q", warning, test.wantWarning)
			}
		})
	}
}

func TestIsAnotherVM(t *testing.T) {
	t.Parallel()
	guest, other := inactive(t, ""), inactive(t, "")
	all, some := labFleet(t), labFleet(t, "kvm2")
	const nobody = "0ddba11e-0000-4000-8000-00000000000c"
	for name, test := range map[string]struct {
		fleet   *fleet.Fleet
		planned types.String
		want    bool
		// warning is whether the plan says that it could not see that.
		warning bool
		// refused is what an update in place is refused with; nothing when it is not.
		refused string
	}{
		"unchanged":                                 {all, types.StringValue("as before"), false, false, ""},
		"not known yet":                             {all, types.StringUnknown(), true, false, ""},
		"its name":                                  {all, types.StringValue(guest.Name), false, false, ""},
		"its UUID":                                  {nil, types.StringValue(strings.ToUpper(guest.UUID)), false, false, ""},
		"another name":                              {all, types.StringValue(other.Name), true, false, "is the one with UUID " + other.UUID},
		"another UUID":                              {all, types.StringValue(other.UUID), true, false, "is the one with UUID " + other.UUID},
		"another UUID, no hosts known yet":          {nil, types.StringValue(other.UUID), true, false, ""},
		"a name that no host has":                   {all, types.StringValue("nobody"), true, false, `No host has a VM "nobody"`},
		"a UUID that no host has":                   {all, types.StringValue(nobody), true, false, "No host has a VM"},
		"its name, while a host is down":            {some, types.StringValue(guest.Name), false, false, ""},
		"another, while a host is down":             {some, types.StringValue(other.Name), true, false, "is the one with UUID " + other.UUID},
		"a name that may be on a host that is down": {some, types.StringValue("nobody"), false, true, "It cannot be known where VM"},
		"a UUID that may be on a host that is down": {some, types.StringValue(nobody), false, true, "It cannot be known where VM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state, uuid := types.StringValue("as before"), types.StringValue(guest.UUID)
			got, diags := isAnotherVM(t.Context(), test.fleet, test.planned, state, uuid)
			if got != test.want || diags.HasError() || (diags.WarningsCount() > 0) != test.warning {
				t.Errorf("another VM: %v, %v; want %v", got, diags, test.want)
			}
			if test.fleet == nil || test.planned.IsUnknown() {
				return
			}
			refusal := details(checkSameVM(t.Context(), test.fleet, "Update", test.planned, state, uuid))
			if !strings.Contains(refusal, test.refused) || (refusal == "") != (test.refused == "") {
				t.Errorf("the update says %q, want %q", refusal, test.refused)
			}
		})
	}
}

func details(diags diag.Diagnostics) string {
	var all []string
	for _, d := range diags {
		all = append(all, d.Detail())
	}
	return strings.Join(all, "\n")
}
