package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// served is a provider server that answers with fixed schemas.
type served struct {
	tfprotov6.ProviderServer
	schemas    tfprotov6.GetProviderSchemaResponse
	identities tfprotov6.GetResourceIdentitySchemasResponse
}

func (s *served) GetProviderSchema(
	context.Context, *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &s.schemas, nil
}

func (s *served) GetResourceIdentitySchemas(
	context.Context, *tfprotov6.GetResourceIdentitySchemasRequest,
) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &s.identities, nil
}

// probe serves one of everything that the provider uses, and nested blocks.
func probe() *served {
	hosts := &tfprotov6.SchemaAttribute{
		Name:            "hosts",
		Type:            tftypes.Set{ElementType: tftypes.String},
		Description:     "The **hosts**.",
		DescriptionKind: tfprotov6.StringKindMarkdown,
		Optional:        true,
		Computed:        true,
	}
	policy := &tfprotov6.SchemaAttribute{
		Name:     "policy",
		Optional: true,
		NestedType: &tfprotov6.SchemaObject{
			Nesting:    tfprotov6.SchemaObjectNestingModeMap,
			Attributes: []*tfprotov6.SchemaAttribute{{Name: "key", Type: tftypes.String, Required: true, Sensitive: true}},
		},
	}
	timeouts := &tfprotov6.SchemaNestedBlock{
		TypeName: "timeouts",
		Nesting:  tfprotov6.SchemaNestedBlockNestingModeList,
		MaxItems: 1,
		Block: &tfprotov6.SchemaBlock{
			Attributes: []*tfprotov6.SchemaAttribute{{Name: "create", Type: tftypes.Number, Optional: true}},
		},
	}
	of := func(attributes ...*tfprotov6.SchemaAttribute) *tfprotov6.Schema {
		return &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: attributes}}
	}
	resource := of(hosts)
	resource.Version = 2
	resource.Block.BlockTypes = []*tfprotov6.SchemaNestedBlock{timeouts}
	return &served{
		schemas: tfprotov6.GetProviderSchemaResponse{
			Provider:            of(),
			ResourceSchemas:     map[string]*tfprotov6.Schema{"virt_r": resource},
			DataSourceSchemas:   map[string]*tfprotov6.Schema{"virt_d": of(policy)},
			ActionSchemas:       map[string]*tfprotov6.ActionSchema{"virt_a": {Schema: of(policy)}},
			ListResourceSchemas: map[string]*tfprotov6.Schema{"virt_r": of(policy)},
			Functions: map[string]*tfprotov6.Function{"f": {
				Summary: "Short.", Description: "Long.",
				Parameters: []*tfprotov6.FunctionParameter{{Name: "level", Description: "A level.", AllowNullValue: true, Type: tftypes.DynamicPseudoType}},
				Return:     &tfprotov6.FunctionReturn{Type: tftypes.Bool},
			}},
		},
		identities: tfprotov6.GetResourceIdentitySchemasResponse{
			IdentitySchemas: map[string]*tfprotov6.ResourceIdentitySchema{"virt_r": {
				IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
					{Name: "uuid", Type: tftypes.String, RequiredForImport: true, Description: "The UUID."},
				},
			}},
		},
	}
}

// TestDump compares with what `terraform providers schema -json` writes.
func TestDump(t *testing.T) {
	t.Parallel()
	const policy = `{"attributes": {"policy": {"optional": true, "description_kind": "plain", "nested_type": {
		"nesting_mode": "map",
		"attributes": {"key": {"type": "string", "required": true, "sensitive": true, "description_kind": "plain"}}
	}}}, "description_kind": "plain"}`
	const want = `{
		"provider": {"version": 0, "block": {"description_kind": "plain"}},
		"resource_schemas": {"virt_r": {"version": 2, "block": {
			"attributes": {"hosts": {
				"type": ["set", "string"], "description": "The **hosts**.", "description_kind": "markdown",
				"optional": true, "computed": true
			}},
			"block_types": {"timeouts": {"nesting_mode": "list", "max_items": 1, "block": {
				"attributes": {"create": {"type": "number", "optional": true, "description_kind": "plain"}},
				"description_kind": "plain"
			}}},
			"description_kind": "plain"
		}}},
		"data_source_schemas": {"virt_d": {"version": 0, "block": ` + policy + `}},
		"list_resource_schemas": {"virt_r": {"version": 0, "block": ` + policy + `}},
		"functions": {"f": {"summary": "Short.", "description": "Long.", "return_type": "bool",
			"parameters": [{"name": "level", "description": "A level.", "is_nullable": true, "type": "dynamic"}]}},
		"action_schemas": {"virt_a": {"block": ` + policy + `}},
		"resource_identity_schemas": {"virt_r": {"version": 0, "attributes": {
			"uuid": {"type": "string", "description": "The UUID.", "required_for_import": true}
		}}}
	}`
	got, err := dump(t.Context(), probe())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, want), decode(t, string(text))); diff != "" {
		t.Errorf("the dump differs (-want +got):\n%s", diff)
	}
}

func TestDumpFails(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*served)
		want   string
	}{
		"with the errors of the provider": {
			change: func(s *served) {
				s.schemas.Diagnostics = []*tfprotov6.Diagnostic{
					{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "Odd"},
					{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Broken Schema", Detail: "no type"},
				}
			},
			want: "Broken Schema: no type",
		},
		"rather than lose parameters": {
			change: func(s *served) { s.schemas.Functions["f"].VariadicParameter = &tfprotov6.FunctionParameter{} },
			want:   "f: it has a variadic parameter",
		},
		"naming what has no JSON form": {
			change: func(s *served) {
				s.schemas.ResourceSchemas["virt_r"].Block.Attributes[0].Type = nil
			},
			want: "virt_r: hosts: ",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := probe()
			tc.change(server)
			_, err := dump(t.Context(), server)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var out any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
