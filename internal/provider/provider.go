package provider

import (
	"context"
	"log"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

var (
	_ provider.Provider                   = (*virtProvider)(nil)
	_ provider.ProviderWithActions        = (*virtProvider)(nil)
	_ provider.ProviderWithFunctions      = (*virtProvider)(nil)
	_ provider.ProviderWithListResources  = (*virtProvider)(nil)
	_ provider.ProviderWithValidateConfig = (*virtProvider)(nil)
)

// virtProvider owns the fleets that Configure made, so that their connections can be
// closed at the end.
type virtProvider struct {
	version string

	mu     sync.Mutex
	fleets []*fleet.Fleet
}

// New returns the provider for the framework's servers and for tools that read
// its schema.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return newProvider(version) }
}

func newProvider(version string) *virtProvider { return &virtProvider{version: version} }

func (p *virtProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "virt"
	resp.Version = p.version
}

func (p *virtProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages live-migration policy for VMs on plain libvirt/QEMU hosts, on three levels " +
			"(global, cluster, VM), and moves running VMs under that policy.",
		Attributes: configAttributes(),
	}
}

// ValidateConfig reports what is wrong before any plan.
func (p *virtProvider) ValidateConfig(
	ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse,
) {
	var config configModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate(ctx)...)
	}
}

// Configure reads the configuration and dials nothing: connections are made
// when they are first needed.
func (p *virtProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config configModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	data := &providerData{
		instances: instance.NewRegistry(), changes: instance.NewChanges(), claims: instance.NewClaims(),
		reports: config.reportDirectory(),
	}
	if config.known() {
		settings, diags := config.fleetConfig(ctx)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
		f, err := fleet.New(settings)
		if err != nil {
			resp.Diagnostics.Append(diagnose("Configure Provider", err))
			return
		}
		p.own(f)
		data.fleet = f
	} else {
		resp.Diagnostics.Append(config.unknownWarning())
	}
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.ActionData = data
	resp.ListResourceData = data
}

func (p *virtProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newGlobalSettingsResource,
		newClusterPolicyResource,
		newVMPolicyResource,
		newLiveMigrationResource,
		newMaintenanceResource,
	}
}

func (p *virtProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newEffectivePolicyDataSource,
		newHistoryDataSource,
		newHostsDataSource,
		newDestinationsDataSource,
		newPreflightDataSource,
		newForecastDataSource,
		newVMsDataSource,
	}
}

func (p *virtProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{newLiveMigrationAction, newEvacuationAction, newPostCopyRecoveryAction}
}

func (p *virtProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		newGlobalSettingsList,
		newClusterPolicyList,
		newVMPolicyList,
		newLiveMigrationList,
	}
}

func (p *virtProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newEffectivePolicyFunction, newDecodePolicyRecordFunction}
}

func (p *virtProvider) own(f *fleet.Fleet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fleets = append(p.fleets, f)
}

// drain keeps further moves from starting.
func (p *virtProvider) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.fleets {
		f.Drain()
	}
}

func (p *virtProvider) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.fleets {
		if err := f.Close(); err != nil {
			log.Printf("[WARN] %v", err) // nothing is left that would take a diagnostic
		}
	}
	p.fleets = nil
}

// providerData is what Configure hands to every resource, data source and action,
// each of which embeds it. The fleet is nil while the provider's configuration is
// not known yet, which can only be while planning.
type providerData struct {
	fleet     *fleet.Fleet
	instances *instance.Registry
	changes   *instance.Changes
	claims    *instance.Claims
	// reports is the directory for reports of moves; empty for none.
	reports string
}

// dataOf is what Configure handed over. All of it is nil before Configure, when
// Terraform only validates.
func dataOf(configured any) providerData {
	if data, ok := configured.(*providerData); ok {
		return *data
	}
	return providerData{}
}
