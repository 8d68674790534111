package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// resourceBase is what all resources have in common: their names, the one
// attribute that identifies an instance, and what Configure hands over.
type resourceBase struct {
	providerData

	// typeName is the resource's type without the provider's name.
	typeName string
	// object is what summaries call the resource, as in "Unable to Read <object>".
	object   string
	identity identity
}

// identity is the attribute that identifies an instance of a resource.
type identity struct {
	attribute, description string
	// mutable is true when an update may change it.
	mutable bool
}

func (r *resourceBase) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.typeName
	resp.ResourceBehavior.MutableIdentity = r.identity.mutable
}

func (r *resourceBase) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		r.identity.attribute: identityschema.StringAttribute{RequiredForImport: true, Description: r.identity.description},
	}}
}

func (r *resourceBase) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.providerData = dataOf(req.ProviderData)
}

// identify writes what identifies the instance.
func (r *resourceBase) identify(
	ctx context.Context, identity *tfsdk.ResourceIdentity, value types.String,
) diag.Diagnostics {
	return identity.SetAttribute(ctx, path.Root(r.identity.attribute), value)
}

// notePlan notes what a plan makes of the instance in state. own is the owner of
// the instance that a replacement makes anew.
func (r *resourceBase) notePlan(
	ctx context.Context, req resource.ModifyPlanRequest,
) (own string, diags diag.Diagnostics) {
	if r.instances == nil {
		return "", nil
	}
	remembered, diags := instance.Recall(ctx, req.Private)
	switch {
	case req.State.Raw.IsNull():
		return remembered.Owner, diags
	case req.Plan.Raw.IsNull():
		r.instances.Destroys(remembered.Owner)
	default:
		r.instances.Keeps(remembered.Owner)
	}
	return "", diags
}

// declaring is the memory of an instance that is about to write its record.
func (r *resourceBase) declaring(remembered instance.Memory) instance.Memory {
	remembered = remembered.Owning()
	r.instances.Makes(remembered.Owner)
	return remembered
}

// imported is what an import asks for, by ID or by identity.
func (r *resourceBase) imported(ctx context.Context, req resource.ImportStateRequest) (string, diag.Diagnostics) {
	if r.fleet == nil {
		return "", diag.Diagnostics{failed(explain.ImportTooEarly(r.object))}
	}
	if req.ID != "" {
		return req.ID, nil
	}
	var value types.String
	diags := req.Identity.GetAttribute(ctx, path.Root(r.identity.attribute), &value)
	return value.ValueString(), diags
}
