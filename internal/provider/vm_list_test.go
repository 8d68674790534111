package provider

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// TestListedPolicy wants what an import would read: no host that did not answer is an empty set.
func TestListedPolicy(t *testing.T) {
	t.Parallel()
	vm := fleet.ListedVM{Record: fleet.VMRecord{Copies: []fleet.Copy{{Host: "kvm1"}}}}
	model, diags := listedPolicy(vm, "web")
	if m, ok := model.(*vmPolicyModel); !ok || diags.HasError() || !m.UnseenHosts.Equal(unseenHosts(nil)) {
		t.Errorf("got %+v, %v", model, diags)
	}
}
