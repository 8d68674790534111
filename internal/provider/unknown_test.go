//go:build lab

package provider_test

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestUnknownHostsAreSaid plans while it is not known where the hosts are, and a
// record has drifted: the plan says once that it has compared nothing, and the
// next one shows the drift.
func TestUnknownHostsAreSaid(t *testing.T) {
	t.Parallel()
	kvm1 := testLab(t).Host("kvm1")
	guests := testLab(t).StartGuests(t, 2, lab.GuestSpec{Bare: true, State: lab.Inactive})
	const body = unknownHosts + `
resource "virt_vm_migration_policy" "vm" {
  for_each        = toset([{{ range .VMs }}{{ printf "%q" . }}, {{ end }}])
  vm              = each.key
  max_downtime_ms = 500
}
`
	type data struct {
		URI string
		VMs []string
	}
	vms := []string{guests[0].Name, guests[1].Name}
	const title, words = "Provider Configuration Not Known Yet", "hosts of this provider configuration will be known only during the apply, so no host was asked."
	times := func(r result) int {
		if !saying(words).MatchString(r.stdout) {
			return 0
		}
		return strings.Count(r.stdout, title)
	}
	w := newWorkspace(t, rendered(t, body, data{kvm1.URI, vms}))
	if first := w.must(t, 2, "plan", "-detailed-exitcode"); times(first) != 1 {
		t.Errorf("a plan without state says it %d times, want once: %s", times(first), first)
	}
	w.must(t, 0, "apply", "-auto-approve")
	for _, guest := range guests {
		setVMRecord(t, kvm1, guest.Name, `{"version":1,"max_downtime_ms":900}`, "config")
	}
	if known := w.must(t, 2, "plan", "-detailed-exitcode"); times(known) != 0 || strings.Count(known.stdout, "will be updated in-place") != 2 {
		t.Errorf("a plan that knows the hosts: %s", known)
	}
	w.write(t, rendered(t, body, data{kvm1.SocketURI, vms}))
	unknown := w.must(t, 2, "plan", "-detailed-exitcode")
	if times(unknown) != 1 {
		t.Errorf("the plan says it %d times, want once: %s", times(unknown), unknown)
	}
	applied := w.must(t, 0, "apply", "-auto-approve")
	if times(applied) != 1 {
		t.Errorf("the apply, which plans first, says it %d times, want once: %s", times(applied), applied)
	}
	if later := w.must(t, 2, "plan", "-detailed-exitcode"); times(later) != 0 || strings.Count(later.stdout, "will be updated in-place") != 2 {
		t.Errorf("the plan after that: %s", later)
	}
	w.must(t, 0, "destroy", "-auto-approve")
}
