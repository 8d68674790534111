//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// placedVMBody declares a VM's policy and its host.
const placedVMBody = `
resource "virt_vm_migration_policy" "vm" {
  vm              = {{ printf "%q" .VM }}
  max_downtime_ms = {{ .Downtime }}
}

resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = {{ printf "%q" .Destination }}
  depends_on  = [virt_vm_migration_policy.vm]
}
`

type placedVM struct {
	VM, Destination string
	Downtime        int
}

const placedAt = "virt_vm_live_migration.vm"

// requireSaid expects the words in what a command has printed.
func requireSaid(t *testing.T, r result, words ...string) {
	t.Helper()
	for _, w := range words {
		if !saying(w).MatchString(r.stdout + r.stderr) {
			t.Errorf("it does not say %q:\n%s", w, r)
		}
	}
}

func requireNotSaid(t *testing.T, r result, words ...string) {
	t.Helper()
	for _, w := range words {
		if saying(w).MatchString(r.stdout + r.stderr) {
			t.Errorf("it says %q:\n%s", w, r)
		}
	}
}

// TestAccLabels_ofMoves moves a VM in each way that the provider has, and gives
// its host other keys: no attribute goes stale, and no key moves a VM by itself.
func TestAccLabels_ofMoves(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	block := labProvider(t, "kvm1", "kvm2")
	renamed := providerBlock{Hosts: map[string]hostBlock{"node1": block.Hosts["kvm1"], "node2": block.Hosts["kvm2"]}}
	swapped := providerBlock{Hosts: map[string]hostBlock{"kvm1": block.Hosts["kvm2"], "kvm2": block.Hosts["kvm1"]}}
	of := func(b providerBlock, destination string) string {
		return b.with(t, placedVMBody, placedVM{guest.Name, destination, 400})
	}
	w := newWorkspace(t, of(block, "kvm2"))
	w.must(t, 0, "apply", "-auto-approve") // it moves
	requireHome(t, guest, "kvm2", "running")
	w.unchanged(t)
	moveByHand(t, w, guest, block)
	w.write(t, of(block, "kvm1"))
	w.must(t, 0, "apply", "-auto-approve")
	w.unchanged(t)
	if cliIsAtLeast("1.14.0") {
		w.write(t, of(block, "kvm1")+moveAction(guest.Name, ``))
		w.must(t, 0, "apply", "-auto-approve", "-invoke=action.virt_vm_live_migration.move")
		requireHome(t, guest, "kvm2", "running")
	}
	w.write(t, of(block, "kvm2"))
	w.must(t, 0, "apply", "-auto-approve")
	w.unchanged(t)
	w.write(t, of(block, "kvm1"))
	w.must(t, 0, "apply", "-auto-approve")
	requireHome(t, guest, "kvm1", "running")

	w.write(t, of(renamed, "node1"))
	plan := w.must(t, 0, "plan", "-detailed-exitcode")
	requireSaid(t, plan, `Host "kvm1" is now called "node1"`, "No changes.")
	requireNotSaid(t, plan, "something else has brought it", "Not Watched")
	w.must(t, 0, "apply", "-auto-approve")
	w.unchanged(t)
	if last, _ := w.attributes(t, placedAt)["last_migration"].(map[string]any); last["destination"] != "kvm1" {
		t.Errorf("last_migration is %v, want the move to kvm1, as it was called then", last)
	}

	// Swapped keys: the VM is where it was, and its host has another name.
	w.write(t, of(block, "kvm1"))
	w.must(t, 0, "apply", "-auto-approve")
	w.write(t, of(swapped, "kvm1"))
	plan = w.must(t, 2, "plan", "-detailed-exitcode")
	requireSaid(t, plan, `Host "kvm1" is now called "kvm2"`, `"kvm2" -> "kvm1"`)
	requireNotSaid(t, plan, "something else has brought it")
	w.write(t, of(swapped, "kvm2"))
	w.must(t, 0, "plan", "-detailed-exitcode")
	requireHome(t, guest, "kvm1", "running")
	w.must(t, 0, "destroy", "-auto-approve")
	requireVMRecord(t, world.Host("kvm1"), guest.Name, "", "live", "config")
}

