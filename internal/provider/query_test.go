//go:build lab

package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const listsBody = `
list "virt_vm_migration_policy" "vms" {
  provider = virt
  config {
    name_regex = "^query-"
  }
}

list "virt_vm_live_migration" "vms" {
  provider = virt
  config {
    name_regex = "^query-"
    states     = ["running"]
  }
}

list "virt_cluster_migration_policy" "clusters" {
  provider = virt
}

list "virt_migration_global_settings" "all" {
  provider = virt
}
`

// found is one result of terraform query -json, or a warning of it.
type found struct{ Address, Name, Identity, Summary, Detail string }

// query runs the list blocks and returns what they found, in the order of its coming.
func (w *workspace) query(t *testing.T, lists string, args ...string) (results, warnings []found) {
	t.Helper()
	w.writeFile(t, filepath.Join(w.directory, "lists.tfquery.hcl"), lists)
	out := w.must(t, 0, append([]string{"query", "-json"}, args...)...)
	for line := range strings.Lines(out.stdout) {
		var message struct {
			Type         string
			ListResource struct {
				Address     string
				DisplayName string `json:"display_name"`
				Identity    map[string]string
			} `json:"list_resource_found"`
			Diagnostic struct{ Severity, Summary, Detail string }
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch message.Type {
		case "list_resource_found":
			f := found{Address: message.ListResource.Address, Name: message.ListResource.DisplayName}
			for _, value := range message.ListResource.Identity {
				f.Identity = value
			}
			results = append(results, f)
		case "diagnostic":
			if message.Diagnostic.Summary == "Provider development overrides are in effect" {
				continue
			}
			warnings = append(warnings, found{Summary: message.Diagnostic.Summary, Detail: message.Diagnostic.Detail})
		}
	}
	return results, warnings
}

// needQuery skips a test where the CLI does not know list resources.
func needQuery(t *testing.T) {
	t.Helper()
	if !cliIsAtLeast("1.14.0") {
		t.Skip("this Terraform has no query")
	}
}

// TestAccQuery_fleet lists a fleet whose records were made by hand, and takes it over: the
// configuration that Terraform generates changes nothing. It runs alone: host-level records
// are one per host.
func TestAccQuery_fleet(t *testing.T) {
	needQuery(t)
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	runs := world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "query-runs"})
	other := world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "query-off ", State: lab.Inactive, Host: "kvm2"})
	world.StartGuest(t, lab.GuestSpec{Bare: true, Name: "query-without", State: lab.Inactive})
	setVMRecord(t, kvm1, runs.Name, `{"version":1,"auto_converge":true,"timeout":"1h"}`, "live", "config")
	setVMRecord(t, kvm2, other.Name, `{"version":1,"max_downtime_ms":500}`, "config")
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"compute","compression":true,"compression_cache_mib":128}`, kvm1, kvm2)
	setHostRecord(t, globalSecret, `{"version":1,"auto_converge":false,"compression":false,"post_copy":false,"encryption":false,"zero_copy":false,"synchronous_writes":false,"max_downtime_ms":400}`, kvm1, kvm2)

	w := newWorkspace(t, labProvider(t).String())
	results, warnings := w.query(t, listsBody)
	want := []found{
		{Address: "list.virt_cluster_migration_policy.clusters", Name: "compute", Identity: "compute"},
		{Address: "list.virt_migration_global_settings.all", Name: "global settings", Identity: "global"},
		{Address: "list.virt_vm_live_migration.vms", Name: "query-runs on kvm1", Identity: runs.UUID},
		{Address: "list.virt_vm_migration_policy.vms", Name: "query-runs on kvm1", Identity: runs.UUID},
		{Address: "list.virt_vm_migration_policy.vms", Name: "query-off on kvm2", Identity: other.UUID},
	}
	if diff := cmp.Diff(byAddress(want), byAddress(results)); diff != "" || len(warnings) > 0 {
		t.Errorf("(-want +got):\n%s\nwarnings: %v", diff, warnings)
	}

	generated := filepath.Join(w.directory, "generated.tf")
	w.must(t, 0, "query", "-generate-config-out="+generated)
	text, err := os.ReadFile(generated)
	if err != nil {
		t.Fatal(err)
	}
	planned := w.must(t, 2, "plan", "-detailed-exitcode")
	if !strings.Contains(planned.stdout, "Plan: 5 to import, 0 to add, 0 to change, 0 to destroy.") {
		t.Fatalf("the plan of the generated configuration: %s\n%s", planned, text)
	}
	w.must(t, 0, "apply", "-auto-approve")
	if after := w.must(t, 0, "plan", "-detailed-exitcode"); !strings.Contains(after.stdout, "No changes.") {
		t.Errorf("the plan after the import: %s", after)
	}

	cut, warnings := w.query(t, `
