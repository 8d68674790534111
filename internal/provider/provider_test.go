package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccProvider_configuration refuses what can not be right, on the attribute
// that has it.
func TestAccProvider_configuration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string
		want   []string
	}{
		"no URI": {
			`hosts = { kvm1 = { uri = "kvm1.example.com" } }`,
			[]string{"Invalid Host Configuration", `uri = "kvm1.example.com"`},
		},
		"unknown driver": {
			`hosts = { kvm1 = { uri = "xen+tcp://kvm1/system" } }`,
			[]string{"Invalid Host Configuration", `uri = "xen+tcp://kvm1/system"`},
		},
		"local peer URI": {
			`hosts = { kvm1 = { uri = "qemu+tcp://kvm1/system", peer_uri = "qemu:///system" } }`,
			[]string{"Invalid Host Configuration", `peer_uri = "qemu:///system"`},
		},
		"no migration URI": {
			`hosts = { kvm1 = { uri = "qemu+tcp://kvm1/system", migration_uri = "10.0.0.1" } }`,
			[]string{"Invalid Host Configuration", `migration_uri = "10.0.0.1"`},
		},
		"no hosts": {
			`hosts = {}`,
			[]string{"Invalid Attribute Value", `hosts = {}`},
		},
		"unreachable_hosts": {
			`unreachable_hosts = "ignore"`,
			[]string{"Invalid Attribute Value", `unreachable_hosts = "ignore"`},
		},
		"no migrations": {
			`max_outgoing_migrations = 0`,
			[]string{"Invalid Attribute Value", `max_outgoing_migrations = 0`},
		},
		"more migrations than libvirtd has workers for": {
			`max_incoming_migrations = 100`,
			[]string{"Invalid Attribute Value", `max_incoming_migrations = 100`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acceptance(t, resource.TestStep{
				Config: "provider \"virt\" {\n  " + test.config + "\n}\n" + `
data "virt_effective_migration_policy" "vm" {
  vm = "web"
}
`,
				ExpectError: sayingAll(append([]string{"Error:"}, test.want...)...),
			})
		})
	}
}

// unknownHosts is a provider configuration that is known only during the apply.
const unknownHosts = `
resource "terraform_data" "kvm1" {
  input = {{ printf "%q" .URI }}
}

provider "virt" {
  hosts = { kvm1 = { uri = terraform_data.kvm1.output } }
}
`

// TestAccProvider_unknown plans before it is known where the hosts are.
//
//nolint:paralleltest // host-level records are one per host
func TestAccProvider_unknown(t *testing.T) {
	withoutHostRecords(t)
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	data := struct{ URI, VM string }{kvm1.URI, guest.Name}
	body := `
resource "virt_migration_global_settings" "all" {}

resource "virt_cluster_migration_policy" "cluster" {
  name  = "compute"
  hosts = ["kvm1"]
}

resource "virt_vm_migration_policy" "vm" {
  vm = {{ printf "%q" .VM }}
}
`
	elsewhere := data
	elsewhere.URI = kvm1.SocketURI
	acceptance(t,
		resource.TestStep{
			Config: rendered(t, unknownHosts+body, data),
			ConfigStateChecks: []statecheck.StateCheck{
				expectHosts(globalSettings, "kvm1"),
				expectHosts(clusterPolicy, "kvm1"),
			},
		},
		resource.TestStep{ // unknown again, while there is state: it is kept
			Config: rendered(t, unknownHosts+body, elsewhere),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(globalSettings, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(clusterPolicy, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(vmPolicy, plancheck.ResourceActionNoop),
			}},
		},
	)
}

// TestAccProvider_default has one host, from the environment, when none is
// configured.
func TestAccProvider_default(t *testing.T) { //nolint:paralleltest // it sets the environment
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	t.Setenv("LIBVIRT_DEFAULT_URI", testLab(t).Host("kvm1").SocketURI)
	acceptance(t, resource.TestStep{
		Config: rendered(t, vmPolicyBody, vmPolicyData{guest.Name, ``}),
		ConfigStateChecks: []statecheck.StateCheck{
			expectText(vmPolicy, "host", "default"),
		},
	})
	t.Setenv("LIBVIRT_DEFAULT_URI", "nowhere")
	acceptance(t, resource.TestStep{
		Config: "provider \"virt\" {}\n" + rendered(t, vmPolicyBody, vmPolicyData{guest.Name, ``}),
		ExpectError: sayingAll("Invalid Host Configuration",
			"The provider's hosts are left out, so that the one in LIBVIRT_DEFAULT_URI is used, which is wrong: it is not a valid URI"),
	})
}
