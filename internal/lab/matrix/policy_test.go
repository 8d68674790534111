//go:build lab

package matrix

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const (
	globalSecret  = "6d696772-6174-4e00-8000-676c6f62616c"
	clusterSecret = "6d696772-6174-4e00-8000-636c75737465"
	policyURI     = "urn:virt:migration-policy:1"
)

// policies declares a policy on each level for one host and one VM.
func policies(host *lab.Host, vm string, compression bool) string {
	return providerBlock(host) + fmt.Sprintf(`
resource "virt_migration_global_settings" "all" {
  max_downtime_ms = 400
}

resource "virt_cluster_migration_policy" "databases" {
  name          = "databases"
  hosts         = [%q]
  auto_converge = true
}

resource "virt_vm_migration_policy" "vm" {
  vm          = %q
  compression = %t
}
`, host.Name, vm, compression)
}

// TestPolicy creates a policy on each level, finds drift, mends it, changes a value and removes all, on every release.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, release := range lab.Releases() {
		t.Run(string(release), func(t *testing.T) {
			t.Parallel()
			host := hostOf(t, release)
			t.Log(host.MustVirsh(t, "version"))
			guest := world(t).StartGuest(t, lab.GuestSpec{Host: host.Name, Bare: true})
			tf := newTerraform(t, nil)
			tf.configure(t, policies(host, guest.Name, true))
			tf.apply(t)
			wantRecords(t, host, guest, `"compression":true`)
			tf.wantPlan(t, nil)

			host.MustVirsh(t, "metadata", guest.UUID, policyURI, "--live", "--remove")
			host.MustVirsh(t, "secret-undefine", globalSecret)
			host.MustVirsh(t, "secret-undefine", clusterSecret)
			tf.wantPlan(t, map[string]string{
				"virt_migration_global_settings.all":      "create",
				"virt_cluster_migration_policy.databases": "create",
				"virt_vm_migration_policy.vm":             "update",
			})
			tf.apply(t)
			wantRecords(t, host, guest, `"compression":true`)

			tf.configure(t, policies(host, guest.Name, false))
			tf.wantPlan(t, map[string]string{"virt_vm_migration_policy.vm": "update"})
			tf.apply(t)
			wantRecords(t, host, guest, `"compression":false`)

			tf.destroy(t)
			if secrets := host.MustVirsh(t, "secret-list"); strings.Contains(secrets, "6d696772") {
				t.Errorf("secrets are left:\n%s", secrets)
			}
			for _, copied := range []string{"--live", "--config"} {
				// virsh prints nothing where there is no such metadata, whatever its exit code.
				left, _ := host.Virsh(t.Context(), "metadata", guest.UUID, policyURI, copied)
				if strings.TrimSpace(left) != "" {
					t.Errorf("the policy is left (%s):\n%s", copied, left)
				}
			}
		})
	}
}

// wantRecords wants a record of each level, with its values, by virsh of the machine.
func wantRecords(t *testing.T, host *lab.Host, guest *lab.Guest, ofVM string) {
	t.Helper()
	for what, command := range map[string][]string{
		`"max_downtime_ms":400`: {"secret-dumpxml", globalSecret},
		`"auto_converge":true`:  {"secret-dumpxml", clusterSecret},
		ofVM + " ":              {"metadata", guest.UUID, policyURI, "--live"},
		ofVM:                    {"metadata", guest.UUID, policyURI, "--config"},
	} {
		if got := html.UnescapeString(host.MustVirsh(t, command...)); !strings.Contains(got, strings.TrimSpace(what)) {
			t.Errorf("virsh %s on %s has no %s:\n%s", strings.Join(command, " "), host.Name, what, got)
		}
	}
}
