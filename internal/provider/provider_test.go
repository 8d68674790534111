//go:build lab

package provider_test

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// TestAccProvider_configuration refuses what cannot be right, on the attribute
// that has it.
func TestAccProvider_configuration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config string
		want   []string
	}{
		"no URI": {
			`hosts = { kvm1 = { uri = "kvm1.example.com" } }`,
			[]string{"Invalid Host Configuration", `Host "kvm1": invalid uri: it is not a valid URI`},
		},
		"unknown driver": {
			`hosts = { kvm1 = { uri = "xen+tcp://kvm1/system" } }`,
			[]string{"Invalid Host Configuration", `Host "kvm1": invalid uri: only QEMU hosts are supported`},
		},
		"local peer URI": {
			`hosts = { kvm1 = { uri = "qemu+tcp://kvm1/system", peer_uri = "qemu:///system" } }`,
			[]string{"Invalid Host Configuration", `Host "kvm1": invalid peer_uri: it needs a host name`},
		},
		"no migration URI": {
			`hosts = { kvm1 = { uri = "qemu+tcp://kvm1/system", migration_uri = "10.0.0.1" } }`,
			[]string{"Invalid Host Configuration", `Host "kvm1": invalid migration_uri: write it like`},
		},
		"no hosts": {
			`hosts = {}`,
			[]string{"Invalid Hosts", `hosts = {}`},
		},
		"unreachable_hosts": {
			`unreachable_hosts = "ignore"`,
			[]string{"Invalid Value", `unreachable_hosts = "ignore"`},
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
// It runs alone: host-level records are one per host.
func TestAccProvider_unknown(t *testing.T) {
	withoutHostRecords(t)
	kvm1 := testLab(t).Host("kvm1")
	guest := testLab(t).StartGuest(t, typical())
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
func TestAccProvider_default(t *testing.T) { // alone: it sets the environment
	guest := testLab(t).StartGuest(t, typical())
	t.Setenv("LIBVIRT_DEFAULT_URI", testLab(t).Host("kvm1").SocketURI)
	acceptance(t, resource.TestStep{
		Config: rendered(t, vmPolicyBody, vmPolicyData{guest.Name, ``}),
		ConfigStateChecks: []statecheck.StateCheck{
			expectNoDrift(vmPolicy),
		},
	})
	t.Setenv("LIBVIRT_DEFAULT_URI", "nowhere")
	acceptance(t, resource.TestStep{
		Config: "provider \"virt\" {}\n" + rendered(t, vmPolicyBody, vmPolicyData{guest.Name, ``}),
		ExpectError: sayingAll("Invalid Host Configuration",
			"The provider's hosts are left out, so the default URI (LIBVIRT_DEFAULT_URI) is used, which is wrong: it is not a valid URI"),
	})
}

// TestClose leaves no connection to a host behind.
func TestClose(t *testing.T) { //nolint:paralleltest // it counts connections, those of other tests included
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	connections := func() int {
		all := 0
		for _, host := range world.Hosts {
			n, err := host.Connections()
			if err != nil {
				t.Fatal(err)
			}
			all += n
		}
		return all
	}
	before := connections()
	p := newProtocol(t)
	uris := map[string]string{}
	for _, h := range world.Hosts {
		uris[h.Name] = h.URI
	}
	for range 2 { // as in an apply, which plans first
		if faults := p.configure(t, uris); len(faults) > 0 {
			t.Fatal(texts(faults))
		}
		resp, err := p.server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: "virt_effective_migration_policy",
			Config:   value(t, p.schema.DataSourceSchemas["virt_effective_migration_policy"], map[string]tftypes.Value{"vm": text(guest.Name)}),
		})
		if err != nil || len(resp.Diagnostics) > 0 {
			t.Fatal(err, texts(resp.Diagnostics))
		}
	}
	if connections() == before {
		t.Error("nothing is connected while the provider is in use")
	}
	p.server.Close()
	eventually(t, 10*time.Second, "all connections are closed", func() bool { return connections() <= before }) // an earlier test's may end as well
}
