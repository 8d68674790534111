package provider

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// configModel is the provider's configuration.
type configModel struct {
	Hosts                 types.Map    `tfsdk:"hosts"`
	UnreachableHosts      types.String `tfsdk:"unreachable_hosts"`
	MaxOutgoingMigrations wholeNumber  `tfsdk:"max_outgoing_migrations"`
	MaxIncomingMigrations wholeNumber  `tfsdk:"max_incoming_migrations"`
	ReportDirectory       types.String `tfsdk:"report_directory"`
}

// hostModel is one host of the configuration.
type hostModel struct {
	URI            types.String `tfsdk:"uri"`
	PeerURI        types.String `tfsdk:"peer_uri"`
	MigrationURI   types.String `tfsdk:"migration_uri"`
	ListenAddress  types.String `tfsdk:"listen_address"`
	TLSDestination types.String `tfsdk:"tls_destination"`
	Username       types.String `tfsdk:"username"`
	Password       types.String `tfsdk:"password"`
	Bandwidth      wholeNumber  `tfsdk:"migration_bandwidth_mib_per_second"`
	Changes        types.Object `tfsdk:"destination_changes"`
}

// budgetName is the attribute of a host that is the budget of its link.
const budgetName = "migration_bandwidth_mib_per_second"

// maxMigrationsDescription takes the direction, the largest value and the default.
const maxMigrationsDescription = "Maximum number of concurrent %s migrations per host, 1 to %d; further moves wait. " +
	"It holds for all runs together, and counts migrations that other tools have started. Default: %d."

func configAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"hosts": schema.MapNestedAttribute{
			MarkdownDescription: "The libvirt hosts, each under a label that resources use for it. The provider " +
				"knows a host by its host UUID, so a label can be changed. " +
				"Terraform drops keys that it does not know in these objects without an error: check their spelling. " +
				"Default: one host named `default`, at the URI in `LIBVIRT_DEFAULT_URI`, else `uri_default` in " +
				"libvirt's `libvirt.conf`, else `qemu:///system`.",
			Optional:     true,
			Validators:   []validator.Map{someHosts{}, mapvalidator.KeysAre(nameValidator{})},
			NestedObject: schema.NestedAttributeObject{Attributes: hostAttributes()},
		},
		"unreachable_hosts": schema.StringAttribute{
			MarkdownDescription: "What a plan does about a host that cannot be reached: `error` fails; `warn` gives " +
				"a warning, continues, and keeps what state says of that host. Writing to such a host is always an " +
				"error. Default: `error`. The environment variable `" + unreachableVariable + "` overrides it for one run.",
			Optional:   true,
			Validators: []validator.String{oneOf(unreachableValues()...)},
		},
		"max_outgoing_migrations": schema.Int64Attribute{
			CustomType: wholeNumberType{},
			MarkdownDescription: fmt.Sprintf(maxMigrationsDescription, "outgoing", fleet.MostMigrations,
				fleet.DefaultMigrations),
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, fleet.MostMigrations)},
		},
		"max_incoming_migrations": schema.Int64Attribute{
			CustomType: wholeNumberType{},
			MarkdownDescription: fmt.Sprintf(maxMigrationsDescription, "incoming", fleet.MostMigrations,
				fleet.DefaultMigrations),
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, fleet.MostMigrations)},
		},
		"report_directory": schema.StringAttribute{
			MarkdownDescription: "Directory on the machine that runs Terraform, for a report of each move: a JSON " +
				"document, a picture (SVG), and metrics for the textfile collector of node_exporter. A relative path " +
				"begins where Terraform runs. It is made where there is none, and nothing in it is ever deleted. " +
				"`VIRT_REPORT_DIRECTORY` overrides it. Default: no reports.",
			Optional:   true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
	}
}

