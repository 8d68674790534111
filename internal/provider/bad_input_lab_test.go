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
	r := newWorkspace(t, strings.Join(bodies, "\n\n")).must(t, 1, "validate", "-json")
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
	wanted := map[string]int{}
	for _, row := range rows {
		wanted[row.summary+": "+row.words]++
	}
	if got, want := fmt.Sprint(counts), fmt.Sprint(wanted); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
