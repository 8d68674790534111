//go:build lab

package provider_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// placementPlan is the part of a plan that is about a placement.
var placementPlan = regexp.MustCompile(`(?s)~ resource "virt_vm_live_migration".*?unchanged attributes hidden`)

// moveByHand moves a VM, which a workspace has moved to kvm2, back to kvm1 with virsh. For
// its resource one attribute has changed, for a new resource all is well, and neither warns.
func moveByHand(t *testing.T, w *workspace, guest *lab.Guest, hosts providerBlock) {
	t.Helper()
	moveByVirsh(t, guest, "kvm2", "kvm1")
	plan := w.must(t, 2, "plan", "-detailed-exitcode", "-out=moved.tfplan")
	requireNotSaid(t, plan, "Warning: Migration", "Warning: VM")
	requireSaid(t, plan, `"kvm1" -> "kvm2"`)
	if shown := strings.Count(placementPlan.FindString(plan.stdout), "\n"); shown < 3 || shown > 25 {
		t.Errorf("the plan shows the resource in %d lines, want the destination and the figures of the last move:\n%s", shown, plan)
	}
	if drift, want := w.drift(t, "moved.tfplan"), map[string][]string{placedAt: {"destination"}}; !reflect.DeepEqual(drift, want) {
		t.Errorf("these have changed outside of Terraform: %v, want %v\n%s", drift, want, plan)
	}
	there := newWorkspace(t, hosts.with(t, placementBody, placementData{guest.Name, "kvm1", ""}))
	requireNotSaid(t, there.must(t, 0, "apply", "-auto-approve"), "Warning: Migration", "Warning: VM")
	there.unchanged(t)
	t.Logf("%s", plan)
}
