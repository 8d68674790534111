package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var _ resource.ResourceWithIdentity = (*emptyResource)(nil)

// emptyResource has the name and the schemas of a real one. Read and Delete do nothing: the framework has copied the
// state.
type emptyResource struct{ resource.Resource }

func (r *emptyResource) IdentitySchema(
	ctx context.Context, req resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	if identified, ok := r.Resource.(resource.ResourceWithIdentity); ok {
		identified.IdentitySchema(ctx, req, resp)
	}
}

func (*emptyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	filled, err := fill(req.Plan.Raw)
	if err == nil {
		resp.State.Raw = filled
		err = identify(ctx, resp.Identity, filled)
	}
	if err != nil {
		resp.Diagnostics.AddError("Unable to Create", err.Error())
	}
}

func (*emptyResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (*emptyResource) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	filled, err := fill(req.Plan.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to Update", err.Error())
		return
	}
	resp.State.Raw = filled
}

func (*emptyResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// fill gives every unknown value one: a word where it is a string, else null.
func fill(planned tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(planned, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		switch {
		case v.IsKnown():
			return v, nil
		case v.Type().Is(tftypes.String):
			return tftypes.NewValue(tftypes.String, "filled"), nil
		default:
			return tftypes.NewValue(v.Type(), nil), nil
		}
	})
}

// identify takes the identity from the attributes of the same names.
func identify(ctx context.Context, identity *tfsdk.ResourceIdentity, state tftypes.Value) error {
	var attributes map[string]tftypes.Value
	if err := state.As(&attributes); err != nil {
		return err
	}
	values := map[string]tftypes.Value{}
	for name := range identity.Schema.GetAttributes() {
		values[name] = attributes[name]
	}
	identity.Raw = tftypes.NewValue(identity.Schema.Type().TerraformType(ctx), values)
	return nil
}
