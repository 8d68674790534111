//go:build lab

package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const effectivePolicy = "data.virt_effective_migration_policy.vm"

const effectivePolicyBody = `
data "virt_effective_migration_policy" "vm" {
  vm = {{ printf "%q" . }}
}
`

func effective(attribute string, check knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("policy").AtMapKey(attribute), check)
}

func origin(field, level string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("origins").AtMapKey(field), knownvalue.StringExact(level))
}

// TestAccEffectivePolicy_origins resolves each field on its own, from the records
// of the VM and of the host that it is on.
// It runs alone: host-level records are one per host.
func TestAccEffectivePolicy_origins(t *testing.T) {
	withoutHostRecords(t)
	guest := testLab(t).StartGuest(t, typical())
	config := configuration(t, `
resource "virt_migration_global_settings" "all" {
  auto_converge            = true
  bandwidth_mib_per_second = 100
  max_downtime_ms          = 400
}

resource "virt_cluster_migration_policy" "cluster" {
  name                    = "compute"
  hosts                   = ["kvm2"]
  auto_converge           = false
  auto_converge_increment = null
  compression             = true
  max_downtime_ms         = 500
  timeout                 = "90s"
}

resource "virt_vm_migration_policy" "vm" {
  vm                      = {{ printf "%q" .Name }}
  auto_converge_increment = 20
  compression_cache_mib   = 256
  max_downtime_ms         = 600
}

data "virt_effective_migration_policy" "vm" {
  vm         = {{ printf "%q" .Name }}
  depends_on = [virt_migration_global_settings.all, virt_cluster_migration_policy.cluster, virt_vm_migration_policy.vm]
}
`, guest)
	acceptance(t,
		resource.TestStep{ // kvm1 is in no cluster
			Config: config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("uuid"), knownvalue.StringExact(guest.UUID)),
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("host"), knownvalue.StringExact("kvm1")),
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("cluster"), knownvalue.Null()),
				effective("auto_converge", knownvalue.Bool(true)), origin("auto_converge", "global"),
				effective("auto_converge_increment", knownvalue.Int64Exact(20)), origin("auto_converge_increment", "vm"),
				effective("auto_converge_initial", knownvalue.Null()), origin("auto_converge_initial", "default"),
				effective("compression", knownvalue.Bool(false)), origin("compression", "global"),
				effective("compression_cache_mib", knownvalue.Int64Exact(256)), origin("compression_cache_mib", "vm"),
				effective("bandwidth_mib_per_second", knownvalue.Int64Exact(100)), origin("bandwidth_mib_per_second", "global"),
				effective("max_downtime_ms", knownvalue.Int64Exact(600)), origin("max_downtime_ms", "vm"),
				effective("parallel_connections", knownvalue.Int64Exact(0)), origin("parallel_connections", "default"),
				effective("timeout", knownvalue.StringExact("30m")), origin("timeout", "default"),
				effective("on_timeout", knownvalue.StringExact("abort")), origin("on_timeout", "default"),
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("inactive"), hostsExactly("compression_cache_mib")),
			},
		},
		resource.TestStep{ // kvm2 is in one, which now counts
			PreConfig: func() { moveByVirsh(t, guest, "kvm1", "kvm2") },
			Config:    config,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("host"), knownvalue.StringExact("kvm2")),
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("cluster"), knownvalue.StringExact("compute")),
				effective("auto_converge", knownvalue.Bool(false)), origin("auto_converge", "cluster"),
				effective("compression", knownvalue.Bool(true)), origin("compression", "cluster"),
				effective("max_downtime_ms", knownvalue.Int64Exact(600)), origin("max_downtime_ms", "vm"),
				effective("timeout", knownvalue.StringExact("1m30s")), origin("timeout", "cluster"),
				effective("encryption", knownvalue.Bool(false)), origin("encryption", "global"),
				statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("inactive"), hostsExactly("auto_converge_increment")),
			},
		},
	)
}

