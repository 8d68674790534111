//go:build lab

package provider_test

import "testing"

// TestAccLiveMigration_overtaken moves the VM between a saved plan and its apply.
func TestAccLiveMigration_overtaken(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, typical())
	w := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, ""))
	w.must(t, 0, "plan", "-out=saved")
	moveByVirsh(t, guest, "kvm1", "kvm2")
	requireSaid(t, w.must(t, 1, "apply", "saved"), "Provider produced inconsistent final plan")
	requireHome(t, guest, "kvm2", "running")
	w.must(t, 0, "plan", "-out=again")
	w.must(t, 0, "apply", "again")
	requireHome(t, guest, "kvm2", "running")
}