// hostAttributes are those of one host.
func hostAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"uri": schema.StringAttribute{
			MarkdownDescription: "[Connection URI](https://libvirt.org/uri.html) of libvirt, by which " +
				"Terraform reaches the host: `qemu+ssh` (through this machine's `ssh`), `qemu+libssh` (without `ssh`), " +
				"`qemu+tls`, `qemu+tcp`, `qemu+unix` or `qemu:///system`. An alias from `uri_aliases` in " +
				"libvirt's `libvirt.conf` works, too.",
			Required: true,
		},
		"peer_uri": schema.StringAttribute{
			MarkdownDescription: "Connection URI by which the other hosts' libvirt reaches this one, for " +
				"peer-to-peer migration to it. " +
				"Default: `uri` without its client-side parameters. A local `uri` has no default: migrations " +
				"to this host are then direct, and `peer_to_peer` is an error.",
			Optional: true,
		},
		"migration_uri": schema.StringAttribute{
			MarkdownDescription: "Address that memory is sent to when this host is the destination, such as " +
				"`tcp://10.0.0.2` or `tcp://[fd00::2]` (in libvirt `migrate_uri`). Leave the port out: libvirt then " +
				"chooses a free one for each migration, from 49152 to 49215 unless its `qemu.conf` says otherwise. " +
				"With a port one VM at a time can come in, and other moves wait. " +
				"Default: this host's libvirt chooses it, by its host name.",
			Optional: true,
		},
		"listen_address": schema.StringAttribute{
			MarkdownDescription: "Name or address on which this host receives memory, such as `10.0.0.2` (in libvirt " +
				"`listen_address`). `migration_uri` has to lead there. Default: `migration_address` in its " +
				"`qemu.conf`, else all its addresses.",
			Optional: true,
		},
		"tls_destination": schema.StringAttribute{
			MarkdownDescription: "Name or address that is in this host's certificate, for migrations to it with " +
				"`encryption` (in libvirt `tls.destination`, in QEMU `tls-hostname`). It is needed where the certificate " +
				"has a name and `migration_uri` an address. Default: the name or address that memory is sent to.",
			Optional: true,
		},
		"username": schema.StringAttribute{
			MarkdownDescription: "User name for a libvirt that requires SASL authentication, over any " +
				"transport but `qemu+tcp`. Default: the credentials that libvirt's `auth.conf` has for the host.",
			Optional: true,
		},
		"password": schema.StringAttribute{
			MarkdownDescription: "Password of `username`. It is never sent over an unencrypted connection, " +
				"nor to a host whose certificate or host key is not verified.",
			Optional:  true,
			Sensitive: true,
		},
		budgetName: schema.Int64Attribute{
			CustomType: wholeNumberType{},
			MarkdownDescription: fmt.Sprintf("Budget for all moves over this host's link, those that leave it and those "+
				"that enter it, in MiB/s, 1 to %d. Each gets its share, at least 1 MiB/s, and another one when moves come "+
				"and go; `bandwidth_mib_per_second` of its policy still limits it. Disks that are copied have a part in "+
				"it, and each migration that others make counts as one. In libvirt `virDomainMigrateSetMaxSpeed`, in QEMU "+
				"`max-bandwidth` and `max-postcopy-bandwidth`. Default: no budget.", policy.MaxBandwidthMiBPerSecond),
			Optional:   true,
			Validators: []validator.Int64{int64validator.Between(1, policy.MaxBandwidthMiBPerSecond)},
		},
		destinationChangesName: hostChanges(),
	}
}

// known tells whether all of the configuration is known. While it is not,
// Terraform can only be planning.
func (m configModel) known() bool { return len(m.unknown()) == 0 }

// unknown are the attributes that are not known, or not in all their parts.
func (m configModel) unknown() []string {
	var names []string
	for _, attribute := range []struct {
		name    string
		unknown bool
	}{
		{"hosts", m.hostsUnknown()},
		{"unreachable_hosts", m.UnreachableHosts.IsUnknown()},
		{"max_outgoing_migrations", m.MaxOutgoingMigrations.IsUnknown()},
		{"max_incoming_migrations", m.MaxIncomingMigrations.IsUnknown()},
	} {
		if attribute.unknown {
			names = append(names, attribute.name)
		}
	}
	return names
}

func (m configModel) hostsUnknown() bool { return !whollyKnown(m.Hosts) }

// unknownWarning says that a plan compares nothing. Configure gives it, which
// Terraform calls once for each provider configuration.
func (m configModel) unknownWarning() diag.Diagnostic {
	names := m.unknown()
	return warnedAt(path.Root(names[0]), explain.ConfigurationUnknown(names))
}

func (m configModel) fleetConfig(ctx context.Context) (fleet.Config, diag.Diagnostics) {
	config := fleet.Config{
		Unreachable: fleet.UnreachableError,
		MaxOutgoing: fleet.DefaultMigrations,
		MaxIncoming: fleet.DefaultMigrations,
	}
	if !m.UnreachableHosts.IsNull() {
		config.Unreachable = fleet.Unreachable(m.UnreachableHosts.ValueString())
	}
	diags := overrideUnreachable(&config)
	if !m.MaxOutgoingMigrations.IsNull() {
		config.MaxOutgoing = int(m.MaxOutgoingMigrations.ValueInt64())
	}
	if !m.MaxIncomingMigrations.IsNull() {
		config.MaxIncoming = int(m.MaxIncomingMigrations.ValueInt64())
	}
	if m.Hosts.IsNull() {
		only, invalid := hostFromEnvironment()
		config.Hosts = []host.Config{only}
		diags.Append(invalid...)
		return config, diags
	}
	var invalid diag.Diagnostics
	config.Hosts, config.Changes, config.Budgets, invalid = m.hosts(ctx)
	diags.Append(invalid...)
	diags.Append(validateHosts(config.Hosts)...)
	return config, diags
}

