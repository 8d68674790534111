package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

const volumesLeftDescription = "Images that the move has left behind: those on its source that were copied, or, " +
	"where the move failed, those on its destination that it had written to and could not remove. Nothing deletes them. " +
	"A later move of the VM writes over one only if it has the same size and was not written to since. Null where " +
	"there is none."

// volumeTexts and volumeNumbers are the members of a volume that is left, and what they are.
var (
	volumeTexts = map[string]string{
		"host":    "Host that it is on: the label that it had then.",
		"target":  "Disk of the VM that it was, such as `vda`.",
		"path":    "File or block device.",
		"pool":    "Storage pool that lists it; null where none does.",
		"command": "Command that deletes it, to be run on that host by whoever is sure that nobody needs it.",
	}
	volumeNumbers = map[string]string{
		"capacity_bytes":  "Size that the guest saw, in bytes.",
		"allocated_bytes": "Space that it takes on storage, in bytes; 0 where that could not be asked.",
	}
)

// volumesLeftAttribute is volumes_left in a resource.
func volumesLeftAttribute() schema.Attribute {
	members := map[string]schema.Attribute{}
	for name, description := range volumeTexts {
		members[name] = schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	for name, description := range volumeNumbers {
		members[name] = schema.Int64Attribute{MarkdownDescription: description, Computed: true}
	}
	return schema.ListNestedAttribute{
		MarkdownDescription: volumesLeftDescription, Computed: true,
		NestedObject: schema.NestedAttributeObject{Attributes: members},
	}
}

// volumesLeftOfEntry is volumes_left in a data source.
func volumesLeftOfEntry() datasourceschema.Attribute {
	members := map[string]datasourceschema.Attribute{}
	for name, description := range volumeTexts {
		members[name] = datasourceschema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	for name, description := range volumeNumbers {
		members[name] = datasourceschema.Int64Attribute{MarkdownDescription: description, Computed: true}
	}
	return datasourceschema.ListNestedAttribute{
		MarkdownDescription: volumesLeftDescription, Computed: true,
		NestedObject: datasourceschema.NestedAttributeObject{Attributes: members},
	}
}

func volumeTypes() map[string]attr.Type {
	all := map[string]attr.Type{}
	for name := range volumeTexts {
		all[name] = types.StringType
	}
	for name := range volumeNumbers {
		all[name] = types.Int64Type
	}
	return all
}

// volumesLeft is the value of both.
func volumesLeft(left []history.Volume) types.List {
	of := types.ObjectType{AttrTypes: volumeTypes()}
	if len(left) == 0 {
		return types.ListNull(of)
	}
	var all []attr.Value
	for _, v := range left {
		all = append(all, types.ObjectValueMust(volumeTypes(), map[string]attr.Value{
			"host": types.StringValue(v.Host.Label), "target": types.StringValue(v.Target), "path": types.StringValue(v.Path),
			"pool": textOrNull(v.Pool), "command": types.StringValue(explain.RemoveVolume(v)),
			"capacity_bytes":  types.Int64Value(int64(v.CapacityBytes)),
			"allocated_bytes": types.Int64Value(int64(v.AllocatedBytes)),
		}))
	}
	return types.ListValueMust(of, all)
}
