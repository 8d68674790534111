package evacuation_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestReturn(t *testing.T) {
	t.Parallel()
	moved := evacuation.Past{MovedTo: "kvm2"}
	shutDown := evacuation.Past{Stopped: policy.EvacuateShutDown, StoppedOn: "kvm1"}
	for name, test := range map[string]struct {
		change func(*evacuation.VM)
		want   string
	}{
		"not touched":               {func(*evacuation.VM) {}, ""},
		"not touched, elsewhere":    {func(vm *evacuation.VM) { vm.Host = "kvm2" }, ""},
		"moved":                     {func(vm *evacuation.VM) { vm.Host, vm.Past = "kvm2", moved }, "move"},
		"moved, and shut off since": {func(vm *evacuation.VM) { vm.Host, vm.Past, vm.Active = "kvm2", moved, false }, "move"},
		"moved, and back by hand":   {func(vm *evacuation.VM) { vm.Past = moved }, "back"},
		"moved on by virsh":         {func(vm *evacuation.VM) { vm.Host, vm.Past = "kvm3", moved }, "elsewhere"},
		"moved on, and to the same": {func(vm *evacuation.VM) {
			vm.Host, vm.Past = "kvm2", evacuation.Past{MovedTo: "kvm2", MovedOn: true}
		}, "elsewhere"},
		"moved on, and back":             {func(vm *evacuation.VM) { vm.Past = evacuation.Past{MovedTo: "kvm2", MovedOn: true} }, "back"},
		"shut down":                      {func(vm *evacuation.VM) { vm.Past, vm.Active = shutDown, false }, "start"},
		"shut down, and started by hand": {func(vm *evacuation.VM) { vm.Past = shutDown }, "back"},
		"shut down, and taken elsewhere": {func(vm *evacuation.VM) { vm.Host, vm.Past, vm.Active = "kvm2", shutDown, false }, "elsewhere"},
		"not to be shut down, then moved": {func(vm *evacuation.VM) {
			vm.Host, vm.Past = "kvm2", evacuation.Past{MovedTo: "kvm2", Stopped: "shut_down", StoppedOn: "kvm1"}
		}, "move"},
		"on its way": {func(vm *evacuation.VM) { vm.BoundFor, vm.Past.Leaving = "kvm2", true }, "leaving"},
		"on its way once more": {func(vm *evacuation.VM) {
			vm.BoundFor, vm.Past = "kvm2", evacuation.Past{MovedTo: "kvm2", MovedOn: true, Leaving: true}
		}, "leaving"},
		"on its way for others":      {func(vm *evacuation.VM) { vm.BoundFor = "kvm2" }, ""},
		"its move has ended nowhere": {func(vm *evacuation.VM) { vm.Past.Leaving = true }, ""},
		"shut down on another host": {func(vm *evacuation.VM) {
			vm.Past, vm.Active = evacuation.Past{Stopped: "shut_down", StoppedOn: "kvm2"}, false
		}, ""},
		"moved, brought back, then saved": {func(vm *evacuation.VM) {
			vm.Past, vm.Active = evacuation.Past{MovedTo: "kvm2", MovedOn: true, Stopped: "managed_save", StoppedOn: "kvm1"}, false
		}, "start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := evacuation.Return("kvm1", []evacuation.VM{web(test.change)})
			requireOnly(t, map[string][]string{
				"move": names(r.Move), "start": names(r.Start), "back": names(r.Back), "elsewhere": names(r.Elsewhere), "leaving": names(r.Leaving),
			}, test.want)
		})
	}
}