// TestAccLabels_staleness starts and shuts VMs off, and moves them by other means:
// nothing of a policy goes stale.
func TestAccLabels_staleness(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	w := newWorkspace(t, labProvider(t).with(t, vmPolicyBody, vmPolicyData{guest.Name, `max_downtime_ms = 400`}))
	w.must(t, 0, "apply", "-auto-approve")
	w.unchanged(t)
	world.Host("kvm1").MustVirsh(t, "destroy", guest.Name)
	w.unchanged(t)
	world.Host("kvm1").MustVirsh(t, "start", guest.Name)
	w.unchanged(t)
	moveByVirsh(t, guest, "kvm1", "kvm2")
	w.unchanged(t)
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccLabels_hostOfAVMLeaves takes the host of a VM out of the provider's
// hosts: state keeps the VM, and a destroy says what may be left.
func TestAccLabels_hostOfAVMLeaves(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, Host: "kvm2"})
	both, one := labProvider(t, "kvm1", "kvm2"), labProvider(t, "kvm1")
	down := both.without("kvm2")
	down.Unreachable = "warn"
	body := func(b providerBlock) string {
		return b.with(t, vmPolicyBody, vmPolicyData{guest.Name, `max_downtime_ms = 400`})
	}
	w := newWorkspace(t, body(both))
	w.must(t, 0, "apply", "-auto-approve")
	w.write(t, body(one))
	requireSaid(t, w.must(t, 0, "plan", "-detailed-exitcode"), "VM May Be on Former Host",
		`It may be on "kvm2" (host UUID`, "which the provider's configuration no longer has", "No changes.")

	w.write(t, down.String())
	requireSaid(t, w.must(t, 1, "destroy", "-auto-approve"), "Unable to Delete VM Migration Policy", `host "kvm2"`)
	w.write(t, one.String())
	requireSaid(t, w.must(t, 0, "destroy", "-auto-approve"), "Left on Former Hosts", `None of the provider's hosts is "kvm2"`)
	requireVMRecord(t, world.Host("kvm2"), guest.Name, `{"version":1,"max_downtime_ms":400}`, "live", "config")
}

// TestAccRecords_changedSincePlan applies a saved plan after somebody has written
// to the record.
func TestAccRecords_changedSincePlan(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	guest := world.StartGuest(t, typical())
	body := func(ms int) string {
		return labProvider(t).with(t, vmPolicyBody, vmPolicyData{guest.Name, fmt.Sprintf(`max_downtime_ms = %d`, ms)})
	}
	w := newWorkspace(t, body(400))
	w.must(t, 0, "apply", "-auto-approve")
	w.write(t, body(500))
	w.must(t, 0, "plan", "-out=saved")
	const theirs = `{"version":1,"max_downtime_ms":900}`
	setVMRecord(t, kvm1, guest.Name, theirs, "live", "config")
	refused := w.must(t, 1, "apply", "saved")
	requireSaid(t, refused, "Unable to Update VM Migration Policy", "was changed by another since this was planned: ", "max_downtime_ms is 900, declared 500", "Plan again")
	requireVMRecord(t, kvm1, guest.Name, theirs, "live", "config")
	w.must(t, 0, "apply", "-auto-approve")
	requireVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":500}`, "live", "config")

	w.must(t, 0, "plan", "-destroy", "-out=saved")
	setVMRecord(t, kvm1, guest.Name, `{"version":1,"owner":"them","declared_at":"2199-11-25T21:30:05Z"}`, "live", "config")
	requireSaid(t, w.must(t, 0, "apply", "saved"), "VM Migration Policy Left in Place", "declared again by another resource or state on 2199-11-25 at 21:30:05 UTC")
	if got := vmRecord(t, kvm1, guest.Name, "live"); got == "" {
		t.Error("another's record was removed")
	}
}

