//go:build lab

package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// changingPolicy declares a policy of a VM and moves the VM, in the same apply, with compression.
// Compression contradicts parallel connections.
type changingPolicy struct {
	VM, Destination string
	// Connections is parallel_connections of the policy; -1 forgets its resource.
	Connections int
	// Action has the policy's resource trigger an action, instead of a resource that depends on it.
	Action bool
	// Event is when the action is triggered.
	Event string
}

const changingPolicyBody = `
{{ if ge .Connections 0 }}
resource "virt_vm_migration_policy" "vm" {
  vm                   = {{ printf "%q" .VM }}
  parallel_connections = {{ .Connections }}
  {{ if .Event }}
  lifecycle {
    action_trigger {
      events  = [{{ .Event }}]
      actions = [action.virt_vm_live_migration.vm]
    }
  }
  {{ end }}
}
{{ else }}
removed {
  from = virt_vm_migration_policy.vm
  lifecycle {
    destroy = false
  }
}
{{ end }}
{{ if .Event }}
action "virt_vm_live_migration" "vm" {
  config {
    vm          = {{ printf "%q" .VM }}
    destination = {{ printf "%q" .Destination }}
    compression = true
  }
}
{{ else if .Destination }}
resource "virt_vm_live_migration" "vm" {
  vm          = {{ printf "%q" .VM }}
  destination = {{ printf "%q" .Destination }}
  {{ if ge .Connections 0 }}
  compression = true
  depends_on  = [virt_vm_migration_policy.vm]
  {{ end }}
}
{{ end }}
`

func (p changingPolicy) config(t *testing.T) string {
	t.Helper()
	return configuration(t, changingPolicyBody, p)
}

const (
	refusal = "Migration Would Be Refused"
	// contradiction is what is said of compression with parallel connections.
	contradiction = "which QEMU cannot do over parallel connections"
)

// TestAccChangingPolicy_resource checks a planned move under the policy that the same plan
// changes: what speaks against it only under the old one is not told, and what speaks
// against it under the new one is.
func TestAccChangingPolicy_resource(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, changingPolicy{VM: guest.Name, Connections: 2}.config(t))
	w.must(t, 0, "apply", "-auto-approve")

	// The plan turns the connections off.
	w.write(t, changingPolicy{VM: guest.Name, Destination: "kvm2", Connections: 0}.config(t))
	r := w.must(t, 0, "plan", "-out=saved")
	if saying(refusal).MatchString(r.stdout) {
		t.Errorf("a move that only the policy of before speaks against is warned of: %s", r)
	}
	w.must(t, 0, "apply", "saved")
	requireHome(t, guest, "kvm2", "running")
	w.unchanged(t)

	// The plan turns them on again.
	w.write(t, changingPolicy{VM: guest.Name, Destination: "kvm1", Connections: 2}.config(t))
	r = w.must(t, 1, "plan", "-out=saved")
	requireSaid(t, r, "Unable to Migrate VM", contradiction, "VM "+guest.Name+" is running on kvm2")
	requireHome(t, guest, "kvm2", "running")
}

// TestAccChangingPolicy_forgotten moves a VM beside a policy whose resource is forgotten by
// the same plan: the record stays, and holds for the move.
func TestAccChangingPolicy_forgotten(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, changingPolicy{VM: guest.Name, Connections: 3}.config(t))
	w.must(t, 0, "apply", "-auto-approve")
	w.write(t, changingPolicy{VM: guest.Name, Destination: "kvm2", Connections: -1}.config(t))
	started := time.Now()
	r := w.must(t, 0, "plan", "-out=saved")
	planned := time.Since(started)
	if saying(independent).MatchString(r.stdout) {
		t.Errorf("a policy that stays is warned of: %s", r)
	}
	started = time.Now()
	w.must(t, 0, "apply", "saved")
	t.Logf("plan %s, apply %s", planned, time.Since(started))
	requireHome(t, guest, "kvm2", "running")
	if got := lastMove(t, guest, "kvm2").Policy.ParallelConnections(); got != 3 {
		t.Errorf("it was moved with %d parallel connections", got)
	}
	w.unchanged(t)
}

// TestAccChangingPolicy_action has a change of the policy trigger the move: its plan goes
// by the policy that comes, and refuses nothing for it; the action runs under what holds
// when it starts.
func TestAccChangingPolicy_action(t *testing.T) {
	needActions(t)
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	w := newWorkspace(t, changingPolicy{VM: guest.Name, Connections: 2}.config(t))
	w.must(t, 0, "apply", "-auto-approve")

	w.write(t, changingPolicy{VM: guest.Name, Destination: "kvm2", Connections: 0, Event: "after_update"}.config(t))
	r := w.must(t, 0, "plan", "-out=saved")
	if saying(refusal).MatchString(r.stdout) {
		t.Errorf("a move that only the policy of before speaks against is warned of: %s", r)
	}
	w.must(t, 0, "apply", "saved")
	requireHome(t, guest, "kvm2", "running")

	w.write(t, changingPolicy{VM: guest.Name, Destination: "kvm1", Connections: 2, Event: "after_update"}.config(t))
	requireSaid(t, w.must(t, 0, "plan", "-out=saved"), refusal, contradiction)
	requireSaid(t, w.must(t, 1, "apply", "saved"), "Unable to Migrate VM", contradiction, "VM "+guest.Name+" is running on kvm2")
	requireHome(t, guest, "kvm2", "running")
	if got := vmRecord(t, testLab(t).Host("kvm2"), guest.Name, "live"); !strings.Contains(got, `"parallel_connections":2`) {
		t.Errorf("the policy is %s", got)
	}

	// Before the update, what holds is what held before.
	w.write(t, changingPolicy{VM: guest.Name, Destination: "kvm1", Connections: 0, Event: "before_update"}.config(t))
	w.must(t, 0, "plan", "-out=saved")
	requireSaid(t, w.must(t, 1, "apply", "saved"), "Unable to Migrate VM", contradiction, "VM "+guest.Name+" is running on kvm2")
	requireHome(t, guest, "kvm2", "running")
}
