//go:build lab

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// triggerBody moves a VM whenever Input changes.
const triggerBody = `
action "virt_vm_live_migration" "move" {
  config {
    vm          = {{ printf "%q" .VM }}
    destination = {{ printf "%q" .Destination }}
    {{ .More }}
  }
}

resource "terraform_data" "trigger" {
  input = {{ printf "%q" .Input }}
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.virt_vm_live_migration.move]
    }
  }
}
`

type triggerData struct{ VM, Destination, More, Input string }

func acceptanceWithActions(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_14_0)},
		ProtoV6ProviderFactories: factories(t),
		Steps:                    steps,
	})
}

func TestAccLiveMigrationAction_trigger(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	step := func(destination, input string) resource.TestStep {
		return resource.TestStep{
			Config:        configuration(t, triggerBody, triggerData{guest.Name, destination, "", input}),
			PostApplyFunc: func() { requireHome(t, guest, destination, "running") },
		}
	}
	acceptanceWithActions(t,
		step("kvm2", "first"),
		step("kvm2", "again"), // it is there already
		step("kvm1", "back"),
	)
}

func TestAccLiveMigrationAction_refused(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	off := world.StartGuest(t, lab.GuestSpec{State: lab.Inactive, Bare: true})
	on := world.StartGuest(t, typical())
	for name, test := range map[string]struct {
		data triggerData
		want []string
	}{
		"shut off": {
			triggerData{VM: off.Name, Destination: "kvm2"},
			[]string{"Unable to Migrate VM", "is not running on kvm1 (shut off)"},
		},
		"nowhere": {
			triggerData{VM: "nobody", Destination: "kvm2"},
			[]string{"Unable to Migrate VM", `o host has a VM "nobody"`},
		},
		"unknown destination": {
			triggerData{VM: on.Name, Destination: "kvm9"},
			[]string{"Invalid Host", `destination = "kvm9"`, `has no host "kvm9"`},
		},
		"a typo": {
			triggerData{VM: on.Name, Destination: "kvm2", More: `auto_convrege = true`},
			[]string{"Unsupported argument", `An argument named "auto_convrege" is not expected here.`},
		},
		"contradicting override": {
			triggerData{VM: on.Name, Destination: "kvm2", More: "post_copy = false\non_timeout = \"post_copy\""},
			[]string{"Invalid Migration Policy", "on_timeout"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acceptanceWithActions(t, resource.TestStep{Config: configuration(t, triggerBody, test.data), ExpectError: sayingAll(test.want...)})
			requireHome(t, on, "kvm1", "running")
		})
	}
}

// TestAccLiveMigrationAction_unknown moves a VM whose name is known only once the apply goes on.
func TestAccLiveMigrationAction_unknown(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	acceptanceWithActions(t, resource.TestStep{
		Config: configuration(t, `
resource "terraform_data" "trigger" {
  input = {{ printf "%q" .VM }}
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.virt_vm_live_migration.move]
    }
  }
}

action "virt_vm_live_migration" "move" {
  config {
    vm          = terraform_data.trigger.output
    destination = "kvm2"
  }
}
`, triggerData{VM: guest.Name}),
		PostApplyFunc: func() { requireHome(t, guest, "kvm2", "running") },
	})
}
