package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

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

// TestListedPlacement wants the default of each attribute that has one: the configuration that
// Terraform generates is to plan empty.
func TestListedPlacement(t *testing.T) {
	t.Parallel()
	model, diags := listedPlacement(fleet.ListedVM{}, "web")
	var is resource.SchemaResponse
	newLiveMigrationResource().Schema(t.Context(), resource.SchemaRequest{}, &is)
	listed := tfsdk.Resource{Schema: is.Schema, Raw: tftypes.NewValue(is.Schema.Type().TerraformType(t.Context()), nil)}
	if diags.Append(setResource(t.Context(), &listed, model)...); diags.HasError() {
		t.Fatal(diags)
	}
	count := 0
	for name, attribute := range is.Schema.Attributes {
		text, ok := attribute.(schema.StringAttribute)
		if !ok || text.Default == nil {
			continue
		}
		count++
		var want defaults.StringResponse
		text.Default.DefaultString(t.Context(), defaults.StringRequest{}, &want)
		var got types.String
		if diags := listed.GetAttribute(t.Context(), path.Root(name), &got); diags.HasError() || !got.Equal(want.PlanValue) {
			t.Errorf("%s is %s, want %s; %v", name, got, want.PlanValue, diags)
		}
	}
	if count < 2 {
		t.Errorf("%d attributes have a default", count)
	}
}
