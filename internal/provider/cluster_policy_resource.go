package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// newClusterPolicyResource returns the resource for the policy of a cluster, a named
// group of hosts.
func newClusterPolicyResource() resource.Resource {
	return &hostRecordResource{
		resourceBase: resourceBase{
			typeName: "cluster_migration_policy",
			object:   "Cluster Migration Policy",
			identity: identity{attribute: "name", description: "Name of the cluster.", mutable: true},
		},
		schema: clusterPolicySchema,
		model:  func() hostRecord { return &clusterPolicyModel{} },
	}
}

func clusterPolicySchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Live-migration policy of a cluster, which is a named group of hosts. Each field that " +
			"is left out inherits from the global settings. Each of the hosts keeps a copy of the record, and can be " +
			"in one cluster only.",
		Attributes: levelAttributes(policy.OriginCluster, map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "Name of the cluster, the same as `name`.",
				Computed:            true,
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the cluster, at most 255 bytes. A change renames the cluster in place.",
				Required:            true,
				Validators:          []validator.String{nameValidator{255}},
			},
			"drift":        driftAttribute("host"),
			"unseen_hosts": unseenHostsAttribute(),
			"owner":        ownerAttribute(),
			"replaces":     replacesAttribute(),
			"hosts": schema.SetAttribute{
				MarkdownDescription: "Hosts in the cluster: keys of `hosts` in the provider's configuration. After a " +
					"refresh, only hosts whose copy is in sync, so that a missing or changed copy shows as a difference.",
				ElementType: types.StringType,
				Required:    true,
				Validators:  hostSetValidators(),
			},
		}),
	}
}

// clusterPolicyModel is the policy of one cluster.
type clusterPolicyModel struct {
	policyModel
	hostRecordModel
	Name types.String `tfsdk:"name"`
}

func (m *clusterPolicyModel) name() types.String { return m.Name }

func (m *clusterPolicyModel) setName(name string) error {
	m.Name = types.StringValue(name)
	return nil
}

func (m *clusterPolicyModel) known() bool { return m.policyModel.known() && !m.Name.IsUnknown() }

func (m *clusterPolicyModel) setPolicy(p policy.Policy) { m.policyModel = policyModelOf(p) }

func (m *clusterPolicyModel) record() instance.Record {
	return instance.Record{Level: policy.OriginCluster, Of: m.Name.ValueString()}
}

func (m *clusterPolicyModel) declaration() fleet.Declaration {
	return fleet.Declaration{Cluster: m.Name.ValueString(), Policy: m.toPolicy()}
}

// complete has nothing to fill in: what a cluster leaves out inherits.
func (*clusterPolicyModel) complete() {}
