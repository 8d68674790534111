//go:build lab

package provider_test

import (
	"reflect"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// moveByHand moves a VM, which a workspace has moved to kvm2, back to kvm1 with virsh. For
// its resource one attribute has changed, for a new resource all is well, and neither warns.
func moveByHand(t *testing.T, w *workspace, guest *lab.Guest, hosts providerBlock) {
	t.Helper()
	moveByVirsh(t, guest, "kvm2", "kvm1")
	plan := w.must(t, 2, "plan", "-detailed-exitcode", "-out=moved.tfplan")
	requireNotSaid(t, plan, "Warning: Migration", "Warning: Virtual")
	requireSaid(t, plan, `"kvm1" -> "kvm2"`)
	if drift, want := w.drift(t, "moved.tfplan"), map[string][]string{placedAt: {"destination"}}; !reflect.DeepEqual(drift, want) {
		t.Errorf("these have changed outside of Terraform: %v, want %v\n%s", drift, want, plan)
	}
	there := newWorkspace(t, hosts.with(t, placementBody, placementData{guest.Name, "kvm1", ""}))
	requireNotSaid(t, there.must(t, 0, "apply", "-auto-approve"), "Warning: Migration", "Warning: Virtual")
	there.unchanged(t)
	t.Logf("%s", plan)
}