// TestAccRecords_declaredTwice declares two policies for one VM.
func TestAccRecords_declaredTwice(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	const body = `
resource "virt_vm_migration_policy" "name" {
  vm              = {{ printf "%q" .VM }}
  max_downtime_ms = 400
}

resource "virt_vm_migration_policy" "uuid" {
  vm              = {{ printf "%q" .Policy }}
  max_downtime_ms = 500
}
`
	w := newWorkspace(t, labProvider(t).with(t, body, vmPolicyData{guest.Name, guest.UUID}))
	r := w.must(t, 1, "apply", "-auto-approve")
	requireSaid(t, r, "Conflicting VM Policies", guest.Name, guest.UUID)
	requireNotSaid(t, r, "inconsistent final plan", "Creating...")
	w.write(t, labProvider(t).String())
	w.must(t, 0, "destroy", "-auto-approve")
	requireVMRecord(t, testLab(t).Host("kvm1"), guest.Name, "", "live", "config")
}

// TestAccRecords_inheritedReplacement replaces a policy whose create_before_destroy
// comes from a consumer, and whose VM is not known while planning.
func TestAccRecords_inheritedReplacement(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	const body = `
resource "terraform_data" "vm" {
  input            = {{ printf "%q" .VM }}
  triggers_replace = [{{ .Downtime }}]
}

resource "virt_vm_migration_policy" "vm" {
  vm              = terraform_data.vm.output
  max_downtime_ms = 400
}

resource "terraform_data" "consumer" {
  input = virt_vm_migration_policy.vm.uuid
  triggers_replace = [virt_vm_migration_policy.vm.uuid]
  lifecycle { create_before_destroy = true }
}
`
	of := func(round int) string {
		return labProvider(t).with(t, body, placedVM{VM: guest.Name, Downtime: round})
	}
	w := newWorkspace(t, of(0))
	w.must(t, 0, "apply", "-auto-approve")
	for round := range 1 + rounds(t) {
		w.write(t, of(round+1))
		w.must(t, 0, "apply", "-auto-approve")
		requireVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"max_downtime_ms":400}`, "live", "config")
		w.unchanged(t)
	}
	w.must(t, 0, "destroy", "-auto-approve")
	requireVMRecord(t, world.Host("kvm1"), guest.Name, "", "live", "config")
}

// TestAccRecords_replacementWithOtherValues replaces one resource with
// create_before_destroy and changes its values in the same apply: that is refused,
// and the record stays.
func TestAccRecords_replacementWithOtherValues(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	const body = `
resource "terraform_data" "trigger" { input = "{{ .Destination }}" }

resource "virt_vm_migration_policy" "vm" {
  vm              = {{ printf "%q" .VM }}
  max_downtime_ms = {{ .Downtime }}
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.trigger]
  }
}
`
	of := func(trigger string, ms int) string {
		return labProvider(t).with(t, body, placedVM{VM: guest.Name, Destination: trigger, Downtime: ms})
	}
	w := newWorkspace(t, of("first", 400))
	w.must(t, 0, "apply", "-auto-approve")
	w.write(t, of("second", 500))
	requireSaid(t, w.must(t, 1, "apply", "-auto-approve"), "Unable to Create VM Migration Policy", "exists and differs", "With create_before_destroy, apply the values that the record has")
	requireVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"max_downtime_ms":400}`, "live", "config")
	for _, ms := range []int{400, 500} { // as the error says
		w.write(t, of("second", ms))
		w.must(t, 0, "apply", "-auto-approve")
		requireVMRecord(t, world.Host("kvm1"), guest.Name, fmt.Sprintf(`{"version":1,"max_downtime_ms":%d}`, ms), "live", "config")
	}
}

// TestAccRecords_tainted replaces tainted instances, of which Terraform tells the
// destroy nothing that the provider has remembered.
// It runs alone: host-level records are one per host.
func TestAccRecords_tainted(t *testing.T) {
	l := newRecordsLab(t, 2)
	block := labProvider(t)
	w := newWorkspace(t, "")
	l.apply(t, w, block, "created")
	taint := func() {
		t.Helper()
		for _, address := range l.replacement()[2:] {
			w.must(t, 0, "taint", strings.TrimPrefix(address, "-replace="))
		}
	}
	taint()
	requireNotSaid(t, w.must(t, 0, "apply", "-auto-approve"), "Left in Place")
	l.require(t, "tainted")
	w.unchanged(t)

	taint()
	l.data.Seconds = 31
	l.apply(t, w, block, "tainted, with other values")

	taint()
	l.data.Hosts = []string{"kvm1"}
	w.write(t, block.with(t, recordsBody, l.data))
	w.must(t, 0, "apply", "-auto-approve")
	requireHostRecord(t, clusterSecret, "", l.hosts[1])
	w.must(t, 0, "destroy", "-auto-approve")
	l.requireNone(t)
}

