package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// ownerAttribute is the token of the instance in its records.
func ownerAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "Owner that the record names: a random UUID of this resource instance. Destroying the " +
			"resource removes only records of this owner. Null while an imported record has no owner; the next " +
			"change writes one.",
		Computed:      true,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// replacesAttribute is the owner that a create takes a different record from.
func replacesAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "Owner of a different record that the creation of this resource takes over, because the " +
			"same plan destroys the instance that declared it (a label and values changed at once). Null in all other cases.",
		Computed: true,
	}
}

// planOwner plans a new owner for an instance that has none of its own yet, where the
// plan changes anything.
func planOwner(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	m, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if (m.Imported != "" || m.Owner == "") && !resp.Plan.Raw.Equal(req.State.Raw) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("owner"), types.StringUnknown())...)
	}
}

// planReplaces decides what a create does about a different record that exists. of
// names what the record is of, own is the owner of the instance that is replaced,
// and inspect asks the hosts. The value must be the same when Terraform plans again
// in the apply, where the former instance may have removed its record already. err is
// why the plan has to refuse.
func (r *resourceBase) planReplaces(
	ctx context.Context, of, own string, d fleet.Declaration, inspect func(fleet.Declaration) error,
) (replaces types.String, diags diag.Diagnostics, err error) {
	if owner := r.instances.RemovedFrom(ctx, of, d); owner != "" {
		return types.StringValue(owner), nil, nil
	}
	err = inspect(d)
	if owner := r.instances.RemovedFrom(ctx, of, d); owner != "" { // removed in the meantime
		return types.StringValue(owner), nil, nil
	}
	var exists *fleet.ExistsError
	if !errors.As(err, &exists) {
		return types.StringNull(), nil, err
	}
	owner := exists.Copy.Record.Owner
	if owner == "" || owner != own {
		may, others := r.instances.MayReplace(ctx, owner, instance.Refusal{
			Summary: "Unable to Create " + r.object,
			Detail:  explain.Detail(err),
		})
		for _, refusal := range others {
			diags.AddError(refusal.Summary, refusal.Detail)
		}
		if !may {
			return types.StringNull(), diags, err
		}
	}
	d.Replaces = owner
	return types.StringValue(d.Replaces), diags, inspect(d)
}

// asKnown is null for a value that is still unknown when all is known.
func asKnown(value types.String) types.String {
	if value.IsUnknown() {
		return types.StringNull()
	}
	return value
}
