package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// TestOverlooked: a host is not emptied while a VM runs there of which nothing is decided.
func TestOverlooked(t *testing.T) {
	t.Parallel()
	web := evacuation.VM{UUID: "u", Name: "web", Host: "kvm1", Active: true}
	hosts := func(silent bool) []placement.Host {
		return []placement.Host{{Name: "kvm1", Silent: silent}, {Name: "kvm2"}}
	}
	for name, test := range map[string]struct {
		world placement.World
		want  []StuckVM
	}{
		"known there": {placement.World{Hosts: hosts(false), VMs: []placement.VM{{UUID: "u", Host: "kvm1"}}}, nil},
		"has ended":   {placement.World{Hosts: hosts(false)}, nil},
		"its host does not say all": {
			placement.World{Hosts: hosts(true)}, []StuckVM{{VM: web, Binding: placement.Silent{}, Host: "kvm1"}},
		},
		"another host runs it, too": {
			placement.World{Hosts: hosts(false), VMs: []placement.VM{{UUID: "u", Host: "kvm2"}}},
			[]StuckVM{{VM: web, Why: evacuation.Doubled}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &evacuator{Evacuation: Evacuation{Host: "kvm1"}}
			got := e.overlooked([]string{"u"}, map[string]evacuation.VM{"u": web}, test.world)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}
