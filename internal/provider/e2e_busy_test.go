package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestAccBusy changes the policy of a VM while it migrates: libvirt would keep
// the caller waiting for half a minute, and the record might miss the VM.
func TestAccBusy(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	policyOf := func(cache int) string {
		return labProvider(t).String() + fmt.Sprintf("resource \"virt_vm_migration_policy\" \"vm\" {\n  vm = %q\n  compression = true\n  compression_cache_mib = %d\n}\n", guest.Name, cache)
	}
	w := newWorkspace(t, policyOf(64))
	w.must(t, 0, apply...)

	mover := newWorkspace(t, labProvider(t).String()+moveResource(guest.Name, slowMove))
	r := mover.start(t, apply...)
	awaitMove(t, guest, r)

	w.must(t, 0, "plan", "-input=false", "-detailed-exitcode") // reading is possible all the while
	w.write(t, policyOf(128))
	for _, args := range [][]string{apply, {"destroy", "-auto-approve", "-input=false"}} {
		started := time.Now()
		got := w.must(t, 1, args...)
		t.Logf("%s: %s\n%s", args[0], time.Since(started).Round(time.Millisecond), got.stderr)
		if !saying("migration in progress").MatchString(got.stderr) {
			t.Error("it does not say why")
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("took %s to fail", took)
		}
	}

	world.Host("kvm1").MustVirsh(t, "migrate-setspeed", guest.Name, "1000")
	if got := r.wait(t, time.Minute); got.code != 0 {
		t.Fatalf("the move failed: %s", got)
	}
	w.must(t, 0, apply...)
	record := world.Host("kvm2").MustVirsh(t, "metadata", guest.Name, "urn:virt:migration-policy:1")
	if !strings.Contains(record, `"compression_cache_mib":128`) {
		t.Errorf("the record is %s", record)
	}
}
