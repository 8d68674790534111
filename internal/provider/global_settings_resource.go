package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// newGlobalSettingsResource returns the resource for the policy that applies where
// neither cluster nor VM sets a field.
func newGlobalSettingsResource() resource.Resource {
	return &hostRecordResource{
		resourceBase: resourceBase{
			typeName: "migration_global_settings",
			object:   "Global Migration Settings",
			identity: identity{attribute: "id", description: "Always `global`."},
		},
		schema: globalSettingsSchema,
		model:  func() hostRecord { return &globalSettingsModel{} },
	}
}

func globalSettingsSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Live-migration policy for every field that neither the cluster nor the VM sets. " +
			"Declare it once per provider configuration; each of the hosts keeps a copy of the record. Auto-converge " +
			"and compression are off by default.",
		Attributes: globalAttributes(map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "Always `global`.",
				Computed:            true,
			},
			"drift":        driftAttribute("host"),
			"unseen_hosts": unseenHostsAttribute(),
			"owner":        ownerAttribute(),
			"replaces":     replacesAttribute(),
			"hosts": schema.SetAttribute{
				MarkdownDescription: "Hosts that keep the settings: keys of `hosts` in the provider's configuration. " +
					"Default: all of them. After a refresh, only hosts whose copy is in sync, so that a missing or " +
					"changed copy shows as a difference.",
				ElementType: types.StringType,
				Optional:    true,
				Computed:    true,
				Validators:  hostSetValidators(),
			},
		}),
	}
}

// globalSettingsModel is the global settings.
type globalSettingsModel struct {
	policyModel
	hostRecordModel
}

// globalID is the only ID that the global settings have.
const globalID = "global"

func (m *globalSettingsModel) name() types.String { return types.StringValue(globalID) }

func (m *globalSettingsModel) setName(name string) error {
	if name != globalID {
		return fmt.Errorf("the global migration settings exist once and are imported by the ID %q", globalID)
	}
	return nil
}

func (m *globalSettingsModel) setPolicy(p policy.Policy) { m.policyModel = policyModelOf(p) }

func (m *globalSettingsModel) record() instance.Record {
	return instance.Record{Level: policy.OriginGlobal}
}

func (m *globalSettingsModel) declaration() fleet.Declaration {
	return fleet.Declaration{Policy: m.toPolicy().Global()}
}

// complete gives switches that an older release did not know the value that a record without them has.
func (m *globalSettingsModel) complete() {
	for _, d := range policy.Table() {
		if name := string(d.Field); d.Kind == policy.Switch && (m.values[name] == nil || m.values[name].IsNull()) {
			m.values[name] = types.BoolValue(false)
		}
	}
}
