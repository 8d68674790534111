package provider

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

var _ list.ListResourceWithConfigure = (*hostRecordListResource)(nil)

// hostRecordListResource lists the records of a level that hosts keep.
type hostRecordListResource struct {
	hostRecordResource

	description string
	level       host.Level
}

// newClusterPolicyList lists the policies of clusters.
func newClusterPolicyList() list.ListResource {
	return &hostRecordListResource{
		hostRecordResource: *newClusterPolicyResource().(*hostRecordResource), //nolint:forcetypeassert // it makes no other
		description:        "Lists the clusters of which hosts keep a record, as `terraform query` does.",
		level:              host.Cluster,
	}
}

// newGlobalSettingsList lists the global settings, if hosts keep a record of them.
func newGlobalSettingsList() list.ListResource {
	return &hostRecordListResource{
		hostRecordResource: *newGlobalSettingsResource().(*hostRecordResource), //nolint:forcetypeassert // it makes no other
		description: "Lists the global settings, if hosts keep a record of them, as `terraform query` does: there are " +
			"none, or one.",
		level: host.Global,
	}
}

func (l *hostRecordListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: l.description,
		Attributes: map[string]schema.Attribute{
			"hosts": hostsFilter("Hosts of which any keeps a copy of the record: keys of `hosts` in the provider's " +
				"configuration. Default: all. All hosts are asked nevertheless: the record is that of all its hosts."),
		},
	}
	if l.level == host.Cluster {
		resp.Schema.Attributes["name_regex"] = nameFilter()
	}
}

// hostRecordFilter is which records a list has.
type hostRecordFilter struct {
	hosts []string // none is all
	name  types.String
}

func (l *hostRecordListResource) filter(
	ctx context.Context, req list.ListRequest,
) (f hostRecordFilter, diags diag.Diagnostics) {
	if l.level == host.Global {
		var config struct {
			Hosts types.List `tfsdk:"hosts"`
		}
		diags = req.Config.Get(ctx, &config)
		return hostRecordFilter{textsOf(config.Hosts), types.StringNull()}, diags
	}
	var config struct {
		Hosts     types.List   `tfsdk:"hosts"`
		NameRegex types.String `tfsdk:"name_regex"`
	}
	diags = req.Config.Get(ctx, &config)
	return hostRecordFilter{textsOf(config.Hosts), config.NameRegex}, diags
}

// List gives a record as soon as a host has told of it. Where the resource is to be included,
// all hosts are waited for: it says which of them have the record.
func (l *hostRecordListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	filter, diags := l.filter(ctx, req)
	diags.Append(l.listable(filter.hosts)...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		s := &listStream{req: req, push: push}
		defer s.end()
		named := matching(filter.name)
		found, given := map[string][]fleet.Copy{}, map[string]bool{}
		for c, err := range l.fleet.HostCopies(ctx, l.level) {
			if err == nil {
				err = c.Unreadable()
			}
			if err != nil {
				if !s.warn(unlisted(l.object, err)) {
					return
				}
				continue
			}
			name := cmp.Or(c.Record.Cluster, globalID)
			found[name] = append(found[name], c)
			fits := named(name) && (len(filter.hosts) == 0 || slices.Contains(filter.hosts, c.Host))
			if !fits || given[name] {
				continue
			}
			given[name] = true
			if !req.IncludeResource && !s.give(ctx, l.item(name, nil)) {
				return
			}
		}
		if !req.IncludeResource {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			if !s.give(ctx, l.item(name, found[name])) {
				return
			}
		}
	}
}

// item is a record in a list; its copies are those of all hosts.
func (l *hostRecordListResource) item(name string, copies []fleet.Copy) listItem {
	item := listItem{name: name, identity: l.identity, value: types.StringValue(name)}
	if l.level == host.Global {
		item.name = "global settings"
	}
	if len(copies) == 0 {
		return item
	}
	slices.SortFunc(copies, func(a, b fleet.Copy) int { return cmp.Compare(a.Host, b.Host) })
	model := l.model()
	err := model.setName(name)
	found, unreadable := model.declaration().Among(copies)
	if err := cmp.Or(err, unreadable); err != nil || found == nil {
		item.warnings, item.model = unlisted(l.object, err), model
		return item
	}
	item.warnings = warned(explain.CopiesDiffer(l.object, *found)...)
	model.setPolicy(found.Policy)
	*model.attributes() = hostRecordModel{
		ID: model.name(), Hosts: hostSet(found.Hosts), Drift: driftMap(found.Drift), Owner: textOrNull(found.Owner),
		UnseenHosts: unseenHosts(nil), // what does not answer is warned of
	}
	item.model = model
	return item
}
