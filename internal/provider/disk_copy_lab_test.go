//go:build lab

package provider_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccDiskCopy places a VM whose disk only its host has: on another one, where it has another path, and back.
func TestAccDiskCopy(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	for _, h := range []*lab.Host{kvm1, kvm2} {
		h.MustVirsh(t, "pool-create-as", "copies", "dir", "--target", lab.LocalImages)
		t.Cleanup(func() {
			ctx, cancel := contextAfter(t, time.Minute)
			defer cancel()
			_, _ = h.Virsh(ctx, "pool-destroy", "copies")
		})
	}
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Paused}.With(lab.Disk{Local: true}))
	disk, otherwise := guest.Disks()[0].Path, lab.LocalImages+"/otherwise.img"
	t.Cleanup(func() { _ = os.Remove(kvm2.File(otherwise)) })
	const copies = `copy_storage = "auto"
  disks        = ["vda"]
  bandwidth_mib_per_second = 100`
	of := func(destination, more string) string {
		return configuration(t, placementBody, placementData{guest.Name, destination, more}) + `
output "left" {
  value = try(virt_vm_live_migration.vm.last_migration.volumes_left[0].command, "nothing")
}
`
	}

	// Disks that no policy copies are told of in the plan, on the attribute.
	w := newWorkspace(t, of("kvm2", `disks = ["vda"]`))
	if r := w.must(t, 1, "plan"); !sayingAll(`disks = ["vda"]`, `copy_storage is "none" (default)`).MatchString(r.stderr) {
		t.Errorf("the plan does not say that nothing is copied: %s", r)
	}
	w.write(t, of("kvm2", copies+`
  destination_changes {
    disk = { vda = "`+otherwise+`" }
  }`))
	if r := w.must(t, 1, "plan"); !sayingAll(`An argument named "disk" is not expected here`).MatchString(r.stderr) {
		t.Errorf("a misspelled key of destination_changes is not refused: %s", r)
	}
	w.write(t, of("kvm2", copies+`
  destination_changes {
    disks = { vda = "`+otherwise+`" }
  }`))
	plan := w.must(t, 2, "plan", "-detailed-exitcode")
	if !sayingAll("Disk Is Copied", "a new volume, "+otherwise, "100 MiB/s of bandwidth_mib_per_second").MatchString(plan.stdout) {
		t.Errorf("the plan does not tell of the copy: %s", plan)
	}
	const command = "virsh vol-delete --pool copies "
	applied := w.must(t, 0, "apply", "-auto-approve")
	if !sayingAll("VM "+guest.Name+" ran from images on kvm1", command).MatchString(applied.stdout) ||
		!saying(`left = "`+command).MatchString(applied.stdout) {
		t.Errorf("the apply does not name what is left: %s", applied)
	}
	requireHome(t, guest, "kvm2", "paused")
	if definition := kvm2.MustVirsh(t, "dumpxml", "--inactive", guest.UUID); !strings.Contains(definition, otherwise) {
		t.Errorf("the persistent definition does not have %s: %s", otherwise, definition)
	}
	w.must(t, 0, "plan", "-detailed-exitcode") // nothing is left to change

	// On the way back nobody says what the disk was called.
	w.write(t, of("kvm1", copies))
	if r := w.must(t, 0, "apply", "-auto-approve"); !sayingAll("what an earlier move of the VM has left in " + disk).MatchString(r.stdout) {
		t.Errorf("the way back does not use the leftover: %s", r)
	}
	requireHome(t, guest, "kvm1", "paused")
	if definition := kvm1.MustVirsh(t, "dumpxml", "--inactive", guest.UUID); !strings.Contains(definition, disk) {
		t.Errorf("the persistent definition does not have %s again: %s", disk, definition)
	}
	w.must(t, 0, "plan", "-detailed-exitcode")
	for image, h := range map[string]*lab.Host{disk: kvm1, otherwise: kvm2} {
		if _, err := os.Stat(h.File(image)); err != nil {
			t.Errorf("the image on %s: %v", h.Name, err)
		}
	}
}
