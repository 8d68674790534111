package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
)

// changeTexts are the members of a device that a move has changed, and what they are.
var changeTexts = map[string]string{
	"device": "Kind of device: `interface`, `graphics`, `disk`, `emulator` or `nvram`.",
	"key": "MAC address of an interface, target of a disk, `vnc` or `spice` of a console; null for an emulator and for " +
		"NVRAM.",
	"old": "What it was: a bridge, network or device, an address, or a path; null for an address that libvirt chooses.",
	"new": "What it has become; null as for `old`.",
}

// devicesChangedAttribute is a list of devices that a move has changed.
func devicesChangedAttribute(description string) schema.Attribute {
	members := map[string]schema.Attribute{}
	for name, description := range changeTexts {
		members[name] = schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	return schema.ListNestedAttribute{
		MarkdownDescription: description, Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: members},
	}
}

// devicesChanged is the value of such a list: nil is null.
func devicesChanged(changes []definition.Change) types.List {
	members := map[string]attr.Type{}
	for name := range changeTexts {
		members[name] = types.StringType
	}
	of := types.ObjectType{AttrTypes: members}
	if changes == nil {
		return types.ListNull(of)
	}
	all := []attr.Value{}
	for _, c := range changes {
		all = append(all, types.ObjectValueMust(members, map[string]attr.Value{
			"device": types.StringValue(string(c.Device)), "key": textOrNull(c.Key), "old": textOrNull(c.Old),
			"new": textOrNull(c.New),
		}))
	}
	return types.ListValueMust(of, all)
}
