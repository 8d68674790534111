package provider

import (
	"context"
	"maps"
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
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// configModel is the provider's configuration.
type configModel struct {
	Hosts                 types.Map    `tfsdk:"hosts"`
	UnreachableHosts      types.String `tfsdk:"unreachable_hosts"`
	MaxOutgoingMigrations types.Int64  `tfsdk:"max_outgoing_migrations"`
	MaxIncomingMigrations types.Int64  `tfsdk:"max_incoming_migrations"`
}

// hostModel is one host of the configuration.
type hostModel struct {
	URI          types.String `tfsdk:"uri"`
	PeerURI      types.String `tfsdk:"peer_uri"`
	MigrationURI types.String `tfsdk:"migration_uri"`
	Username     types.String `tfsdk:"username"`
	Password     types.String `tfsdk:"password"`
}

func configAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"hosts": schema.MapNestedAttribute{
			MarkdownDescription: "The libvirt hosts, by the name that resources use for them. Left out: one host named `default`, reached as libvirt's own clients would: by `LIBVIRT_DEFAULT_URI`, else `uri_default` in libvirt's `libvirt.conf`, else `qemu:///system`.",
			Optional:            true,
			Validators:          []validator.Map{mapvalidator.SizeAtLeast(1), mapvalidator.KeysAre(stringvalidator.LengthAtLeast(1))},
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"uri": schema.StringAttribute{
					MarkdownDescription: "How Terraform reaches the host's libvirt, as one of [libvirt's connection URIs](https://libvirt.org/uri.html): `qemu+ssh` (through this machine's ssh), `qemu+libssh` (without one), `qemu+tls`, `qemu+tcp`, `qemu+unix` or `qemu:///system`; or an alias of one in `uri_aliases` of libvirt's `libvirt.conf`.",
					Required:            true,
				},
				"peer_uri": schema.StringAttribute{
					MarkdownDescription: "How the other hosts' libvirt reaches this one, for peer-to-peer migration to it. Default: `uri` without its client-side parameters; a local URI has no default.",
					Optional:            true,
				},
				"migration_uri": schema.StringAttribute{
					MarkdownDescription: "Where memory is sent when this host is the destination, such as `tcp://10.0.0.2` (libvirt `migrate_uri`). Default: the destination's libvirt chooses, by its host name.",
					Optional:            true,
				},
				"username": schema.StringAttribute{
					MarkdownDescription: "The user for a host whose libvirt wants SASL, on `qemu+tls` or a UNIX socket. Default: what libvirt's `auth.conf` has for the host.",
					Optional:            true,
				},
				"password": schema.StringAttribute{
					MarkdownDescription: "That user's password. It is never sent over an unencrypted connection, nor to a host whose certificate is not verified.",
					Optional:            true,
					Sensitive:           true,
				},
			}},
		},
		"unreachable_hosts": schema.StringAttribute{
			MarkdownDescription: "What a plan makes of a host that can not be reached: an error (`error`, the default), or a warning (`warn`), with which it goes on and keeps what state says of that host. Writing to such a host is always an error.",
			Optional:            true,
			Validators:          []validator.String{stringvalidator.OneOf(string(fleet.UnreachableError), string(fleet.UnreachableWarn))},
		},
		"max_outgoing_migrations": schema.Int64Attribute{
			MarkdownDescription: "Most migrations away from one host at a time; more wait for a place. Default: 2.",
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(1, fleet.MostMigrations)},
		},
		"max_incoming_migrations": schema.Int64Attribute{
			MarkdownDescription: "Most migrations to one host at a time; more wait for a place. Default: 2.",
			Optional:            true,
			Validators:          []validator.Int64{int64validator.Between(1, fleet.MostMigrations)},
		},
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

func (m configModel) hostsUnknown() bool {
	if m.Hosts.IsUnknown() {
		return true
	}
	for _, element := range m.Hosts.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() {
			return true
		}
		for _, attribute := range object.Attributes() {
			if attribute.IsUnknown() {
				return true
			}
		}
	}
	return false
}

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
	if !m.MaxOutgoingMigrations.IsNull() {
		config.MaxOutgoing = int(m.MaxOutgoingMigrations.ValueInt64())
	}
	if !m.MaxIncomingMigrations.IsNull() {
		config.MaxIncoming = int(m.MaxIncomingMigrations.ValueInt64())
	}
	if m.Hosts.IsNull() {
		only, diags := hostFromEnvironment()
		config.Hosts = []host.Config{only}
		return config, diags
	}
	hosts, diags := m.hosts(ctx)
	config.Hosts = hosts
	diags.Append(validateHosts(config.Hosts)...)
	return config, diags
}

// hosts are the configured hosts, sorted by name, so that what is wrong with
// them is said in the same order each time.
func (m configModel) hosts(ctx context.Context) ([]host.Config, diag.Diagnostics) {
	var hosts map[string]hostModel
	diags := m.Hosts.ElementsAs(ctx, &hosts, false)
	configs := make([]host.Config, 0, len(hosts))
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		configs = append(configs, hosts[name].config(name))
	}
	return configs, diags
}

func (h hostModel) config(name string) host.Config {
	return host.Config{
		Name:         name,
		URI:          h.URI.ValueString(),
		PeerURI:      h.PeerURI.ValueString(),
		MigrationURI: h.MigrationURI.ValueString(),
		Username:     h.Username.ValueString(),
		Password:     host.Password(h.Password.ValueString()),
	}
}

// validate reports what can be seen to be wrong wherever the configuration is
// validated. A URI that is a mere name may be an alias, which only the machine
// that applies need know.
func (m configModel) validate(ctx context.Context) diag.Diagnostics {
	if !m.known() {
		return nil // Configure validates it once it is known
	}
	hosts, diags := m.hosts(ctx)
	for _, h := range hosts {
		for _, e := range h.Validate() {
			if e.Field != host.FieldURI || strings.Contains(h.URI, ":") {
				diags.Append(invalidHost(e))
			}
		}
	}
	return diags
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

// validateHosts reports every field that can not be right, on its attribute.
func validateHosts(hosts []host.Config) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, h := range hosts {
		for _, e := range h.Validate() {
			diags.Append(invalidHost(e))
		}
	}
	return diags
}

func invalidHost(e *host.ConfigError) diag.Diagnostic {
	return failed(explain.InvalidHost(e), path.Root("hosts").AtMapKey(e.Host).AtName(e.Field))
}
