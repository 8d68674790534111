//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// policyAndMove declares the policy of a VM, and where it is to be, in one apply.
type policyAndMove struct {
	VM, Destination string
	// Downtime is max_downtime_ms; 0 leaves the policy out.
	Downtime int
	// Depends has the move depend on the policy.
	Depends bool
}

const policyAndMoveBody = `
{{ if .Downtime }}
resource "virt_vm_migration_policy" "vm" {
  vm              = {{ printf "%q" .VM }}
  max_downtime_ms = {{ .Downtime }}
}
{{ end }}
resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = {{ printf "%q" .Destination }}
  {{ if .Depends }}depends_on = [virt_vm_migration_policy.vm]{{ end }}
}
`

func (p policyAndMove) config(t *testing.T) string {
	t.Helper()
	return configuration(t, policyAndMoveBody, p)
}

const (
	independent  = "Missing Dependency on Migration Policy"
	inconsistent = "Provider produced inconsistent final plan"
)

// movedUnder is max_downtime_ms of the guest's last move, which went to a host.
func movedUnder(t *testing.T, guest *lab.Guest, to string) int {
	t.Helper()
	return int(*lastMove(t, guest, to).Policy.MaxDowntimeMS)
}

// TestAccPolicyAndMove_dependent has nothing to say and to wait for where the move
// depends on the policy.
func TestAccPolicyAndMove_dependent(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, "")
	var before any
	for _, p := range []policyAndMove{
		{guest.Name, "kvm2", 401, true},
		{guest.Name, "kvm1", 402, true},
		{guest.Name, "kvm2", 402, true}, // the policy stays
	} {
		w.write(t, p.config(t))
		w.must(t, 0, "plan", "-out=saved")
		r := w.must(t, 0, "apply", "saved")
		if saying(independent).MatchString(r.stdout) {
			t.Errorf("a move that depends on its policy is warned of:\n%s", r)
		}
		if got := movedUnder(t, guest, p.Destination); got != p.Downtime {
			t.Errorf("it was moved under %d, want %d", got, p.Downtime)
		}
		w.unchanged(t)
		digest := w.attributes(t, placement)["policy_digest"]
		if same := p.Downtime == 402 && p.Destination == "kvm2"; digest == nil || (digest == before) != same {
			t.Errorf("the digest of the policy is %v, before it was %v", digest, before)
		}
		before = digest
	}
	// Where nothing moves, the digest stays.
	w.write(t, policyAndMove{guest.Name, "kvm2", 403, false}.config(t))
	r := w.must(t, 0, "apply", "-auto-approve")
	if saying(independent).MatchString(r.stdout) {
		t.Errorf("it is warned of a move that nobody makes:\n%s", r)
	}
	if digest := w.attributes(t, placement)["policy_digest"]; digest != before {
		t.Errorf("the digest of the policy is %v, before it was %v", digest, before)
	}
}

// TestAccPolicyAndMove_independent moves the VM under the planned policy also where the
// move does not depend on it, and says that it should.
func TestAccPolicyAndMove_independent(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, "")
	for _, p := range []policyAndMove{
		{guest.Name, "kvm2", 401, false}, // both are created
		{guest.Name, "kvm1", 402, false}, // both are changed
	} {
		w.write(t, p.config(t))
		requireSaid(t, w.must(t, 0, "plan", "-out=saved"), independent, "depends_on = [virt_vm_migration_policy.NAME]")
		w.must(t, 0, "apply", "saved")
		if got := movedUnder(t, guest, p.Destination); got != p.Downtime {
			t.Errorf("it was moved under %d, want %d", got, p.Downtime)
		}
		w.unchanged(t)
	}
	// The policy goes.
	w.write(t, policyAndMove{guest.Name, "kvm2", 0, false}.config(t))
	requireSaid(t, w.must(t, 0, "plan"), independent, "This plan removes the migration policy of VM "+guest.Name)
}

// TestAccPolicyAndMove_oneAtATime lets Terraform choose the order, of the plan and of the
// apply. Whatever they are, the VM is moved under the policy that its plan had, which is the
// one without the change where it warns of that, or not at all.
func TestAccPolicyAndMove_oneAtATime(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, policyAndMove{guest.Name, "kvm1", 400, false}.config(t))
	w.must(t, 0, "apply", "-auto-approve")
	at, outcomes := "kvm1", map[string]int{}
	for round := range 3 * rounds(t) {
		p := policyAndMove{guest.Name, "kvm2", 401 + round, false}
		if at == "kvm2" {
			p.Destination = "kvm1"
		}
		w.write(t, p.config(t))
		plan := w.must(t, 0, "plan", "-out=saved", "-parallelism=1")
		planned, order := p.Downtime, "the policy"
		if saying("under the policy as it is without that change, and starts under no other").MatchString(plan.stdout) {
			planned, order = p.Downtime-1, "the move"
		}
		apply := w.terraform(t, "apply", "-parallelism=1", "saved")
		switch {
		case apply.code != 0:
			outcomes[order+" planned first, refused"]++
			requireSaid(t, apply, inconsistent, "policy_digest")
			if order == "the policy" {
				requireSaid(t, apply, independent)
			}
			requireHome(t, guest, at, "running")
			w.must(t, 0, "apply", "-auto-approve") // the policy is there by now
		case movedUnder(t, guest, p.Destination) == planned:
			outcomes[order+" planned first, moved under what its plan had"]++
		default:
			t.Errorf("it was moved under %d, planned %d: %s", movedUnder(t, guest, p.Destination), planned, apply)
		}
		at = p.Destination
	}
	t.Logf("outcomes: %v", outcomes)
}

