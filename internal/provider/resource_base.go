package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
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

func (r *resourceBase) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		r.identity.attribute: identityschema.StringAttribute{RequiredForImport: true, Description: r.identity.description},
	}}
}

func (r *resourceBase) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.providerData = dataOf(req.ProviderData)
}

// identify writes what identifies the instance.
func (r *resourceBase) identify(ctx context.Context, identity *tfsdk.ResourceIdentity, value types.String) diag.Diagnostics {
	return identity.SetAttribute(ctx, path.Root(r.identity.attribute), value)
}

// imported is what an import asks for, by ID or by identity.
func (r *resourceBase) imported(ctx context.Context, req resource.ImportStateRequest) (string, diag.Diagnostics) {
	if r.fleet == nil {
		return "", diag.Diagnostics{diag.NewErrorDiagnostic("Unable to Import "+r.object,
			"The provider's configuration is not known yet, so no host can be asked. Import once it is.")}
	}
	if req.ID != "" {
		return req.ID, nil
	}
	var value types.String
	diags := req.Identity.GetAttribute(ctx, path.Root(r.identity.attribute), &value)
	return value.ValueString(), diags
}
