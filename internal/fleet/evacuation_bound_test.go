package fleet

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// A lease or a promise says where a VM goes that is to move, and has no other one moved.
func TestEvacuator_bind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		vm    evacuation.VM
		bound string
		want  string
	}{
		"is to move":                   {evacuation.VM{By: policy.EvacuateLive}, "kvm2", "kvm2"},
		"is bound for nothing":         {evacuation.VM{By: policy.EvacuateLive}, "", ""},
		"is on its way":                {evacuation.VM{By: policy.EvacuateLive, BoundFor: "kvm3"}, "kvm2", "kvm3"},
		"is bound for the host itself": {evacuation.VM{By: policy.EvacuateLive}, "kvm1", ""},
		"is to be shut down":           {evacuation.VM{By: policy.EvacuateShutDown}, "kvm2", ""},
		"is to be saved":               {evacuation.VM{By: policy.EvacuateManagedSave}, "kvm2", ""},
		"stays":                        {evacuation.VM{By: policy.EvacuateStay}, "kvm2", ""},
		"its policy is not known":      {evacuation.VM{By: policy.EvacuateLive, Unread: host.ErrOutcomeUnknown}, "kvm2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.vm.UUID = "u"
			vms := []evacuation.VM{test.vm}
			e := &evacuator{Evacuation: Evacuation{Host: "kvm1"}}
			e.bind(vms, placement.World{VMs: []placement.VM{{UUID: "u", BoundFor: test.bound}}})
			if got := vms[0].BoundFor; got != test.want {
				t.Errorf("it goes to %q, want %q", got, test.want)
			}
		})
	}
}

// A VM that was stopped is not started while a host that does not answer may run it.
func TestReturn_holdStarts(t *testing.T) {
	t.Parallel()
	off, away := evacuation.VM{UUID: "off"}, evacuation.VM{UUID: "away"}
	r := Return{Returning: evacuation.Returning{Start: []evacuation.VM{off}, Move: []evacuation.VM{away}}}
	r.holdStarts()
	if len(r.Start) != 1 || len(r.Unclear) != 0 {
		t.Errorf("all hosts answer: it starts %+v, and not %+v", r.Start, r.Unclear)
	}
	r.Silent = []error{migration.ErrUnreachable}
	r.holdStarts()
	if len(r.Start) != 0 || len(r.Move) != 1 || len(r.Unclear) != 1 || r.Unclear[0].VM.UUID != "off" || !errors.Is(r.Unclear[0].Err, migration.ErrUnreachable) {
		t.Errorf("a host is silent: it starts %+v, moves %+v, and not %+v", r.Start, r.Move, r.Unclear)
	}
}

// Once the fleet is drained, a host that is being emptied or filled stays as it is: no VM is stopped or started.
func TestDrained_evacuation(t *testing.T) {
	t.Parallel()
	f, err := New(Config{MaxOutgoing: 2, MaxIncoming: 2, Hosts: []host.Config{{Name: "kvm1", URI: "qemu+tcp://a/system"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Drain()
	got := map[string]error{}
	idle := func() *crew { return newCrew("kvm1", f.promises, 1, false, func(EvacuationProgress) {}) }
	e := &evacuator{fleet: f, host: f.hosts[0], Evacuation: Evacuation{Host: "kvm1"}, refused: refusals{}}
	_, got["emptied"] = e.empty(t.Context(), idle(), "e")
	r := &returner{fleet: f, host: f.hosts[0], member: Member{Name: "kvm1"}, of: emptied{id: "e", host: Member{Name: "kvm1"}}}
	_, got["filled"] = r.bringBack(t.Context(), idle())
	want := map[string]error{"emptied": places.ErrDraining, "filled": places.ErrDraining}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return errors.Is(b, a) || errors.Is(a, b) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
