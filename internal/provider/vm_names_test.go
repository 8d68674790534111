//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// everythingOfVM is all that can be declared of one VM.
const everythingOfVM = vmPolicyBody + `
resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = "kvm1"
}

data "virt_effective_migration_policy" "vm" {
  vm = {{ printf "%q" .VM }}
}
`

// expectVM checks which VM everythingOfVM is about.
func expectVM(uuid string) []statecheck.StateCheck {
	return []statecheck.StateCheck{
		expectText(vmPolicy, "uuid", uuid), expectText(placement, "uuid", uuid), expectText("data.virt_effective_migration_policy.vm", "uuid", uuid),
	}
}

func importsVM(address, id, uuid string) resource.TestStep {
	return resource.TestStep{
		ResourceName: address, ImportState: true, ImportStateId: id,
		ImportStateCheck: importedAs(map[string]string{"uuid": uuid}),
	}
}

// TestAccVM_namedLikeUUID has a VM whose name could be taken for a UUID, and then
// another VM that has that UUID.
func TestAccVM_namedLikeUUID(t *testing.T) {
	t.Parallel()
	const name = "0ddba11e-0000-4000-8000-000000000001"
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Name: name, Bare: true})
	config := configuration(t, everythingOfVM, vmPolicyData{name, "max_downtime_ms = 500"})
	acceptance(t,
		resource.TestStep{Config: config, ConfigStateChecks: append(expectVM(guest.UUID), expectText(vmPolicy, "vm", name))},
		resource.TestStep{Config: config, ConfigPlanChecks: plansNothing()},
		importsVM(vmPolicy, name, guest.UUID),
		importsVM(placement, name, guest.UUID),
		resource.TestStep{ // its UUID is another spelling of it
			Config:            configuration(t, everythingOfVM, vmPolicyData{guest.UUID, "max_downtime_ms = 500"}),
			ConfigPlanChecks:  planOf(vmPolicy, plancheck.ResourceActionUpdate),
			ConfigStateChecks: expectVM(guest.UUID),
		},
		resource.TestStep{
			Config:            config,
			ConfigPlanChecks:  planOf(vmPolicy, plancheck.ResourceActionUpdate),
			ConfigStateChecks: expectVM(guest.UUID),
		},
		resource.TestStep{ // the UUID goes before the name
			PreConfig:         func() { testLab(t).StartGuest(t, lab.GuestSpec{UUID: name, Bare: true}) },
			Config:            config,
			ConfigPlanChecks:  planOf(vmPolicy, plancheck.ResourceActionDestroyBeforeCreate),
			ConfigStateChecks: expectVM(name),
			PostApplyFunc:     func() { requireVMRecord(t, testLab(t).Host("kvm1"), guest.UUID, "", "live", "config") },
		},
		resource.TestStep{Config: config, ConfigPlanChecks: plansNothing()},
	)
}

// planOf is what a plan is to do with a resource.
func planOf(address string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
}

// TestAccVM_decomposedName has a domain whose name is spelled in other runes than
// Terraform gives to anybody: it normalises every string.
func TestAccVM_decomposedName(t *testing.T) {
	t.Parallel()
	name := norm.NFC.String("prüfstand-ñ")
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Name: norm.NFD.String(name), Bare: true})
	for spelling, vm := range map[string]string{"composed": name, "decomposed": guest.Name} {
		config := configuration(t, everythingOfVM, vmPolicyData{vm, "max_downtime_ms = 500"})
		t.Run(spelling, func(t *testing.T) {
			acceptance(t,
				resource.TestStep{Config: config, ConfigStateChecks: append(expectVM(guest.UUID), expectText(vmPolicy, "vm", name))},
				resource.TestStep{Config: config, ConfigPlanChecks: plansNothing()},
				importsVM(vmPolicy, vm, guest.UUID),
				importsVM(placement, vm, guest.UUID),
			)
		})
	}
}

