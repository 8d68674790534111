//go:build lab

package host_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// Of two that want a lease one gets it, and who has it can renew it. Once it has ended another one can be taken, which
// who had the first cannot end.
func TestLease(t *testing.T) {
	ctx := testContext(t)
	h := connect(t, world(t).Hosts[0])
	first := host.Lease{UUID: "6c616273-0000-4000-8000-00000000000a", Name: "virt-lease-in-1"}
	second := host.Lease{UUID: "6c616273-0000-4000-8000-00000000000b", Name: "virt-lease-in-1"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	has := func(l host.Lease, description string) {
		t.Helper()
		leases, err := h.Leases(ctx)
		must(err)
		said, err := h.LeaseDescription(ctx, l)
		must(err)
		if diff := cmp.Diff([]host.Lease{l}, leases); diff != "" || said == nil || *said != description {
			t.Errorf("said %v, leases (-want +got):\n%s", said, diff)
		}
	}
	must(h.TakeLease(ctx, first, "first"))
	has(first, "first")
	if err := h.TakeLease(ctx, second, "second"); !errors.Is(err, host.ErrLeaseTaken) {
		t.Errorf("got %v, want %v", err, host.ErrLeaseTaken)
	}
	must(h.TakeLease(ctx, first, `renewed & "<said>" é`))
	has(first, `renewed & "<said>" é`)
	must(h.EndLease(ctx, first))
	if said, err := h.LeaseDescription(ctx, first); said != nil || err != nil {
		t.Errorf("got %v, %v", said, err)
	}
	must(h.TakeLease(ctx, second, "second"))
	must(h.EndLease(ctx, first))
	has(second, "second")
	must(h.EndLease(ctx, second))
}

// A host without the secret driver keeps no leases.
func TestLease_withoutDriver(t *testing.T) {
	ctx := testContext(t)
	h := open(t, host.Config{Name: "kvm9", URI: "qemu:///system?socket=" + daemonWithoutSecrets(t)})
	l := host.Lease{UUID: "6c616273-0000-4000-8000-00000000000a", Name: "virt-lease-in-1"}
	_, listed := h.Leases(ctx)
	_, said := h.LeaseDescription(ctx, l)
	for what, err := range map[string]error{"take": h.TakeLease(ctx, l, ""), "list": listed, "read": said, "end": h.EndLease(ctx, l)} {
		if !host.KeepsNoLeases(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if r, err := h.Cordon(ctx); r.Says() || err != nil {
		t.Errorf("its own record: %v, %v", r, err)
	}
}
