package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// dump asks a provider server for all its schemas.
func dump(ctx context.Context, server tfprotov6.ProviderServer) (*tfjson.ProviderSchema, error) {
	served, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	if err := failure(append(served.Diagnostics, identities.Diagnostics...)); err != nil {
		return nil, err
	}

	out := new(tfjson.ProviderSchema)
	if out.ConfigSchema, err = schema(served.Provider); err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		from map[string]*tfprotov6.Schema
		to   *map[string]*tfjson.Schema
	}{
		{served.ResourceSchemas, &out.ResourceSchemas},
		{served.DataSourceSchemas, &out.DataSourceSchemas},
		{served.EphemeralResourceSchemas, &out.EphemeralResourceSchemas},
		{served.ListResourceSchemas, &out.ListResourceSchemas},
	} {
		if *kind.to, err = each(kind.from, schema); err != nil {
			return nil, err
		}
	}
	if out.Functions, err = each(served.Functions, function); err != nil {
		return nil, err
	}
	if out.ActionSchemas, err = each(served.ActionSchemas, action); err != nil {
		return nil, err
	}
	if out.ResourceIdentitySchemas, err = each(identities.IdentitySchemas, identity); err != nil {
		return nil, err
	}
	return out, nil
}

// failure joins the errors among diagnostics.
func failure(diagnostics []*tfprotov6.Diagnostic) error {
	var errs []error
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			errs = append(errs, fmt.Errorf("%s: %s", d.Summary, d.Detail))
		}
	}
	return errors.Join(errs...)
}

// each converts every value of a map and names the key in an error.
func each[From, To any](from map[string]From, convert func(From) (To, error)) (map[string]To, error) {
	to := make(map[string]To, len(from))
	for name, value := range from {
		converted, err := convert(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		to[name] = converted
	}
	return to, nil
}

func schema(s *tfprotov6.Schema) (*tfjson.Schema, error) {
	b, err := block(s.Block)
	if err != nil {
		return nil, err
	}
	return &tfjson.Schema{Version: uint64(s.Version), Block: b}, nil
}

func action(a *tfprotov6.ActionSchema) (*tfjson.ActionSchema, error) {
	b, err := block(a.Schema.Block)
	if err != nil {
		return nil, err
	}
	return &tfjson.ActionSchema{Block: b}, nil
}

func function(f *tfprotov6.Function) (*tfjson.FunctionSignature, error) {
	if f.VariadicParameter != nil {
		return nil, errors.New("it has a variadic parameter, which this program does not write yet")
	}
	returns, err := ctyType(f.Return.Type)
	if err != nil {
		return nil, err
	}
	out := &tfjson.FunctionSignature{
		Description: f.Description, Summary: f.Summary, DeprecationMessage: f.DeprecationMessage, ReturnType: returns,
	}
	for _, p := range f.Parameters {
		t, err := ctyType(p.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		out.Parameters = append(out.Parameters, &tfjson.FunctionParameter{
			Name: p.Name, Description: p.Description, IsNullable: p.AllowNullValue, Type: t,
		})
	}
	return out, nil
}

func identity(s *tfprotov6.ResourceIdentitySchema) (*tfjson.IdentitySchema, error) {
	out := &tfjson.IdentitySchema{
		Version:    uint64(s.Version),
		Attributes: make(map[string]*tfjson.IdentityAttribute, len(s.IdentityAttributes)),
	}
	for _, a := range s.IdentityAttributes {
		t, err := ctyType(a.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		out.Attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType:      t,
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return out, nil
}

func block(b *tfprotov6.SchemaBlock) (*tfjson.SchemaBlock, error) {
	attributes, err := attributes(b.Attributes)
	if err != nil {
		return nil, err
	}
	out := &tfjson.SchemaBlock{
		Attributes:      attributes,
		NestedBlocks:    make(map[string]*tfjson.SchemaBlockType, len(b.BlockTypes)),
		Description:     b.Description,
		DescriptionKind: descriptionKind(b.DescriptionKind),
		Deprecated:      b.Deprecated,
	}
	for _, nested := range b.BlockTypes {
		inner, err := block(nested.Block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", nested.TypeName, err)
		}
		out.NestedBlocks[nested.TypeName] = &tfjson.SchemaBlockType{
			NestingMode: nestingMode(nested.Nesting),
			Block:       inner,
			MinItems:    uint64(nested.MinItems),
			MaxItems:    uint64(nested.MaxItems),
		}
	}
	return out, nil
}

func attributes(list []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
	out := make(map[string]*tfjson.SchemaAttribute, len(list))
	for _, a := range list {
		converted, err := attribute(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		out[a.Name] = converted
	}
	return out, nil
}

func attribute(a *tfprotov6.SchemaAttribute) (*tfjson.SchemaAttribute, error) {
	out := &tfjson.SchemaAttribute{
		Description:     a.Description,
		DescriptionKind: descriptionKind(a.DescriptionKind),
		Deprecated:      a.Deprecated,
		Required:        a.Required,
		Optional:        a.Optional,
		Computed:        a.Computed,
		Sensitive:       a.Sensitive,
		WriteOnly:       a.WriteOnly,
	}
	if a.NestedType == nil {
		t, err := ctyType(a.Type)
		out.AttributeType = t
		return out, err
	}
	nested, err := attributes(a.NestedType.Attributes)
	out.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
		Attributes:  nested,
		NestingMode: nestingMode(a.NestedType.Nesting),
	}
	return out, err
}

func descriptionKind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}

// nestingMode relies on the protocol and the JSON form naming the modes alike,
// but for the case of the letters.
func nestingMode(mode fmt.Stringer) tfjson.SchemaNestingMode {
	return tfjson.SchemaNestingMode(strings.ToLower(mode.String()))
}

// ctyType converts a type by the JSON form that both libraries share.
func ctyType(t tftypes.Type) (cty.Type, error) {
	var out cty.Type
	text, err := json.Marshal(t)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}
