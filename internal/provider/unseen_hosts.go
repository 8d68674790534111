package provider

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// unseenHostsAttribute shows a refresh that did not see all. No plan changes it.
func unseenHostsAttribute() schema.SetAttribute {
	return schema.SetAttribute{
		MarkdownDescription: "Hosts that did not answer the last refresh, with `unreachable_hosts = \"warn\"`: what " +
			"state says of them is from before. Empty when all answered. It never causes an update.",
		ElementType:   types.StringType,
		Computed:      true,
		PlanModifiers: []planmodifier.Set{setplanmodifier.UseStateForUnknown()},
	}
}

// unseenOf are why hosts did not answer a search that a plan goes on without; nil where it
// ended for another reason.
func unseenOf(err error) []error {
	var unseen *fleet.UnseenError
	if errors.As(err, &unseen) {
		return unseen.Unseen
	}
	return nil
}

// unseenHosts is the value of an unseenHostsAttribute; errs are why hosts did not answer.
func unseenHosts(errs []error) types.Set { return hostSet(fleet.Silent(errs)) }
