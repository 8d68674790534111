//go:build lab

package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestFieldTooNew asks for a field that libvirt of Debian 12 does not have, in a move to a host that does: the plan refuses
// it by its name, and says who is too old.
func TestFieldTooNew(t *testing.T) {
	onlyInMatrix(t)
	t.Parallel()
	old, young := hostOf(t, lab.Bookworm), hostOf(t, lab.Trixie)
	guest := world(t).StartGuest(t, lab.GuestSpec{Host: old.Name, Bare: true})
	tf := newTerraform(t, nil)
	tf.configure(t, providerBlock(old, young)+fmt.Sprintf(`
resource "virt_vm_live_migration" "vm" {
  vm                   = %q
  destination          = %q
  parallel_connections = 2
  parallel_compression = "zlib"
}
`, guest.Name, young.Name))
	planned := tf.plan(t)
	said := planned.of("error")
	want := fmt.Sprintf("parallel_compression needs libvirt 9.4.0 or newer on both hosts, and %s has 9.0.0.", old.Name)
	if planned.code != 1 || len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("the plan ends with %d and says %q, want %q:\n%s", planned.code, said, want, planned.printed)
	}
	if running := guest.HostsRunning(); !slices.Equal(running, []string{old.Name}) {
		t.Errorf("the VM runs on %v, want %s", running, old.Name)
	}
}
