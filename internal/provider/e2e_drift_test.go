//go:build lab

package provider_test

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// everyLevelBody declares a policy on each level.
const everyLevelBody = `
resource "virt_migration_global_settings" "all" {}

resource "virt_cluster_migration_policy" "cluster" {
  name          = "compute"
  hosts         = ["kvm1", "kvm2"]
  auto_converge = true
}

resource "virt_vm_migration_policy" "vm" {
  vm              = {{ printf "%q" .VM }}
  max_downtime_ms = 500
  {{ .Policy }}
}
`

// TestAccDrift_exitCode reads a plan as an operator and a pipeline do: exit code
// 0 without drift, 2 with it, and words that say what differs and where.
// It runs alone: host-level records are one per host.
func TestAccDrift_exitCode(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1, kvm2 := world.Hosts[0], world.Hosts[1]
	guest := world.StartGuest(t, lab.GuestSpec{Name: "web", Bare: true})
	w := newWorkspace(t, configuration(t, everyLevelBody, vmPolicyData{guest.Name, ``}))
	plan := func(code int, words ...string) {
		t.Helper()
		if r := w.must(t, code, "plan", "-detailed-exitcode"); !sayingAll(words...).MatchString(r.stdout) {
			t.Errorf("the plan does not say %q:\n%s", words, r)
		}
	}
	w.must(t, 0, "apply", "-auto-approve")
	plan(0, "No changes.")
	moveByVirsh(t, guest, "kvm1", "kvm2")
	plan(0, "No changes.")

	setVMRecord(t, kvm2, guest.Name, `{"version":1,"max_downtime_ms":900}`, "live")
	removeHostRecord(t, clusterSecret, kvm1)
	setHostRecord(t, globalSecret, `{"version":1,"auto_converge":true,"compression":false,"post_copy":false,"encryption":false,"zero_copy":false,"synchronous_writes":false}`, kvm1, kvm2)
	plan(2, "Plan: 0 to add, 3 to change, 0 to destroy.")
	plan(2, "Warning: Global Migration Settings Out of Sync", "When this plan was made, the copies on kvm1, kvm2 differed: auto_converge was true, declared false. Applying a plan repairs that")
	plan(2, "Warning: Cluster Migration Policy Out of Sync", `cluster "compute": the copy on kvm1 was missing.`)
	plan(2, "Warning: VM Migration Policy Out of Sync", "the record of VM web had drifted: the live copy on kvm2 differed: max_downtime_ms was 900, declared 500.")
	w.must(t, 0, "apply", "-auto-approve")
	plan(0, "No changes.")

	removeVMRecord(t, kvm2, guest.Name, "live", "config")
	removeHostRecord(t, clusterSecret, kvm1, kvm2)
	plan(2, "Plan: 2 to add, 0 to change, 0 to destroy.")
	plan(2, "Warning: Cluster Migration Policy Missing", `cluster "compute": the copies on kvm1, kvm2 were missing. None of its hosts had the record any more`)
	plan(2, "Warning: VM Migration Policy Missing", "no copy of the record of VM web was left on kvm2")
	w.must(t, 0, "apply", "-auto-approve")

	// Each level is right by itself, and they contradict each other.
	w.write(t, configuration(t, everyLevelBody, vmPolicyData{guest.Name, `on_timeout = "post_copy"`}))
	plan(2, "Warning: Conflicting Migration Policy", `on_timeout (post_copy, from vm) and post_copy (false, from `, `on_timeout is "post_copy", but post_copy is false`, "A move is refused")
	w.must(t, 0, "apply", "-auto-approve")

	w.write(t, labProvider(t).without("kvm1").with(t, everyLevelBody, vmPolicyData{guest.Name, ``}))
	if r := w.must(t, 1, "plan", "-detailed-exitcode"); !exactlyOne(r.stderr, "Error: ") {
		t.Errorf("want one error for the host that is down, got %s", r)
	}
	w.write(t, configuration(t, everyLevelBody, vmPolicyData{guest.Name, ``}))
	w.must(t, 0, "destroy", "-auto-approve")
}

func exactlyOne(text, part string) bool { return strings.Count(text, part) == 1 }
