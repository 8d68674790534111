package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const vmPolicy = "virt_vm_migration_policy.vm"

// vmPolicyBody declares the policy of one VM. A bare true is a switch, too.
const vmPolicyBody = `
resource "virt_vm_migration_policy" "vm" {
  vm = {{ printf "%q" .VM }}
  {{ .Policy }}
}
`

type vmPolicyData struct{ VM, Policy string }

func TestAccVMPolicy_lifecycle(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	config := func(policy string) string {
		return configuration(t, vmPolicyBody, vmPolicyData{guest.Name, policy})
	}
	acceptance(t,
		resource.TestStep{
			Config: config(`auto_converge = true`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(guest.UUID)),
				statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("auto_converge"), knownvalue.StringExact("true")),
				statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("compression"), knownvalue.StringExact("inherit")),
				statecheck.ExpectKnownValue(vmPolicy, tfjsonpath.New("record"), knownvalue.StringExact("in_sync")),
			},
		},
		resource.TestStep{
			Config: config(`compression = true`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionUpdate),
			}},
		},
	)
}
