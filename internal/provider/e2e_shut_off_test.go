//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// shutOffBody places a VM that is shut off and has a policy.
const shutOffBody = `
resource "virt_vm_migration_policy" "vm" {
  vm              = {{ printf "%q" .VM }}
  max_downtime_ms = 500
}
` + placementBody

// TestAccShutOff declares a VM with a disk, NVRAM, autostart, a checkpoint and a policy
// elsewhere while it is shut off.
func TestAccShutOff(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	guest := world.StartGuest(t, lab.GuestSpec{State: lab.Inactive, Bare: true, MemoryMiB: 256, Autostart: true}.With(lab.Disk{}, lab.UEFI{}))
	nvram := guest.NVRAM()
	for _, h := range world.Hosts {
		t.Cleanup(func() {
			ctx, cancel := contextAfter(t, time.Minute)
			defer cancel()
			_ = h.Command(ctx, "rm", "-f", nvram).Run()
		})
	}
	of := func(destination, more string) string {
		return configuration(t, shutOffBody, placementData{guest.Name, destination, more})
	}
	w := newWorkspace(t, of("kvm2", `if_shut_off = "ignore"`))

	// Left where it is, it is no difference.
	const left = "Warning: VM Is Shut Off"
	plan := w.must(t, 2, "plan", "-detailed-exitcode")
	if !exactlyOne(plan.stdout, left) || !saying("When this plan was made, VM "+guest.Name+" was shut off on kvm1").MatchString(plan.stdout) {
		t.Errorf("the plan does not say once that the VM stays: %s", plan)
	}
	if r := w.must(t, 0, "apply", "-auto-approve"); !exactlyOne(r.stdout, left) {
		t.Errorf("the apply does not say once that the VM stays: %s", r)
	}
	requireHome(t, guest, "kvm1", "shut off")
	plan = w.must(t, 0, "plan", "-detailed-exitcode")
	if !exactlyOne(plan.stdout, left) || !exactlyOne(plan.stdout, "Warning: VM") {
		t.Errorf("the plan of no change does not say once that the VM stays: %s", plan)
	}

	// What is only on the source keeps the definition there.
	if err := kvm1.Command(t.Context(), "touch", nvram).Run(); err != nil {
		t.Fatal(err)
	}
	w.write(t, of("kvm2", `if_shut_off = "move_definition"`))
	refused := w.must(t, 1, "plan")
	if !sayingAll("Unable to Migrate VM", "NVRAM", nvram, "VM "+guest.Name+" is shut off on kvm1").MatchString(refused.stderr) {
		t.Errorf("the plan does not name the file: %s", refused)
	}

	// With it on the destination the definition moves, and all that belongs to it.
	if err := kvm2.Command(t.Context(), "touch", nvram).Run(); err != nil {
		t.Fatal(err)
	}
	plan = w.must(t, 2, "plan", "-detailed-exitcode")
	if !sayingAll(`destination    = "kvm1" -> "kvm2"`).MatchString(plan.stdout) {
		t.Errorf("the plan does not show the move: %s", plan)
	}
	var moves []history.Outcome
	for _, move := range []struct{ from, to, mode string }{{"kvm1", "kvm2", "peer_to_peer"}, {"kvm2", "kvm1", "direct"}} {
		w.write(t, of(move.to, fmt.Sprintf("if_shut_off = \"move_definition\"\nmode = %q", move.mode)))
		if r := w.must(t, 0, "apply", "-auto-approve"); strings.Contains(r.stdout, "Warning: VM") {
			t.Errorf("to %s: %s", move.to, r)
		}
		requireHome(t, guest, move.to, "shut off")
		moves = append(moves, history.Completed)
		requireHistory(t, guest, move.to, moves...)
		h := world.Host(move.to)
		requireVMRecord(t, h, guest.Name, `{"version":1,"max_downtime_ms":500}`, "config")
		if info := h.MustVirsh(t, "dominfo", guest.UUID); !saying("Autostart: enable").MatchString(info) || !saying("Persistent: yes").MatchString(info) {
			t.Errorf("on %s the VM is not as it was:\n%s", move.to, info)
		}
		last, _ := w.attributes(t, placement)["last_migration"].(map[string]any)
		if last["source"] != move.from || last["destination"] != move.to || last["mode"] != move.mode || last["iterations"] != nil {
			t.Errorf("last_migration is %v", last)
		}
		w.unchanged(t)
	}

	// An image of its memory stays, and so does the VM. Once it runs, it is moved as ever.
	w.write(t, of("kvm2", `if_shut_off = "ignore"`))
	w.must(t, 0, "apply", "-auto-approve")
	if err := kvm1.Command(t.Context(), "rm", nvram).Run(); err != nil { // libvirt makes a real one
		t.Fatal(err)
	}
	kvm1.MustVirsh(t, "start", guest.UUID)
	plan = w.must(t, 2, "plan", "-detailed-exitcode")
	if !sayingAll(`"kvm1" -> "kvm2"`).MatchString(plan.stdout) || strings.Contains(plan.stdout, left) {
		t.Errorf("the plan does not move the VM, which runs now: %s", plan)
	}
	kvm1.MustVirsh(t, "managedsave", guest.UUID)
	w.write(t, of("kvm2", `if_shut_off = "move_definition"`))
	refused = w.must(t, 1, "plan")
	if !sayingAll("Unable to Migrate VM", "managed-save image", "virsh managedsave-remove").MatchString(refused.stderr) {
		t.Errorf("the plan does not tell of the image: %s", refused)
	}
	kvm1.MustVirsh(t, "managedsave-remove", guest.UUID)
	w.must(t, 0, "destroy", "-auto-approve")
}
