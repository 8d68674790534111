//go:build lab

package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccBusy changes the policy of a VM while it migrates, and repairs one of its
// two copies: libvirt would keep the caller waiting for half a minute, and the
// record might miss the VM.
func TestAccBusy(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	for _, drifted := range []string{"live", "config"} {
		t.Run(drifted, func(t *testing.T) {
			t.Parallel()
			guest := world.StartGuest(t, lab.GuestSpec{})
			policyOf := func(cache int) string {
				return labProvider(t).String() + fmt.Sprintf("resource \"virt_vm_migration_policy\" \"vm\" {\n  vm = %q\n  compression = true\n  compression_cache_mib = %d\n}\n", guest.Name, cache)
			}
			w := newWorkspace(t, policyOf(64))
			w.must(t, 0, apply...)
			setVMRecord(t, world.Host("kvm1"), guest.Name, `{"version":1,"compression":true,"compression_cache_mib":32}`, drifted)

			mover := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, slowMove))
			r := mover.start(t, apply...)
			awaitMove(t, guest, r)

			w.must(t, 2, "plan", "-input=false", "-detailed-exitcode") // reading is possible all the while
			requireBusy(t, w, apply)
			w.write(t, policyOf(128))
			requireBusy(t, w, apply)
			requireBusy(t, w, []string{"destroy", "-auto-approve", "-input=false"})

			world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
			if got := r.wait(t, time.Minute); got.code != 0 {
				t.Fatalf("the move failed: %s", got)
			}
			w.must(t, 0, apply...)
			requireVMRecord(t, world.Host("kvm2"), guest.Name, `{"version":1,"compression":true,"compression_cache_mib":128}`, "live", "config")
		})
	}
}

// requireBusy wants a command to fail soon, because the VM migrates.
func requireBusy(t *testing.T, w *workspace, args []string) {
	t.Helper()
	started := time.Now()
	got := w.must(t, 1, args...)
	took := time.Since(started)
	t.Logf("%s: %s", strings.Join(args, " "), took.Round(time.Millisecond))
	if !saying("migration in progress").MatchString(got.stderr) {
		t.Errorf("it does not say why: %s", got)
	}
	if took > 10*time.Second {
		t.Errorf("took %s to fail", took)
	}
}