// unreachableVariable is the environment variable that overrides unreachable_hosts for
// one run.
const unreachableVariable = "VIRT_UNREACHABLE_HOSTS"

// overrideUnreachable takes what the environment says. An empty variable says nothing.
func overrideUnreachable(config *fleet.Config) diag.Diagnostics {
	said := os.Getenv(unreachableVariable)
	if said == "" {
		return nil
	}
	if !slices.Contains(unreachableValues(), said) {
		return diag.Diagnostics{failed(explain.InvalidVariable(unreachableVariable, said, unreachableValues()))}
	}
	config.Unreachable = fleet.Unreachable(said)
	return nil
}

// unreachableValues are the values of unreachable_hosts.
func unreachableValues() []string {
	return []string{string(fleet.UnreachableError), string(fleet.UnreachableWarn)}
}

// hosts are the configured hosts, sorted by name, so that what is wrong with them is said in
// the same order each time, what VMs find called otherwise on each of them,
// and the budgets of their links.
func (m configModel) hosts(ctx context.Context) (
	configs []host.Config, changes map[string]definition.Changes, budgets map[string]int64, diags diag.Diagnostics,
) {
	var hosts map[string]hostModel
	diags = m.Hosts.ElementsAs(ctx, &hosts, false)
	changes, budgets = map[string]definition.Changes{}, map[string]int64{}
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		configs = append(configs, hosts[name].config(name))
		changes[name] = destinationChanges(hosts[name].Changes)
		if budget := hosts[name].Bandwidth; !budget.IsNull() {
			budgets[name] = budget.ValueInt64()
		}
	}
	return configs, changes, budgets, diags
}

func (h hostModel) config(name string) host.Config {
	return host.Config{
		Name:           name,
		URI:            h.URI.ValueString(),
		PeerURI:        h.PeerURI.ValueString(),
		MigrationURI:   h.MigrationURI.ValueString(),
		ListenAddress:  h.ListenAddress.ValueString(),
		TLSDestination: h.TLSDestination.ValueString(),
		Username:       h.Username.ValueString(),
		Password:       host.Password(h.Password.ValueString()),
	}
}

// validate reports what is wrong on any machine. A URI that is a mere name may be an
// alias, which only the machine that applies has to know.
func (m configModel) validate(ctx context.Context) diag.Diagnostics {
	if !m.known() {
		return nil // Configure validates it once it is known
	}
	hosts, _, _, diags := m.hosts(ctx)
	for _, e := range fleet.Validate(hosts) {
		if e.Field != host.FieldURI || !aliased(hosts, e.Host) {
			diags.Append(invalidHost(e))
		}
	}
	return diags
}

// aliased tells whether the URI of a host is a mere name.
func aliased(hosts []host.Config, name string) bool {
	return slices.ContainsFunc(hosts, func(h host.Config) bool {
		return h.Name == name && h.URI != "" && !strings.Contains(h.URI, ":")
	})
}

// defaultHost is the name of the one host there is when the configuration has
// none.
const defaultHost = "default"

// hostFromEnvironment is the host that libvirt's own clients connect to when
// they are not told where to.
func hostFromEnvironment() (host.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	uri, origin, err := clientconfig.DefaultURI()
	if err != nil {
		diags.Append(failed(explain.NoDefaultHost(err)))
		return host.Config{}, diags
	}
	only := host.Config{Name: defaultHost, URI: uri}
	for _, e := range only.Validate() {
		diags.Append(failed(explain.InvalidDefaultHost(origin, e)))
	}
	return only, diags
}

// validateHosts reports every field that is invalid, on its attribute.
func validateHosts(hosts []host.Config) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, e := range fleet.Validate(hosts) {
		diags.Append(invalidHost(e))
	}
	return diags
}

func invalidHost(e *host.ConfigError) diag.Diagnostic {
	return failed(explain.InvalidHost(e), path.Root("hosts").AtMapKey(e.Host).AtName(e.Field))
}
