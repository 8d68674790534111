package provider

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
)

const destinationChangesName = "destination_changes"

// The texts of destination_changes on a move, and of a host in the provider's configuration.
const (
	moveChangesDescription = "What the VM's devices are called on the destination, where that differs from the source: " +
		"it goes into the definition that the destination starts the VM by, and into the persistent one (in libvirt " +
		"`destination_xml` and `persistent_xml`). libvirt checks before the start that the guest sees no difference. What " +
		"is left out is what `destination_changes` of the destination in the provider's configuration says; else, where " +
		"the VM goes back to a host that it has left, what the device was called there, as the VM's history has it; else " +
		"it stays. What is named here and the VM does not have is an error."
	hostChangesDescription = "What the devices of VMs are called on this host, where that differs from other hosts: it " +
		"goes into the definition of each VM that moves to this host (in libvirt `destination_xml` and `persistent_xml`). " +
		"`destination_changes` of a move come before it, for each device by itself; what a VM does not have is passed " +
		"over. A console that listens on all addresses, on the loopback's or where libvirt chooses stays so."
)

// changesDescriptions are what the keys of destination_changes are, which of them are maps, and which
// name what one VM has: a host would give it to every VM that moves there.
var changesDescriptions = []struct {
	name, description string
	ofMap, ofOneVM    bool
	value             validator.String
}{
	{
		definition.KeyInterfaces, "What network interfaces are plugged into: a map from the bridge, network or device (of " +
			"a `direct` interface) that the definition has to the one that it is to have. The type of the interface stays.",
		true,
		false,
		plainValidator{},
	},
	{definition.KeyGraphicsListen, "Address that VNC and SPICE consoles listen on.", false, false, plainValidator{}},
	{definition.KeyDisks, "Images, block devices and ISOs: a map from the target, such as `vda`, to an absolute path. " +
		"The disk keeps its type: a file (in libvirt `<disk type='file'>`) becomes another file, and a block device " +
		"(`type='block'`) another block device.", true, true, plainValidator{path: true}},
	{
		definition.KeyEmulator, "Absolute path of QEMU. Its machine types have to include the VM's, which cannot be changed.",
		false,
		false,
		plainValidator{path: true},
	},
	{
		definition.KeyNVRAM, "Absolute path of the file with the variables of a UEFI firmware.", false, true,
		plainValidator{path: true},
	},
}

// changesTypes are the types of the keys of a move's destination_changes.
func changesTypes() map[string]attr.Type {
	all := map[string]attr.Type{}
	for _, d := range changesDescriptions {
		all[d.name] = types.StringType
		if d.ofMap {
			all[d.name] = types.MapType{ElemType: types.StringType}
		}
	}
	return all
}

// noChanges is a destination_changes that is left out.
func noChanges() types.Object { return types.ObjectNull(changesTypes()) }

// destinationChanges are the changes of a destination_changes that is known, of a move or of a host.
func destinationChanges(object types.Object) definition.Changes {
	given := object.Attributes()
	text := func(key string) string {
		value, _ := given[key].(types.String)
		return value.ValueString()
	}
	several := func(key string) map[string]string {
		value, _ := given[key].(types.Map)
		return words(value)
	}
	return definition.Changes{
		Interfaces: several(definition.KeyInterfaces), GraphicsListen: text(definition.KeyGraphicsListen),
		Disks: several(definition.KeyDisks), Emulator: text(definition.KeyEmulator), NVRAM: text(definition.KeyNVRAM),
	}
}

// words are the values of a map of strings; nil for none.
func words(m types.Map) map[string]string {
	var all map[string]string
	for key, element := range m.Elements() {
		if value, ok := element.(types.String); ok {
			if all == nil {
				all = map[string]string{}
			}
			all[key] = value.ValueString()
		}
	}
	return all
}