// TestAccVM_renamedUnseen renames a VM while a host is down, which may have
// another one of its former name: that is no reason to take it for another one.
func TestAccVM_renamedUnseen(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	renamed := guest.Name + "-renamed"
	up := labProvider(t)
	warned := up.without("kvm2")
	warned.Unreachable = "warn"
	of := func(block providerBlock, vm string) string {
		return block.with(t, vmPolicyBody, vmPolicyData{vm, "max_downtime_ms = 500"})
	}
	const record = `{"version":1,"max_downtime_ms":500}`
	acceptance(t,
		resource.TestStep{Config: of(up, guest.Name)},
		resource.TestStep{
			PreConfig:         func() { kvm1.MustVirsh(t, "domrename", guest.UUID, renamed) },
			Config:            of(warned, guest.Name),
			ConfigPlanChecks:  plansNothing(),
			ConfigStateChecks: []statecheck.StateCheck{expectText(vmPolicy, "vm", guest.Name), expectText(vmPolicy, "uuid", guest.UUID)},
		},
		resource.TestStep{RefreshState: true}, // saves what was read
		resource.TestStep{Config: of(up, guest.Name), ConfigPlanChecks: plansNothing()},
		resource.TestStep{ // a name that no host is seen to have: nothing is written for it
			Config:      of(warned, guest.Name+"-else"),
			ExpectError: sayingAll("Unable to Update VM Migration Policy", fmt.Sprintf("vm = %q", guest.Name+"-else"), "It cannot be known where VM"),
		},
		resource.TestStep{
			PreConfig:        func() { requireVMRecord(t, kvm1, guest.UUID, record, "config") },
			Config:           of(warned, renamed),
			ConfigPlanChecks: planOf(vmPolicy, plancheck.ResourceActionUpdate),
			PostApplyFunc:    func() { requireVMRecord(t, kvm1, guest.UUID, record, "config") },
		},
		resource.TestStep{Config: of(up, renamed), ConfigPlanChecks: plansNothing()},
	)
}

// TestAccVM_replaced makes a VM anew under its name: the warning says which one
// was managed, and which one the apply will manage.
func TestAccVM_replaced(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]lab.GuestSpec{
		"defined anew": {Bare: true, State: lab.Inactive},
		"transient":    {Bare: true, Transient: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := testLab(t).StartGuest(t, spec)
			body := vmPolicyBody
			if spec.Transient {
				body = everythingOfVM
			}
			w := newWorkspace(t, configuration(t, body, vmPolicyData{old.Name, "max_downtime_ms = 500"}))
			w.must(t, 0, "apply", "-auto-approve")
			removeGuest(t, old)
			anew := spec
			anew.Name, anew.Host = old.Name, "kvm2"
			successor := testLab(t).StartGuest(t, anew)

			plan := w.must(t, 2, "plan", "-detailed-exitcode")
			want := fmt.Sprintf(`When this plan was made, VM %q was on kvm2 with UUID %s, and the one that was managed here had UUID %s, which was on none of the hosts "kvm1", "kvm2". `+
				`Where the configuration still says %[1]q, it means the new one. Applying the plan creates this resource again, for that VM.`, old.Name, successor.UUID, old.UUID)
			for _, words := range []string{"VM Gone", want} {
				if !saying(words).MatchString(plan.stdout) {
					t.Errorf("the plan does not say %s: %s", words, plan)
				}
			}
			if strings.Contains(plan.stdout, "leave state") {
				t.Errorf("the plan says that the VM is gone: %s", plan)
			}
			w.must(t, 0, "apply", "-auto-approve")
			if got := w.attributes(t, vmPolicy)["uuid"]; got != successor.UUID {
				t.Errorf("the policy is of VM %v, want %s", got, successor.UUID)
			}
			if spec.Transient && w.attributes(t, placement)["uuid"] != successor.UUID {
				t.Errorf("the placement is of VM %v, want %s", w.attributes(t, placement)["uuid"], successor.UUID)
			}
			w.must(t, 0, "destroy", "-auto-approve")
		})
	}
}