// TestAccPolicyAndMove_changedSince refuses to move a VM whose record was changed since
// the plan.
func TestAccPolicyAndMove_changedSince(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, policyAndMove{VM: guest.Name, Destination: "kvm2"}.config(t))
	w.must(t, 0, "plan", "-out=saved")
	setVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"max_downtime_ms":700}`, "live", "config")
	requireSaid(t, w.must(t, 1, "apply", "saved"), inconsistent, "policy_digest")
	requireHome(t, guest, "kvm1", "running")
	w.must(t, 0, "apply", "-auto-approve")
	requireHome(t, guest, "kvm2", "running")
	if got := movedUnder(t, guest, "kvm2"); got != 700 {
		t.Errorf("it was moved under %d, want 700", got)
	}
}

const levelsAndMoveBody = `
resource "virt_migration_global_settings" "all" {
  max_downtime_ms = {{ .Downtime }}
}

resource "virt_cluster_migration_policy" "compute" {
  name                       = "compute"
  hosts                      = ["kvm1", "kvm2"]
  bandwidth_mib_per_second   = {{ .Downtime }}
}

resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = {{ printf "%q" .Destination }}
}
`

// TestAccPolicyAndMove_hostLevels is TestAccPolicyAndMove_independent for the records
// that hosts keep. It runs alone: host-level records are one per host.
func TestAccPolicyAndMove_hostLevels(t *testing.T) {
	withoutHostRecords(t)
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, "")
	for _, p := range []policyAndMove{
		{VM: guest.Name, Destination: "kvm2", Downtime: 401},
		{VM: guest.Name, Destination: "kvm1", Downtime: 402},
	} {
		w.write(t, configuration(t, levelsAndMoveBody, p))
		requireSaid(t, w.must(t, 0, "plan", "-out=saved"), independent)
		w.must(t, 0, "apply", "saved")
		if got := movedUnder(t, guest, p.Destination); got != p.Downtime {
			t.Errorf("it was moved under %d, want %d", got, p.Downtime)
		}
		w.unchanged(t)
	}
	w.must(t, 0, "destroy", "-auto-approve")
}

// TestAccPolicyAndMove_writeFails leaves the VM where it is when the planned policy could
// not be written.
func TestAccPolicyAndMove_writeFails(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, policyAndMove{guest.Name, "kvm1", 400, false}.config(t))
	w.must(t, 0, "apply", "-auto-approve")
	w.write(t, policyAndMove{guest.Name, "kvm2", 401, false}.config(t))
	w.must(t, 0, "plan", "-out=saved")
	setVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"max_downtime_ms":700}`, "live", "config")
	r := w.must(t, 1, "apply", "saved")
	requireSaid(t, r, "Unable to Update VM Migration Policy")
	if !saying(inconsistent).MatchString(r.stderr) { // it was not written before the move was planned again
		requireSaid(t, r, "max_downtime_ms is 700, planned 401", "Nothing was started.",
			"depends_on = [virt_vm_migration_policy.NAME]", fmt.Sprintf("VM %s is running on kvm1", guest.Name))
	}
	requireHome(t, guest, "kvm1", "running")
}

// TestAccPolicyAndMove_notThere says in the plan that no host has the VM: the same apply
// may create it, or it was on a host that is lost.
func TestAccPolicyAndMove_notThere(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, policyAndMove{"nobody", "kvm2", 400, true}.config(t))
	requireSaid(t, w.must(t, 0, "plan", "-out=saved"), "VM Not Found", `When this plan was made, no host had a VM "nobody"`)
	requireSaid(t, w.must(t, 1, "apply", "saved"), `No host has a VM "nobody"`)
}

const clusterAndMoveBody = `
resource "virt_cluster_migration_policy" "compute" {
  name            = "compute"
  hosts           = ["kvm1"]
  max_downtime_ms = {{ .Downtime }}
}

resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = {{ printf "%q" .Destination }}
}
`

// TestAccPolicyAndMove_waits has another put the cluster's host into another cluster after the
// plan: the policy waits some seconds for that to end, and the move for the policy, in vain.
// It runs alone: host-level records are one per host.
func TestAccPolicyAndMove_waits(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, configuration(t, clusterAndMoveBody, policyAndMove{VM: guest.Name, Destination: "kvm2", Downtime: 401}))
	w.must(t, 0, "plan", "-out=saved")
	setHostRecord(t, clusterSecret, `{"version":1,"cluster":"other","max_downtime_ms":700}`, world.Host("kvm1"))
	requireSaid(t, w.must(t, 1, "apply", "saved"),
		"Unable to Create Cluster Migration Policy",
		"Unable to Migrate VM", "max_downtime_ms is 700, planned 401", "Nothing was started.",
		`The migration policy of cluster "compute" could not be changed.`,
		"depends_on = [virt_cluster_migration_policy.NAME]", fmt.Sprintf("VM %s is running on kvm1", guest.Name))
	requireHome(t, guest, "kvm1", "running")
}

// TestAccPolicyAndMove_alias declares the policy with another provider configuration, which
// is another process: the plan of the move does not see it. Terraform refuses the move once.
func TestAccPolicyAndMove_alias(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	config := policyAndMove{guest.Name, "kvm2", 401, true}.config(t)
	config = strings.Replace(config, "max_downtime_ms", "provider = virt.other\n  max_downtime_ms", 1)
	w := newWorkspace(t, config+strings.Replace(labProvider(t).String(), "{", "{\n  alias = \"other\"", 1))
	requireSaid(t, w.must(t, 1, "apply", "-auto-approve"), inconsistent, "policy_digest")
	requireHome(t, guest, "kvm1", "running")
	w.must(t, 0, "apply", "-auto-approve")
	requireHome(t, guest, "kvm2", "running")
	if got := movedUnder(t, guest, "kvm2"); got != 401 {
		t.Errorf("it was moved under %d, want 401", got)
	}
}
