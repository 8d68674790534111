package provider_test

import (
	"context"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

// protocol drives the provider as Terraform does, without Terraform.
type protocol struct {
	server provider.Server
	schema *tfprotov6.GetProviderSchemaResponse
}

func newProtocol(t *testing.T) protocol {
	t.Helper()
	server := provider.NewServer("test")
	t.Cleanup(server.Close)
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(schema.Diagnostics) > 0 {
		t.Fatalf("the schema has diagnostics: %s", texts(schema.Diagnostics))
	}
	return protocol{server, schema}
}

// configure gives the provider hosts by their URIs.
func (p protocol) configure(t *testing.T, uris map[string]string) []*tfprotov6.Diagnostic {
	t.Helper()
	hosts := map[string]map[string]string{}
	for name, uri := range uris {
		hosts[name] = map[string]string{"uri": uri}
	}
	return p.configureHosts(t, hosts)
}

// configureHosts gives the provider hosts with the given fields.
func (p protocol) configureHosts(t *testing.T, hosts map[string]map[string]string) []*tfprotov6.Diagnostic {
	t.Helper()
	return p.configureWith(t, hosts, nil)
}

// configureWith gives the provider hosts, and other attributes.
func (p protocol) configureWith(t *testing.T, hosts map[string]map[string]string, others map[string]tftypes.Value) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := p.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.configuration(t, hosts, others)})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// validateHosts asks what is wrong with hosts with the given fields.
func (p protocol) validateHosts(t *testing.T, hosts map[string]map[string]string) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := p.server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: p.configuration(t, hosts, nil)})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// configuration is the provider's, with hosts that have the given fields, and others.
func (p protocol) configuration(
	t *testing.T, hosts map[string]map[string]string, others map[string]tftypes.Value,
) *tfprotov6.DynamicValue {
	t.Helper()
	object := p.schema.Provider.ValueType().(tftypes.Object) //nolint:forcetypeassert // the schema says so
	mapType := object.AttributeTypes["hosts"].(tftypes.Map)  //nolint:forcetypeassert // the schema says so
	hostType := mapType.ElementType.(tftypes.Object)         //nolint:forcetypeassert // the schema says so
	elements := map[string]tftypes.Value{}
	for host, fields := range hosts {
		values := map[string]tftypes.Value{}
		for name, typ := range hostType.AttributeTypes {
			values[name] = tftypes.NewValue(typ, nil)
		}
		for name, v := range fields {
			values[name] = text(v)
		}
		elements[host] = tftypes.NewValue(hostType, values)
	}
	config := map[string]tftypes.Value{"hosts": tftypes.NewValue(mapType, elements)}
	maps.Copy(config, others)
	return value(t, p.schema.Provider, config)
}

// value is an object of the schema's type with the given attributes; the others
// are null.
func value(t *testing.T, schema *tfprotov6.Schema, attributes map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("the schema is a %T", schema.ValueType())
	}
	values := make(map[string]tftypes.Value, len(object.AttributeTypes))
	for name, typ := range object.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	for name, v := range attributes {
		if _, ok := object.AttributeTypes[name]; !ok {
			t.Fatalf("the schema has no attribute %s", name)
		}
		values[name] = v
	}
	dynamic, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

// validate asks what is wrong with a resource's configuration.
func (p protocol) validate(ctx context.Context, t *testing.T, resource string, attributes map[string]tftypes.Value) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := p.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resource,
		Config:   value(t, p.schema.ResourceSchemas[resource], attributes),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

func texts(diagnostics []*tfprotov6.Diagnostic) []string {
	all := make([]string, len(diagnostics))
	for i, d := range diagnostics {
		all[i] = d.Severity.String() + " " + d.Attribute.String() + ": " + d.Summary + ": " + d.Detail
	}
	return all
}

func text(s string) tftypes.Value  { return tftypes.NewValue(tftypes.String, s) }
func number(n int64) tftypes.Value { return tftypes.NewValue(tftypes.Number, n) }
func boolean(b bool) tftypes.Value { return tftypes.NewValue(tftypes.Bool, b) }
func unknownText() tftypes.Value   { return tftypes.NewValue(tftypes.String, tftypes.UnknownValue) }
func names(all ...string) tftypes.Value {
	elements := make([]tftypes.Value, len(all))
	for i, name := range all {
		elements[i] = text(name)
	}
	return tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, elements)
}
