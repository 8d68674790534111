//go:build lab

package fleet

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestMove_copiesIncrementally moves a VM whose disk is an overlay of images that both hosts have: only the overlay is
// copied, and it is one of the destination's own images. The source's pool lists the disk as it was before it became one.
func TestMove_copiesIncrementally(t *testing.T) {
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	localPool(t, kvm1)
	localPool(t, kvm2)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive}.With(lab.Disk{Local: true}))
	disk, base := guest.Disks()[0], lab.LocalImages+"/base.qcow2"
	lowest := lab.LocalImages + "/lowest.raw"
	on := func(h *lab.Host, name string, args ...string) {
		t.Helper()
		if out, err := h.Command(t.Context(), name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v: %s", name, args, err, out)
		}
	}
	for _, h := range world.Hosts[:2] {
		on(h, "qemu-img", "create", "-q", "-f", "raw", lowest, "8M")
		on(h, "qemu-io", "-f", "raw", "-c", "write -P 0x3c 0 2M", lowest)
		on(h, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "lowest.raw", "-F", "raw", base)
		on(h, "qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 1M 3M", base)
		t.Cleanup(func() {
			if err := errors.Join(os.Remove(h.File(base)), os.Remove(h.File(lowest))); err != nil {
				t.Error(err)
			}
		})
		h.MustVirsh(t, "pool-refresh", "local")
	}
	on(kvm1, "qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", disk.Path)
	on(kvm1, "qemu-io", "-f", "qcow2", "-c", "write -P 0xa5 6M 64k", disk.Path)
	kvm1.MustVirsh(t, "start", "--paused", guest.UUID)

	f := open(t, labConfig(t, UnreachableError))
	incremental := policy.Policy{CopyStorage: new(policy.CopyIncremental)}
	m := Move{VM: guest.Name, Destination: "kvm2", Mode: migration.Auto, Policy: incremental}
	if _, err := f.Move(testContext(t), m, quiet); err != nil {
		t.Fatal(err)
	}
	// The guest sees on kvm2 what it saw on kvm1, whose image is still there.
	old := kvm1.File(disk.Path) + ".old"
	content, err := os.ReadFile(kvm1.File(disk.Path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, content, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(old) })
	on(kvm2, "qemu-img", "compare", "-U", "-f", "qcow2", "-F", "qcow2", old, disk.Path)
	// The overlay has what was written to it, and nothing of the base.
	info, err := os.Stat(kvm2.File(disk.Path))
	if err != nil || info.Size() > 1<<20 {
		t.Errorf("the overlay is not one: %+v, %v", info, err)
	}
	out, err := exec.CommandContext(t.Context(), "qemu-img", "info", "-U", kvm2.File(disk.Path)).Output()
	if err != nil || !strings.Contains(string(out), "backing file: "+base+"\nbacking file format: qcow2\n") {
		t.Errorf("%v: %s", err, out)
	}
}
