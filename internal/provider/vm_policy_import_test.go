//go:build lab

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const importedTwice = `
resource "virt_vm_migration_policy" "imported" {
  for_each    = toset(["one", "other"])
  vm          = {{printf "%q" .}}
  compression = true
}

import {
  for_each = toset(["one", "other"])
  to       = virt_vm_migration_policy.imported[each.key]
  id       = {{printf "%q" .}}
}
`

// TestAccVMPolicy_import imports a record by all ways, but never twice.
func TestAccVMPolicy_import(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"})
	byCommand := func(id string) resource.TestStep {
		return resource.TestStep{
			ResourceName: vmPolicy, ImportState: true, ImportStateId: id,
			ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "uuid",
			// A duration comes back in its canonical spelling, the VM in the one it
			// was imported by.
			ImportStateVerifyIgnore: []string{"timeout", "vm"},
		}
	}
	kvm2 := testLab(t).Host("kvm2")
	setVMRecord(t, kvm2, guest.Name, `{"version":1,"compression":true}`, "live", "config")
	acceptance(t,
		resource.TestStep{ // both would have the record for theirs
			Config:      configuration(t, importedTwice, guest.UUID),
			ExpectError: sayingAll("Conflicting VM Policies", "Another virt_vm_migration_policy resource of this configuration is for VM"),
		},
		resource.TestStep{
			PreConfig: func() { removeVMRecord(t, kvm2, guest.Name, "live", "config") },
			Config:    vmPolicyOf(t, guest.UUID, everyField),
		},
		byCommand(guest.UUID),
		byCommand(guest.Name),
		resource.TestStep{ResourceName: vmPolicy, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: guest.UUID},
		resource.TestStep{
			ResourceName: vmPolicy, ImportState: true, ImportStateId: "nobody",
			ExpectError: sayingAll("Unable to Import VM Migration Policy", `No host has a VM "nobody" (asked: "kvm1", "kvm2").`),
		},
	)
}

func TestAccVMPolicy_identity(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	acceptanceWithIdentity(t,
		resource.TestStep{
			Config: vmPolicyOf(t, guest.Name, everyField),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(vmPolicy, map[string]knownvalue.Check{"uuid": knownvalue.StringExact(guest.UUID)}),
			},
		},
		resource.TestStep{ResourceName: vmPolicy, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
	)
}

// TestAccVMPolicy_importRefused imports what is no record, or none at all.
func TestAccVMPolicy_importRefused(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	for name, test := range map[string]struct{ document, want string }{
		"none":    {"", "has no record of a migration policy"},
		"no JSON": {"on", `The live copy of the VM's record on kvm1 cannot be read: the record is not a JSON object: on. To let Terraform write it anew, remove it:`},
		"newer":   {`{"version":2}`, "the record has version 2 and this release of the provider knows versions up to 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guest := testLab(t).StartGuest(t, typical())
			if test.document != "" {
				setVMRecord(t, kvm1, guest.Name, test.document, "live", "config")
			}
			acceptance(t, resource.TestStep{
				Config:       vmPolicyOf(t, guest.UUID, ""),
				ResourceName: vmPolicy, ImportState: true, ImportStateId: guest.UUID,
				ExpectError: sayingAll("Unable to Import VM Migration Policy", test.want),
			})
		})
	}
}
