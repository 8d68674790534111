package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// vmDescription is how a VM is given.
const vmDescription = "Name or UUID of the VM's libvirt domain."

// anotherVMDescription says what a changed "vm" does.
const anotherVMDescription = " Switching between the name and the UUID of one VM updates in place. Another VM forces " +
	"replacement, and so does a value that is not known until apply: the domain that it comes from is about to be created."

// vmIdentity identifies an instance of a resource by its VM.
var vmIdentity = identity{attribute: "uuid", description: "UUID of the VM."}

// uuidAttribute is the UUID of a resource's VM, which never changes.
func uuidAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// vmAttribute is how resources name a VM.
func vmAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: vmDescription + anotherVMDescription,
		Required:            true,
		Validators:          []validator.String{nameValidator{}},
	}
}
