package provider_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// unknownNames is a set of which nothing is known, or one name where others are.
func unknownNames(others ...string) tftypes.Value {
	set := tftypes.Set{ElementType: tftypes.String}
	if len(others) == 0 {
		return tftypes.NewValue(set, tftypes.UnknownValue)
	}
	elements := []tftypes.Value{unknownText()}
	for _, name := range others {
		elements = append(elements, text(name))
	}
	return tftypes.NewValue(set, elements)
}

// TestValidate_destination has exactly one answer to where a VM is to be, for the resource and the action. What
// is unknown may be null yet.
func TestValidate_destination(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	for name, test := range map[string]struct {
		config attributes
		at     string // of the fault; "-" where it is on no attribute
	}{
		"one host":                          {attributes{"destination": text("kvm1")}, ""},
		"any of several":                    {attributes{"destinations": names("kvm1", "kvm2")}, ""},
		"any of a cluster":                  {attributes{"cluster": text("compute")}, ""},
		"no answer":                         {attributes{}, "-"},
		"a host and several":                {attributes{"destination": text("kvm1"), "destinations": names("kvm1", "kvm2")}, "destinations"},
		"a host and a cluster":              {attributes{"destination": text("kvm1"), "cluster": text("compute")}, "cluster"},
		"several and a cluster":             {attributes{"destinations": names("kvm1"), "cluster": text("compute")}, "cluster"},
		"several that are unknown":          {attributes{"destinations": unknownNames()}, ""},
		"several of which one is unknown":   {attributes{"destinations": unknownNames("kvm1")}, ""},
		"a cluster that is unknown":         {attributes{"cluster": unknownText()}, ""},
		"a host, and what may be null":      {attributes{"destination": text("kvm1"), "cluster": unknownText(), "destinations": unknownNames()}, ""},
		"an unknown host, and a cluster":    {attributes{"destination": unknownText(), "cluster": text("compute")}, ""},
		"two answers beside an unknown one": {attributes{"destination": unknownText(), "cluster": text("compute"), "destinations": names("kvm1")}, "cluster"},
		"no hosts":                          {attributes{"destinations": names()}, "destinations"},
		"a host with a blank":               {attributes{"destinations": names(" kvm1")}, "destinations"},
		"a cluster without a name":          {attributes{"cluster": text("")}, "cluster"},
	} {
		config := attributes{"vm": text("web")}
		maps.Copy(config, test.config)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for what, diagnostics := range map[string][]*tfprotov6.Diagnostic{
				"resource": p.validate(t.Context(), t, "virt_vm_live_migration", config), "action": p.validateAction(t.Context(), t, config),
			} {
				got := ""
				for _, d := range diagnostics {
					got = "-"
					if steps := d.Attribute.Steps(); len(steps) > 0 {
						got = fmt.Sprint(steps[0])
					}
				}
				if len(diagnostics) > 1 || got != test.at {
					t.Errorf("%s: want one fault on %q, got %q", what, test.at, texts(diagnostics))
				}
			}
		})
	}
}

// TestPlanOfOpenDestination plans updates of a VM that is on kvm1 by state, without any host: none is asked where
// the VM may stay, and where nothing is known yet.
func TestPlanOfOpenDestination(t *testing.T) {
	t.Parallel()
	state := attributes{
		"vm": text(openVM), "uuid": text(openVM), "id": text(openVM), "destination": text("kvm1"), "mode": text("auto"),
		"if_shut_off": text("error"), "forecast": text("off"),
	}
	const move = "virt_vm_live_migration"
	kvm1, unknown := text("kvm1"), unknownText()
	for name, test := range map[string]struct {
		before, config attributes
		destination    tftypes.Value
		moves          bool
	}{
		"nothing changes":                    {attributes{"destinations": names("kvm1", "kvm2")}, attributes{"destinations": names("kvm1", "kvm2")}, kvm1, false},
		"more hosts will do":                 {attributes{"destinations": names("kvm1")}, attributes{"destinations": names("kvm1", "kvm2")}, kvm1, false},
		"another policy":                     {attributes{"destinations": names("kvm1")}, attributes{"destinations": names("kvm1"), "max_downtime_ms": number(400)}, kvm1, false},
		"one host gives way to several":      {attributes{}, attributes{"destinations": names("kvm1", "kvm2")}, kvm1, false},
		"several give way to the one":        {attributes{"destinations": names("kvm1", "kvm2")}, attributes{"destination": text("kvm1")}, kvm1, false},
		"hosts that are not known":           {attributes{"destinations": names("kvm1")}, attributes{"destinations": unknownNames()}, unknown, true},
		"a host that is not known":           {attributes{"destinations": names("kvm1")}, attributes{"destinations": unknownNames("kvm1")}, unknown, true},
		"a cluster that is not known":        {attributes{"destinations": names("kvm1")}, attributes{"cluster": unknownText()}, unknown, true},
		"the one host is not known any more": {attributes{}, attributes{"destination": unknownText()}, unknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProtocol(t)
			if faults := p.configure(t, map[string]string{"kvm1": "qemu+tcp://" + nobody + "/system", "kvm2": "qemu+tcp://" + nobody + "/system"}); len(faults) > 0 {
				t.Fatal(texts(faults))
			}
			before := maps.Clone(state)
			maps.Copy(before, test.before)
			config := attributes{"vm": text(openVM)}
			maps.Copy(config, test.config)
			resp := p.updated(t, move, before, config, "{}")
			if len(resp.Diagnostics) > 0 {
				t.Fatal(texts(resp.Diagnostics))
			}
			planned := p.planned(t, move, resp, attributes{"destination": {}, "last_migration": {}})
			if got := planned["destination"]; !got.Equal(test.destination) {
				t.Errorf("the destination is %v, want %v", got, test.destination)
			}
			if moves := !planned["last_migration"].IsKnown(); moves != test.moves {
				t.Errorf("it moves: %v", moves)
			}
		})
	}
}

// openVM is a VM that is known by its UUID: no host is asked for it.
const openVM = "6d696772-6174-4e00-8000-000000000001"

// nobody is where nothing listens.
const nobody = "127.0.0.1:9"
