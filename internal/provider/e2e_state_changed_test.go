//go:build lab

package provider_test

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccShutOff_meanwhile starts a VM, or shuts it off, between the plan that creates its
// resource and the apply, which does what is right for what it finds.
func TestAccShutOff_meanwhile(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	const running, off = "running", "shut off"
	verbs := map[string]string{running: "start", off: "destroy"}
	home := "kvm1"
	for _, test := range []struct {
		ifShutOff, found string // found by the apply: the plan has found it otherwise
		code             int
		moves            bool
		says             []string
	}{
		{"error", off, 1, false, []string{"Unable to Migrate VM", "is shut off on kvm1"}},
		{"move_definition", running, 0, true, nil},
		{"ignore", off, 0, false, nil},
		{"ignore", running, 0, true, nil},
		{"move_definition", off, 0, true, nil},
	} {
		destination := map[string]string{"kvm1": "kvm2", "kvm2": "kvm1"}[home]
		w := newWorkspace(t, placementOf(t, guest.Name, destination, fmt.Sprintf("if_shut_off = %q", test.ifShutOff)))
		w.must(t, 0, "plan", "-out=before.tfplan")
		world.Host(home).MustVirsh(t, verbs[test.found], guest.Name)
		r := w.must(t, test.code, "apply", "before.tfplan")
		requireSaid(t, r, test.says...)
		requireNotSaid(t, r, "inconsistent")
		if test.moves {
			home = destination
		}
		requireHome(t, guest, home, test.found)
	}
	updateMeanwhile(t, guest, home)
}

// updateMeanwhile shuts a VM off between the plan of an update and the apply, which leaves
// the VM at home, also where the plan changes more than its host.
func updateMeanwhile(t *testing.T, guest *lab.Guest, home string) {
	t.Helper()
	kvm := testLab(t).Host(home)
	destination := map[string]string{"kvm1": "kvm2", "kvm2": "kvm1"}[home]
	of := func(destination, more string) string {
		return placementOf(t, guest.Name, destination, `if_shut_off = "ignore"`+"\n"+more)
	}
	w := newWorkspace(t, of(home, ""))
	w.must(t, 0, "apply", "-auto-approve")
	for _, more := range []string{"", `mode = "direct"`} {
		kvm.MustVirsh(t, "start", guest.Name)
		w.write(t, of(destination, more))
		w.must(t, 0, "plan", "-out=before.tfplan")
		kvm.MustVirsh(t, "destroy", guest.Name)
		r := w.must(t, 0, "apply", "before.tfplan")
		requireSaid(t, r, "Warning: VM Is Shut Off")
		requireHome(t, guest, home, "shut off")
		w.must(t, 0, "plan", "-detailed-exitcode")
	}
	// Found shut off by both, it is left as well, and what else changes is applied.
	w.write(t, of(destination, `mode = "auto"`))
	r := w.must(t, 0, "apply", "-auto-approve")
	requireSaid(t, r, "Warning: VM Is Shut Off", "1 changed")
	requireHome(t, guest, home, "shut off")
	w.must(t, 0, "plan", "-detailed-exitcode")
}
