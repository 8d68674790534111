//go:build lab

package provider_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccMaintenance_onlyHere has VMs that need what no other host has: the plan tells of each before anything moves, and
// nothing is begun. It has the lab for itself.
func TestAccMaintenance_onlyHere(t *testing.T) {
	withoutHostRecords(t)
	world := testLab(t)
	kvm1 := world.Host("kvm1")
	free := world.StartGuest(t, lab.GuestSpec{Bare: true, MemoryMiB: 64})
	withISO := world.StartGuest(t, lab.GuestSpec{Bare: true, Machine: "q35"}.With(lab.CDROM{}))
	for _, other := range world.Hosts[1:] {
		if err := other.Hide(withISO.ISO()); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorkspace(t, three(t)+ofKVM1(""))
	refused := func(guest *lab.Guest, why string) {
		t.Helper()
		requireSaid(t, w.must(t, 1, apply...), "Unable to Evacuate Host", "VM "+guest.Name+" has nowhere to go", why,
			"VM "+guest.Name+" stays on kvm1, as it was.", "Nothing was begun")
		requireHome(t, free, "kvm1", "running")
		if record := hostRecord(t, kvm1, ownSecret); record != "" {
			t.Errorf("the host's record is %s", record)
		}
	}
	// A plan cannot look for a file that no pool lists, and the apply does so first of all.
	requireSaid(t, w.must(t, 0, "plan"), "No storage pool listed these files", withISO.Name+": ", withISO.ISO()+" on kvm", "before it begins anything")
	refused(withISO, withISO.ISO())

	local := world.StartGuest(t, lab.GuestSpec{Bare: true}.With(lab.Disk{Local: true}))
	snapped := world.StartGuest(t, lab.GuestSpec{Bare: true}.With(lab.Disk{}))
	snapped.MustSnapshot(t, kvm1, "before", false)
	plan := w.must(t, 0, "plan")
	for _, guest := range []*lab.Guest{local, snapped} {
		requireSaid(t, plan, "could not leave: "+guest.Name)
	}
	requireSaid(t, plan, free.Name+" was to move to kvm", "With on_failure = \"stop\" an apply begins nothing")
	refused(local, "Unsafe migration")
}