list "virt_vm_migration_policy" "one" {
  provider = virt
  limit    = 1
  config {
    name_regex = "^query-"
  }
}
`)
	if len(cut) != 1 || len(warnings) != 1 || warnings[0].Summary != "List Truncated" {
		t.Errorf("a list that is limited to 1 has %v, and warns of %v", cut, warnings)
	}
	down := labProvider(t)
	down.Hosts["kvm3"] = hostBlock{URI: "qemu+tcp://" + refusing + "/system"}
	w.write(t, down.String())
	if err := os.Remove(generated); err != nil {
		t.Fatal(err)
	}
	results, warnings = w.query(t, listsBody)
	if diff := cmp.Diff(byAddress(want), byAddress(results)); diff != "" {
		t.Errorf("with a silent host (-want +got):\n%s", diff)
	}
	for _, warning := range warnings {
		if warning.Summary != "List Incomplete" || !strings.Contains(warning.Detail, `Host "kvm3"`) {
			t.Errorf("with a silent host, it warns: %+v", warning)
		}
	}
	if len(warnings) != 4 {
		t.Errorf("with a silent host, 4 lists warn %d times", len(warnings))
	}
	w.write(t, labProvider(t).String())
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccQuery_examples applies the examples of the data sources and functions, and asks by
// those of the list resources, on one VM that is there.
func TestAccQuery_examples(t *testing.T) {
	needQuery(t)
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true, Name: "db71", State: lab.Inactive})
	w := newWorkspace(t, labProvider(t).String()+
		examples(t, "data-sources/virt_hosts/*.tf", "data-sources/virt_vms/*.tf", "functions/*/*.tf"))
	w.must(t, 0, "apply", "-auto-approve")
	requireVMRecord(t, testLab(t).Host("kvm1"), guest.Name, `{"version":1,"auto_converge":true,"timeout":"1h"}`, "config")
	var outputs struct {
		Effective struct{ Value map[string]any } `json:"db1_effective_policy"`
		Timeout   struct{ Value string }         `json:"db1_timeout"`
	}
	if err := json.Unmarshal([]byte(w.must(t, 0, "output", "-json").stdout), &outputs); err != nil {
		t.Fatal(err)
	}
	if got := outputs.Effective.Value; got["max_downtime_ms"] != 500.0 || got["auto_converge"] != true || got["compression"] != true {
		t.Errorf("the effective policy is %v", got)
	}
	if outputs.Timeout.Value != "1h" {
		t.Errorf("the timeout in the record is %q", outputs.Timeout.Value)
	}
	results, _ := w.query(t, examples(t, "list-resources/*/*.tfquery.hcl"))
	if !slices.ContainsFunc(results, func(f found) bool {
		return f == found{Address: "list.virt_vm_migration_policy.all", Name: "db71 on kvm1", Identity: guest.UUID}
	}) {
		t.Errorf("the example lists %v", results)
	}
	w.must(t, 0, "destroy", "-auto-approve")
}

// examples are the texts of the examples that match.
func examples(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob("../../examples/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no example %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(append(text, '\n'))
		}
	}
	return all.String()
}

func byAddress(results []found) map[string]int {
	counts := map[string]int{}
	for _, f := range results {
		counts[fmt.Sprint(f)]++
	}
	return counts
}
