package provider

import (
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// leaseAttributes are those of a lease in a list.
func leaseAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	return map[string]schema.Attribute{
		"direction": text("`out` for a VM that leaves the host, `in` for one that comes to it."),
		"waiting": schema.BoolAttribute{
			MarkdownDescription: "Whether the move waits for its turn.",
			Computed:            true,
		},
		"vm_uuid": text("UUID of the VM."),
		"vm_name": text("Name of the VM."),
		"run":     text("Run that has the lease: machine, process and a random word."),
		"expires_at": text("When the lease ends unless it is renewed, as RFC 3339, by the clock of the machine of the run. " +
			"One that nobody renews is taken over."),
	}
}

// leaseTypes are the types of the members of a lease.
var leaseTypes = sync.OnceValue(func() map[string]attr.Type { return typesOf(leaseAttributes()) })

func leaseObject(l fleet.ListedLease) types.Object {
	return types.ObjectValueMust(leaseTypes(), map[string]attr.Value{
		"direction": types.StringValue(string(l.Direction)), "waiting": types.BoolValue(l.Waits),
		"vm_uuid": textOrNull(l.Holder.VM), "vm_name": textOrNull(l.Holder.Name), "run": textOrNull(l.Holder.Run),
		"expires_at": timeOrNull(l.Holder.Expires),
	})
}

// leaseList is null where the host keeps no leases.
func leaseList(leases []fleet.ListedLease) types.List {
	if leases == nil {
		return types.ListNull(types.ObjectType{AttrTypes: leaseTypes()})
	}
	elements := []attr.Value{}
	for _, l := range leases {
		elements = append(elements, leaseObject(l))
	}
	return types.ListValueMust(types.ObjectType{AttrTypes: leaseTypes()}, elements)
}

// cordonedValue tells whether a host is cordoned; null where its record cannot be read.
func cordonedValue(s fleet.Standing) types.Bool {
	if s.Unreadable != nil {
		return types.BoolNull()
	}
	return types.BoolValue(s.Cordon.Cordoned)
}

// sinceValue is since when it is.
func sinceValue(s fleet.Standing) types.String {
	if !s.Cordon.Cordoned {
		return types.StringNull()
	}
	return timeOrNull(s.Cordon.Since)
}
