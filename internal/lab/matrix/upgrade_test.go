//go:build lab

package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// moveTo declares where a VM is to be.
func moveTo(destination *lab.Host, vm, mode string, hosts ...*lab.Host) string {
	return providerBlock(hosts...) + fmt.Sprintf(`
resource "virt_vm_migration_policy" "vm" {
  vm            = %q
  auto_converge = true
}

resource "virt_vm_live_migration" "vm" {
  vm          = %q
  destination = %q
  mode        = %q
  depends_on  = [virt_vm_migration_policy.vm]
}
`, vm, vm, destination.Name, mode)
}

// TestUpgrade moves a busy VM from Debian 13 to testing, as in an upgrade, and back, in both modes.
func TestUpgrade(t *testing.T) {
	onlyInMatrix(t)
	t.Parallel()
	older, newer := hostOf(t, lab.Trixie), hostOf(t, lab.Forky)
	for _, mode := range []string{"peer_to_peer", "direct"} {
		t.Run(mode, func(t *testing.T) {
			guest := world(t).StartGuest(t, lab.GuestSpec{Host: older.Name, Load: lab.Load{HotMiB: 16}})
			tf := newTerraform(t, nil)
			tf.configure(t, moveTo(older, guest.Name, mode, older, newer))
			tf.apply(t)
			for _, destination := range []*lab.Host{newer, older} {
				tf.configure(t, moveTo(destination, guest.Name, mode, older, newer))
				planned := tf.wantPlan(t, map[string]string{"virt_vm_live_migration.vm": "update"})
				wantWarning(t, planned, destination == older)
				tf.apply(t)
				if running := guest.HostsRunning(); !slices.Equal(running, []string{destination.Name}) {
					t.Fatalf("the VM runs on %v, want %s", running, destination.Name)
				}
				if _, err := guest.NextBeat(t.Context()); err != nil {
					t.Fatal(err)
				}
				tf.wantPlan(t, nil)
			}
		})
	}
}

// wantWarning wants the plan to warn of an older QEMU on the destination, or not to.
func wantWarning(t *testing.T, planned answer, want bool) {
	t.Helper()
	warned := slices.ContainsFunc(planned.of("warning"), func(text string) bool { return strings.Contains(text, "QEMU") })
	if warned != want {
		t.Errorf("a warning of the destination's older QEMU: %t, want %t: %q", warned, want, planned.of("warning"))
	}
}

// TestNewerMachineType asks for a VM that was started on testing, with the machine type of its QEMU, to be moved to
// Debian 13, which does not have that type.
func TestNewerMachineType(t *testing.T) {
	onlyInMatrix(t)
	t.Parallel()
	older, newer := hostOf(t, lab.Trixie), hostOf(t, lab.Forky)
	for _, mode := range []string{"peer_to_peer", "direct"} {
		t.Run(mode, func(t *testing.T) {
			guest := world(t).StartGuest(t, lab.GuestSpec{Host: newer.Name, Bare: true})
			tf := newTerraform(t, nil)
			tf.configure(t, moveTo(newer, guest.Name, mode, older, newer))
			tf.apply(t)
			tf.configure(t, moveTo(older, guest.Name, mode, older, newer))
			const machine = "pc-i440fx-11.1"
			planned := tf.plan(t)
			warned := strings.Join(append(planned.of("warning"), planned.of("error")...), "\n")
			if !strings.Contains(warned, machine) {
				t.Errorf("the plan does not say that the destination lacks the machine type: %q", warned)
			}
			refused := tf.run(t, "apply", "-json", "-auto-approve", "-input=false")
			said := refused.of("error")
			t.Logf("%s: %q", mode, said)
			if refused.code != 1 || len(said) != 1 || !strings.Contains(said[0], machine) ||
				!strings.HasSuffix(said[0], fmt.Sprintf("VM %s is running on %s", guest.Name, newer.Name)) {
				t.Errorf("the apply ends with %d and says %q", refused.code, said)
			}
			if running := guest.HostsRunning(); !slices.Equal(running, []string{newer.Name}) {
				t.Fatalf("the VM runs on %v, want %s", running, newer.Name)
			}
		})
	}
}
