package explain

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestFinding_cordon(t *testing.T) {
	t.Parallel()
	const (
		uuid = "6d696772-6174-4e00-8000-686f73740000"
		open = " Choose another destination, or open kvm2: destroy its virt_host_maintenance, or, where none has it in its state, " +
			"run `virsh secret-undefine " + uuid + "` on kvm2, which leaves the VMs where they are and forgets which are to come back."
	)
	since := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	for want, fact := range map[string]migration.Fact{
		"kvm2 is cordoned since 2026-11-26T23:00:00Z: a new fan." + open: preflight.Cordoned{Why: "a new fan", Since: since},
		"kvm2 is cordoned." + open:                                       preflight.Cordoned{},
		"Whether kvm2 is cordoned is not known: the host's own record cannot be read: it is empty. `virsh secret-dumpxml " + uuid +
			"` on kvm2 shows it. If it is of no use to anybody, `virsh secret-undefine " + uuid + "` on kvm2 removes it, and opens the host.": preflight.CordonUnknown{Err: &cordon.InvalidError{Reason: "it is empty"}},
		"Whether kvm2 is cordoned is not known: the host's own record has version 2 and this release of the provider knows versions up to 1. " +
			newerAdvice: preflight.CordonUnknown{Err: &cordon.NewerVersionError{Version: 2}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := Finding(migration.Finding{Fact: fact, Host: "kvm2"}); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}