// TestAccEffectivePolicy_unreadable guesses nothing where a record cannot be
// read, and lets the plan go on: an apply may be about to repair it. It runs
// alone: host-level records are one per host.
func TestAccEffectivePolicy_unreadable(t *testing.T) {
	withoutHostRecords(t)
	guest := testLab(t).StartGuest(t, typical())
	kvm1 := testLab(t).Host("kvm1")
	null := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("policy"), knownvalue.Null()),
		statecheck.ExpectKnownValue(effectivePolicy, tfjsonpath.New("origins"), knownvalue.Null()),
	}
	acceptance(t,
		resource.TestStep{
			PreConfig:         func() { setHostRecord(t, clusterSecret, "nothing", kvm1) },
			Config:            configuration(t, effectivePolicyBody, guest.Name),
			ConfigStateChecks: null,
		},
		resource.TestStep{
			PreConfig: func() {
				removeHostRecord(t, clusterSecret, kvm1)
				setHostRecord(t, globalSecret, `{"version":2}`, kvm1)
			},
			Config:            configuration(t, effectivePolicyBody, guest.Name),
			ConfigStateChecks: null,
		},
		resource.TestStep{
			PreConfig:         func() { removeHostRecord(t, globalSecret, kvm1) },
			Config:            configuration(t, effectivePolicyBody, guest.Name),
			ConfigStateChecks: []statecheck.StateCheck{effective("auto_converge", knownvalue.Bool(false))},
		},
	)
}

// TestAccEffectivePolicy_badVM is asked for VMs that there are not, or are twice.
func TestAccEffectivePolicy_badVM(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	one := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	other := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive, Host: "kvm2"})
	const name = "two-of-a-name"
	world.Host("kvm1").MustVirsh(t, "domrename", one.UUID, name)
	world.Host("kvm2").MustVirsh(t, "domrename", other.UUID, name)
	for summary, body := range map[string]string{
		"Unable to Read Effective Migration Policy": effectivePolicyBody,
		"Unable to Plan VM Migration Policy": `
resource "virt_vm_migration_policy" "vm" {
  vm = {{ printf "%q" . }}
}
`,
	} {
		t.Run(summary, func(t *testing.T) {
			t.Parallel()
			acceptance(t, resource.TestStep{
				Config: configuration(t, body, name),
				ExpectError: sayingAll(summary, fmt.Sprintf("vm = %q", name),
					fmt.Sprintf("The name %q fits different VMs: %s on kvm1, %s on kvm2. Give the UUID of the one that is meant.", name, one.UUID, other.UUID)),
			})
		})
	}
	acceptance(t, resource.TestStep{
		Config: configuration(t, effectivePolicyBody, "nobody"),
		ExpectError: sayingAll("Unable to Read Effective Migration Policy", `vm = "nobody"`,
			`No host has a VM "nobody" (asked: "kvm1", "kvm2"). Check the name or UUID, and that the provider's hosts include the one that has the VM.`),
	}, resource.TestStep{
		Config:      vmPolicyOf(t, "nobody", ``),
		ExpectError: sayingAll("Unable to Create VM Migration Policy", `vm = "nobody"`, `No host has a VM "nobody" (asked: "kvm1", "kvm2").`),
	})
}

// TestAccEffectivePolicy_twice finds a VM that runs on two hosts, and one host
// under two names.
func TestAccEffectivePolicy_twice(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	alias := labProvider(t, "kvm1")
	alias.Hosts["kvm1b"] = hostBlock{URI: world.Host("kvm1").SocketURI}
	acceptance(t, resource.TestStep{
		Config: alias.with(t, effectivePolicyBody, guest.Name),
		ExpectError: sayingAll("Unable to Read Effective Migration Policy", `The hosts "kvm1", "kvm1b" are one and the same libvirt host`,
			"Leave one of the two out of the provider's hosts."),
	})
	second := world.StartGuest(t, lab.GuestSpec{UUID: guest.UUID, Bare: true, Host: "kvm2"})
	acceptance(t, resource.TestStep{
		Config: configuration(t, effectivePolicyBody, guest.UUID),
		ExpectError: sayingAll("Unable to Read Effective Migration Policy",
			fmt.Sprintf(`(%s) runs on more than one host: "kvm1", "kvm2".`, second.UUID), "Nothing was changed."),
	})
}
