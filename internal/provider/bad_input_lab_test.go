//go:build lab

package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestAccBadInput_terraform has what Terraform itself refuses of what a first-time user
// types wrong, because of the schemas: it names the attribute, in one error each.
func TestAccBadInput_terraform(t *testing.T) {
	t.Parallel()
	rows := []struct{ body, summary, words string }{
		{`resource "virt_vm_migration_policy" "typo" {
  vm               = "web"
  auto_convergence = true
}`, "Unsupported argument", `An argument named "auto_convergence" is not expected here.`},
		{`resource "virt_vm_migration_policy" "word" {
  vm            = "web"
  auto_converge = "yes"
}`, "Incorrect attribute value type", `Inappropriate value for attribute "auto_converge": a bool is required.`},
		{`resource "virt_migration_global_settings" "inherit" {
  auto_converge = "inherit"
}`, "Incorrect attribute value type", `Inappropriate value for attribute "auto_converge": a bool is required.`},
		{`resource "virt_vm_migration_policy" "unit" {
  vm                       = "web"
  bandwidth_mib_per_second = "1Gbit"
}`, "Incorrect attribute value type", `Inappropriate value for attribute "bandwidth_mib_per_second": a number is required.`},
		{`resource "virt_vm_migration_policy" "milliseconds" {
  vm              = "web"
  max_downtime_ms = "300ms"
}`, "Incorrect attribute value type", `Inappropriate value for attribute "max_downtime_ms": a number is required.`},
		{`resource "virt_vm_live_migration" "block" {
  vm          = "web"
  destination = "kvm2"
  policy {
    compression = true
  }
}`, "Unsupported block type", `Blocks of type "policy" are not expected here.`},
		{`resource "virt_cluster_migration_policy" "object" {
  name  = "compute"
  hosts = { kvm1 = true }
}`, "Incorrect attribute value type", `Inappropriate value for attribute "hosts": set of string required.`},
	}
	bodies := make([]string, len(rows))
	for i, row := range rows {
		bodies[i] = row.body
	}
	counts := refusedByTerraform(t, strings.Join(bodies, "\n\n"))
	wanted := map[string]int{}
	for _, row := range rows {
		wanted[row.summary+": "+row.words]++
	}
	if got, want := fmt.Sprint(counts), fmt.Sprint(wanted); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// refusedByTerraform counts the errors of a configuration that does not validate.
func refusedByTerraform(t *testing.T, configuration string) map[string]int {
	t.Helper()
	r := newWorkspace(t, configuration).must(t, 1, "validate", "-json")
	var report struct {
		Diagnostics []struct{ Severity, Summary, Detail string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, d := range report.Diagnostics {
		if d.Severity == "error" {
			counts[d.Summary+": "+d.Detail]++
		}
	}
	return counts
}

// TestAccBadInput_whole has what Terraform refuses before it looks at anything else: one error,
// which names what is wrong.
func TestAccBadInput_whole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		configuration string
		want          []string
	}{
		"hosts as a list": {`provider "virt" {
  hosts = ["kvm1", "kvm2"]
}

resource "virt_vm_migration_policy" "vm" {
  vm = "web"
}`, []string{`Inappropriate value for attribute "hosts": map of object required`}},
		"a cycle": {`resource "virt_vm_migration_policy" "vm" {
  vm         = "web"
  depends_on = [virt_vm_live_migration.vm]
}

resource "virt_vm_live_migration" "vm" {
  vm          = "web"
  destination = "kvm2"
  depends_on  = [virt_vm_migration_policy.vm]
}`, []string{"Cycle:", "virt_vm_live_migration.vm", "virt_vm_migration_policy.vm"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counts := refusedByTerraform(t, test.configuration)
			if len(counts) != 1 {
				t.Errorf("it says %v, want one error", counts)
			}
			for said, times := range counts {
				for _, words := range test.want {
					if times != 1 || !strings.Contains(said, words) {
						t.Errorf("it says %v, want one error with %q", counts, words)
					}
				}
			}
		})
	}
}
