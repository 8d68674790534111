package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// disksDescription is that of the attribute that narrows copy_storage.
const disksDescription = "Disks that `copy_storage` is narrowed to, by their targets, such as `vda`: of these it " +
	"copies what it would copy. All others have to be on storage that both hosts share. In libvirt `migrate_disks`. " +
	"Default: all disks."

// targetsValidator refuses a set without a disk, and one with an empty name.
type targetsValidator struct{}

func (targetsValidator) Description(context.Context) string { return "at least one disk" }

func (v targetsValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (targetsValidator) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if len(req.ConfigValue.Elements()) == 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Disks",
			"At least one disk is needed. Leave disks out for all of them, and set copy_storage = \"none\" for none.")
	}
	for _, element := range req.ConfigValue.Elements() {
		if element.Equal(types.StringValue("")) {
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid Disks", "The target of a disk cannot be empty.")
		}
	}
}

// targets are the disks that a move is narrowed to; none is all, or not known yet.
func (m moveModel) targets() []string {
	var targets []string
	for _, element := range m.Disks.Elements() {
		if target, ok := element.(types.String); ok && !target.IsNull() && !target.IsUnknown() {
			targets = append(targets, target.ValueString())
		}
	}
	return targets
}

// validate checks what is written on one level: the policy fields, and disks beside them.
func (m moveModel) validate() diag.Diagnostics {
	run := m.toPolicy()
	diags := validatePolicy(run)
	if len(m.targets()) > 0 && run.CopyStorage != nil && *run.CopyStorage == policy.CopyNone {
		diags.Append(failed(explain.NoCopyOfDisks(), path.Root("disks")))
	}
	return diags
}
