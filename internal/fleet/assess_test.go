//go:build lab

package fleet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// withoutJob checks that no job runs on the guest, nor has one ended.
func withoutJob(t *testing.T, guest *lab.Guest, on string) {
	t.Helper()
	info := testLab(t).Host(on).MustVirsh(t, "domjobinfo", guest.Name)
	if !strings.Contains(info, "None") {
		t.Errorf("a job is left: %s", info)
	}
}

// TestAssess finds nothing between good hosts, leaves no job, and does not keep the move
// from being made; and has the source's own verdict on a disk that is not shared.
func TestAssess(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	there := Move{VM: guest.UUID, Destination: "kvm3", Mode: migration.Auto}
	_, a, err := f.Assess(testContext(t), there)
	if err != nil || len(a.Findings) > 0 || len(a.Unchecked) > 0 {
		t.Fatalf("findings %v, unchecked %v, %v", a.Findings, a.Unchecked, err)
	}
	withoutJob(t, guest, "kvm1")
	if _, err := f.Move(testContext(t), there, quiet); err != nil {
		t.Fatal(err)
	}

	local := filepath.Join(t.TempDir(), "local.img")
	if err := os.WriteFile(local, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	testLab(t).Host("kvm3").MustVirsh(t, "attach-disk", guest.Name, local, "vdb", "--driver", "qemu", "--subdriver", "raw", "--live")
	back := Move{VM: guest.UUID, Destination: "kvm1", Mode: migration.Auto}
	_, a, err = f.Assess(testContext(t), back)
	if err != nil {
		t.Fatal(err)
	}
	refused := a.Certain()
	if len(refused) != 1 || refused[0].Fact != (preflight.Refused{}) || refused[0].Host != "kvm3" ||
		!errors.Is(refused[0].Err, migration.ErrUnsafe) {
		t.Errorf("findings %v", a.Findings)
	}
	withoutJob(t, guest, "kvm3")
	_, err = f.Move(testContext(t), back, quiet)
	var notStarted *migration.PreflightError
	if !errors.As(err, &notStarted) || notStarted.Findings[0].Check != preflight.CheckVerdict {
		t.Errorf("the move: %v", err)
	}
	requireOn(t, f, guest, "kvm3")
}

// TestAssess_readOnly says what a connection that may only read cannot check, and takes
// that for no finding.
func TestAssess_readOnly(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	config := labConfig(t, UnreachableError)
	config.Hosts[0].URI = testLab(t).Host("kvm1").SocketURI + "-ro"
	f := open(t, config)
	_, a, err := f.Assess(testContext(t), Move{VM: guest.UUID, Destination: "kvm2", Mode: migration.Auto})
	if err != nil || len(a.Findings) > 0 {
		t.Fatalf("findings %v, %v", a.Findings, err)
	}
	unread := map[migration.Check]bool{}
	for _, u := range a.Unchecked {
		unread[u.Check] = u.Why == preflight.Unread && errors.Is(u.Err, migration.ErrDenied) && u.Host == "kvm1"
	}
	for _, check := range []migration.Check{preflight.CheckVerdict, preflight.CheckCPU, preflight.CheckMemory} {
		if !unread[check] {
			t.Errorf("%s: unchecked are %v", check, a.Unchecked)
		}
	}
}
