package evacuation_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// web is a VM that runs on kvm1, changed.
func web(change func(*evacuation.VM)) evacuation.VM {
	vm := evacuation.VM{
		UUID: "u", Name: "web", Host: "kvm1", Active: true, Persistent: true, By: policy.EvacuateLive,
	}
	change(&vm)
	return vm
}

// names are those of VMs.
func names(vms []evacuation.VM) []string {
	var names []string
	for _, vm := range vms {
		names = append(names, vm.Name)
	}
	return names
}

func TestLeave(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*evacuation.VM)
		want   string
	}{
		"live":                              {func(*evacuation.VM) {}, "move"},
		"paused, live":                      {func(vm *evacuation.VM) { vm.Paused = true }, "move"},
		"transient, live":                   {func(vm *evacuation.VM) { vm.Persistent = false }, "move"},
		"to be shut down":                   {func(vm *evacuation.VM) { vm.By = policy.EvacuateShutDown }, "stop"},
		"to be saved":                       {func(vm *evacuation.VM) { vm.By = policy.EvacuateManagedSave }, "stop"},
		"paused, to be saved":               {func(vm *evacuation.VM) { vm.By, vm.Paused = policy.EvacuateManagedSave, true }, "stop"},
		"paused, to be shut down":           {func(vm *evacuation.VM) { vm.By, vm.Paused = policy.EvacuateShutDown, true }, "deaf"},
		"transient, to be shut down":        {func(vm *evacuation.VM) { vm.By, vm.Persistent = policy.EvacuateShutDown, false }, "transient"},
		"transient, to be saved":            {func(vm *evacuation.VM) { vm.By, vm.Persistent = policy.EvacuateManagedSave, false }, "transient"},
		"stays":                             {func(vm *evacuation.VM) { vm.By = policy.EvacuateStay }, "stay"},
		"transient, stays":                  {func(vm *evacuation.VM) { vm.By, vm.Persistent = policy.EvacuateStay, false }, "stay"},
		"unread":                            {func(vm *evacuation.VM) { vm.By, vm.Unread = "", errors.New("no JSON") }, "unread"},
		"on its way already":                {func(vm *evacuation.VM) { vm.BoundFor = "kvm2" }, "move"},
		"on its way, and stays by now":      {func(vm *evacuation.VM) { vm.BoundFor, vm.By = "kvm2", policy.EvacuateStay }, "move"},
		"on its way, with an unread policy": {func(vm *evacuation.VM) { vm.BoundFor, vm.Unread = "kvm2", errors.New("no JSON") }, "move"},
		"on its way to the host":            {func(vm *evacuation.VM) { vm.BoundFor = "kvm1" }, "arriving"},
		"incoming, not begun":               {func(vm *evacuation.VM) { vm.BoundFor, vm.Active = "kvm1", false }, "arriving"},
		"shut off":                          {func(vm *evacuation.VM) { vm.Active = false }, ""},
		"on another host":                   {func(vm *evacuation.VM) { vm.Host = "kvm2" }, ""},
		"noted as stopped, and runs": {func(vm *evacuation.VM) {
			vm.By, vm.Past = policy.EvacuateShutDown, evacuation.Past{Stopped: policy.EvacuateShutDown, StoppedOn: "kvm1"}
		}, "stop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := evacuation.Leave("kvm1", []evacuation.VM{web(test.change)})
			got := map[string][]string{"move": names(l.Move), "stop": names(l.Stop), "stay": names(l.Stay)}
			for _, stuck := range l.Stuck {
				got[string(stuck.Why)] = append(got[string(stuck.Why)], stuck.VM.Name)
			}
			requireOnly(t, got, test.want)
		})
	}
}

// requireOnly wants the VM in one list, or in none.
func requireOnly(t *testing.T, got map[string][]string, want string) {
	t.Helper()
	for list, vms := range got {
		if len(vms) == 0 {
			delete(got, list)
		}
	}
	wanted := map[string][]string{}
	if want != "" {
		wanted[want] = []string{"web"}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLeave_orders(t *testing.T) {
	t.Parallel()
	vms := []evacuation.VM{
		web(func(vm *evacuation.VM) { vm.Name, vm.UUID = "b", "2" }),
		web(func(vm *evacuation.VM) { vm.Name, vm.UUID = "b", "1" }),
		web(func(vm *evacuation.VM) { vm.Name = "a" }),
	}
	l := evacuation.Leave("kvm1", vms)
	if got := l.Move[0].Name + l.Move[1].UUID + l.Move[2].UUID; got != "a12" {
		t.Errorf("got %s", got)
	}
	if vms[0].UUID != "2" {
		t.Error("the caller's list is sorted, too")
	}
}