// TestAccRecords_interrupted interrupts the creation of many records: state knows
// each one that was written.
func TestAccRecords_interrupted(t *testing.T) {
	l := newRecordsLab(t, 30)
	w := newWorkspace(t, labProvider(t).with(t, recordsBody, l.data))
	apply := w.start(t, "apply", "-auto-approve")
	eventually(t, time.Minute, "the first resource is created", func() bool {
		return strings.Contains(apply.stdout.String(), "Creation complete")
	})
	apply.signalGroup(t, syscall.SIGINT)
	interrupted := apply.wait(t, 2*time.Minute)
	inState := strings.Count(w.must(t, 0, "state", "list").stdout, "virt_vm_migration_policy")
	if recorded := l.recorded(t, l.data.Seconds); recorded != inState {
		t.Errorf("%d VMs have a record, and state knows %d: %s", recorded, inState, interrupted)
	}
	w.must(t, 0, "destroy", "-auto-approve")
	l.requireNone(t)
}

// TestAccRecords_restored defines a VM anew from a backup of its definition, which
// has an older record of another owner: that is drift.
func TestAccRecords_restored(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, typical())
	w := newWorkspace(t, labProvider(t).with(t, vmPolicyBody, vmPolicyData{guest.Name, `max_downtime_ms = 400`}))
	w.must(t, 0, "apply", "-auto-approve")
	setVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"owner":"them","declared_at":"2001-01-01T00:00:00Z","max_downtime_ms":300}`, "live", "config")
	requireSaid(t, w.must(t, 2, "plan", "-detailed-exitcode"), "300 -> 400", "Plan: 0 to add, 1 to change, 0 to destroy.")
	w.must(t, 0, "apply", "-auto-approve")
	requireVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"max_downtime_ms":400}`, "live", "config")
	w.unchanged(t)
	w.must(t, 0, "destroy", "-auto-approve")
	requireVMRecord(t, world.Host("kvm1"), guest.Name, "", "live", "config")
}

// TestAccRecords_unknownAtPlan declares records of what the plan does not know, which
// another state has declared otherwise.
// It runs alone: host-level records are one per host.
func TestAccRecords_unknownAtPlan(t *testing.T) {
	l := newRecordsLab(t, 2)
	block := labProvider(t)
	first, second := newWorkspace(t, ""), newWorkspace(t, "")
	l.apply(t, first, block, "created")
	const body = `
resource "terraform_data" "unknown" {
  input = { vm = "{{ index .VMs 0 }}", hosts = ["kvm1", "kvm2"] }
}

resource "virt_vm_migration_policy" "vm" {
  vm              = terraform_data.unknown.output.vm
  max_downtime_ms = 40
}

resource "virt_cluster_migration_policy" "cluster" {
  name            = "compute"
  hosts           = terraform_data.unknown.output.hosts
  max_downtime_ms = 40
}

resource "virt_migration_global_settings" "all" {
  hosts         = terraform_data.unknown.output.hosts
  stall_timeout = "40s"
}
`
	second.write(t, block.with(t, body, l.data))
	refused := second.must(t, 1, "apply", "-auto-approve")
	requireSaid(t, refused, "Unable to Create VM Migration Policy", "Unable to Create Cluster Migration Policy", "Unable to Create Global Migration Settings")
	requireNotSaid(t, refused, "inconsistent", "Taken Over")
	l.require(t, "refused to the second")
	second.must(t, 0, "destroy", "-auto-approve", "-refresh=false")
	first.must(t, 0, "destroy", "-auto-approve")
	l.requireNone(t)
}
