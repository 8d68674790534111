//go:build lab

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// threeLevelsBody declares policy on all levels and moves the VM under it.
const threeLevelsBody = `
resource "virt_migration_global_settings" "all" {
  max_downtime_ms = 400
}

resource "virt_cluster_migration_policy" "lab" {
  name  = "lab"
  hosts = ["kvm1", "kvm2"]
  {{ .Cluster }}
}

resource "virt_vm_migration_policy" "vm" {
  vm = {{ printf "%q" .VM }}
  {{ .Own }}
}

resource "virt_vm_live_migration" "vm" {
  vm          = virt_vm_migration_policy.vm.uuid
  destination = {{ printf "%q" .Destination }}
  {{ .Run }}
  depends_on  = [virt_migration_global_settings.all, virt_cluster_migration_policy.lab]
}
`

type threeLevelsData struct{ VM, Destination, Cluster, Own, Run string }

// TestAccLiveMigration_levels writes the records of whole hosts, so it has the
// lab for itself.
func TestAccLiveMigration_levels(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	config := func(data threeLevelsData) string {
		data.VM = guest.Name
		return configuration(t, threeLevelsBody, data)
	}
	last := tfjsonpath.New("last_migration")
	text := knownvalue.StringExact
	acceptance(t,
		resource.TestStep{
			Config: config(threeLevelsData{Destination: "kvm2", Cluster: "auto_converge = true", Own: "compression = true", Run: `timeout = "5m"`}),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placement, last.AtMapKey("origins"), knownvalue.MapPartial(map[string]knownvalue.Check{
					"auto_converge": text("cluster"), "compression": text("vm"), "max_downtime_ms": text("global"), "timeout": text("run"), "on_timeout": text("default"),
				})),
				statecheck.ExpectKnownValue(placement, last.AtMapKey("policy"), knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"auto_converge": knownvalue.Bool(true), "compression": knownvalue.Bool(true), "max_downtime_ms": knownvalue.Int64Exact(400), "timeout": text("5m"),
				})),
			},
			PostApplyFunc: func() {
				requireHome(t, guest, "kvm2", "running")
				record := world.Host("kvm2").MustVirsh(t, "metadata", guest.UUID, "urn:virt:migration-policy:1")
				if !strings.Contains(record, `"compression":true`) {
					t.Errorf("the record did not travel with the VM: %s", record)
				}
			},
		},
		resource.TestStep{ // the override wins over all levels
			Config: config(threeLevelsData{Destination: "kvm1", Cluster: "auto_converge = true", Own: "compression = true", Run: "compression = false\nauto_converge = false\nmax_downtime_ms = 900"}),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(placement, last.AtMapKey("origins"), knownvalue.MapPartial(map[string]knownvalue.Check{
					"auto_converge": text("run"), "compression": text("run"), "max_downtime_ms": text("run"), "timeout": text("default"),
				})),
				statecheck.ExpectKnownValue(placement, last.AtMapKey("policy"), knownvalue.ObjectPartial(map[string]knownvalue.Check{
					"auto_converge": knownvalue.Bool(false), "compression": knownvalue.Bool(false), "max_downtime_ms": knownvalue.Int64Exact(900),
				})),
			},
		},
		resource.TestStep{ // what contradicts itself across levels is refused before the start
			Config:      config(threeLevelsData{Destination: "kvm2", Cluster: "auto_converge = true\nparallel_connections = 2", Own: "compression = true"}),
			ExpectError: sayingAll("Unable to Migrate Virtual Machine", "parallel_connections", "from cluster", "VM "+guest.Name+" is running on kvm1"),
		},
		resource.TestStep{ // and goes on once it does not
			Config:        config(threeLevelsData{Destination: "kvm2", Cluster: "auto_converge = true\nparallel_connections = 2", Own: "compression = false"}),
			PostApplyFunc: func() { requireHome(t, guest, "kvm2", "running") },
		},
	)
}
