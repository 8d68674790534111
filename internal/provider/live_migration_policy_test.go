//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
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
	acceptance(t,
		resource.TestStep{
			Config: config(threeLevelsData{Destination: "kvm2", Cluster: "auto_converge = true", Own: "compression = true", Run: `timeout = "5m"`}),
			PostApplyFunc: func() {
				requireHome(t, guest, "kvm2", "running")
				requireMovedUnder(t, guest, "kvm2", map[policy.Field]string{
					policy.FieldAutoConverge: "true (cluster)", policy.FieldCompression: "true (vm)", policy.FieldMaxDowntimeMS: "400 (global)",
					policy.FieldTimeout: "5m (run)", policy.FieldOnTimeout: "abort (default)",
				})
				record := world.Host("kvm2").MustVirsh(t, "metadata", guest.UUID, "urn:virt:migration-policy:1")
				if !strings.Contains(record, `"compression":true`) {
					t.Errorf("the record did not travel with the VM: %s", record)
				}
			},
		},
		resource.TestStep{ // the override wins over all levels
			Config: config(threeLevelsData{Destination: "kvm1", Cluster: "auto_converge = true", Own: "compression = true", Run: "compression = false\nauto_converge = false\nmax_downtime_ms = 900"}),
			PostApplyFunc: func() {
				requireMovedUnder(t, guest, "kvm1", map[policy.Field]string{
					policy.FieldAutoConverge: "false (run)", policy.FieldCompression: "false (run)", policy.FieldMaxDowntimeMS: "900 (run)",
					policy.FieldTimeout: "30m (default)",
				})
			},
		},
		resource.TestStep{ // what contradicts itself across levels is refused before the start
			Config:      config(threeLevelsData{Destination: "kvm2", Cluster: "auto_converge = true\nparallel_connections = 2", Own: "compression = true"}),
			ExpectError: sayingAll("Unable to Migrate VM", "parallel_connections", "from cluster", "VM "+guest.Name+" is running on kvm1"),
		},
		resource.TestStep{ // and goes on once it does not
			Config:        config(threeLevelsData{Destination: "kvm2", Cluster: "auto_converge = true\nparallel_connections = 2", Own: "compression = false"}),
			PostApplyFunc: func() { requireHome(t, guest, "kvm2", "running") },
		},
	)
}

// requireMovedUnder wants fields of the policy of the guest's last move, each with the level
// that decided it.
func requireMovedUnder(t *testing.T, guest *lab.Guest, to string, want map[policy.Field]string) {
	t.Helper()
	moved := lastMove(t, guest, to).Policy
	for field, want := range want {
		if got := fmt.Sprintf("%s (%s)", moved.Text(field), moved.Origins.Of(field)); got != want {
			t.Errorf("it was moved with %s = %s, want %s", field, got, want)
		}
	}
}
