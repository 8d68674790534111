//go:build lab

package host_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// A VM that was restored from its managed-save image by hand runs beside the image, which
// gets older than its disks.
func TestManagedSaveBesideARunningVM(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	h := connect(t, l)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	has := func(want bool) {
		t.Helper()
		if got, err := h.HasManagedSave(testContext(t), guest.UUID); got != want || err != nil {
			t.Errorf("a managed-save image: %t, %v, want %t", got, err, want)
		}
	}
	has(false)
	l.MustVirsh(t, "managedsave", guest.UUID)
	l.MustVirsh(t, "restore", "/var/lib/libvirt/qemu/save/"+guest.Name+".save")
	has(true)
	l.MustVirsh(t, "managedsave-remove", guest.UUID)
	has(false)
}