// changesAttributes are the keys of destination_changes, as a schema has them.
func changesAttributes[A any](
	ofMap func(string, []validator.Map) A, ofString func(string, []validator.String) A,
) map[string]A {
	all := map[string]A{}
	for _, d := range changesDescriptions {
		if d.ofMap {
			all[d.name] = ofMap(d.description, []validator.Map{
				mapvalidator.KeysAre(plainValidator{}), mapvalidator.ValueStringsAre(d.value),
			})
		} else {
			all[d.name] = ofString(d.description, []validator.String{d.value})
		}
	}
	return all
}

// resourceChanges is the block of a resource.
func resourceChanges() map[string]schema.Block {
	return map[string]schema.Block{destinationChangesName: schema.SingleNestedBlock{
		MarkdownDescription: moveChangesDescription + " Changing only this moves nothing.",
		Attributes: changesAttributes(
			func(description string, v []validator.Map) schema.Attribute {
				return schema.MapAttribute{
					MarkdownDescription: description, ElementType: types.StringType, Optional: true, Validators: v,
				}
			},
			func(description string, v []validator.String) schema.Attribute {
				return schema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: v}
			},
		),
	}}
}

// actionChanges is the block of an action.
func actionChanges() map[string]actionschema.Block {
	return map[string]actionschema.Block{destinationChangesName: actionschema.SingleNestedBlock{
		MarkdownDescription: moveChangesDescription,
		Attributes: changesAttributes(
			func(description string, v []validator.Map) actionschema.Attribute {
				return actionschema.MapAttribute{
					MarkdownDescription: description, ElementType: types.StringType, Optional: true, Validators: v,
				}
			},
			func(description string, v []validator.String) actionschema.Attribute {
				return actionschema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: v}
			},
		),
	}}
}

// dataSourceChanges is the block of a data source about a move.
func dataSourceChanges() map[string]datasourceschema.Block {
	return map[string]datasourceschema.Block{destinationChangesName: datasourceschema.SingleNestedBlock{
		MarkdownDescription: moveChangesDescription,
		Attributes: changesAttributes(
			func(description string, v []validator.Map) datasourceschema.Attribute {
				return datasourceschema.MapAttribute{
					MarkdownDescription: description, ElementType: types.StringType, Optional: true, Validators: v,
				}
			},
			func(description string, v []validator.String) datasourceschema.Attribute {
				return datasourceschema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: v}
			},
		),
	}}
}

// hostChanges is the attribute of a host in the provider's configuration.
func hostChanges() providerschema.Attribute {
	attributes := changesAttributes(
		func(description string, v []validator.Map) providerschema.Attribute {
			return providerschema.MapAttribute{
				MarkdownDescription: description, ElementType: types.StringType, Optional: true, Validators: v,
			}
		},
		func(description string, v []validator.String) providerschema.Attribute {
			return providerschema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: v}
		},
	)
	for _, d := range changesDescriptions {
		if d.ofOneVM {
			delete(attributes, d.name)
		}
	}
	return providerschema.SingleNestedAttribute{
		MarkdownDescription: hostChangesDescription, Optional: true, Attributes: attributes,
	}
}

// plainValidator refuses what no definition can have, and, for a path, one that is not absolute.
type plainValidator struct{ path bool }

func (v plainValidator) Description(context.Context) string {
	if v.path {
		return "an absolute path"
	}
	return "a text without blanks at its beginning and end"
}

func (v plainValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v plainValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value, summary, wrong := req.ConfigValue.ValueString(), "Invalid Value", ""
	switch {
	case value == "":
		wrong = "The value cannot be empty. Leave it out to change nothing."
	case strings.ContainsFunc(value, unicode.IsControl):
		wrong = fmt.Sprintf("%q has a control character.", value)
	case v.path && !strings.HasPrefix(value, "/"):
		summary, wrong = "Invalid Path", fmt.Sprintf("%q is not an absolute path: it does not begin with /.", value)
	case !v.path && !isName(value):
		wrong = fmt.Sprintf("%q begins or ends with a blank.", value)
	}
	if wrong != "" {
		resp.Diagnostics.AddAttributeError(req.Path, summary, wrong)
	}
}
