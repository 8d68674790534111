package provider

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Models are read from Terraform's values and written to them here, not by the framework's
// reflection: that reads the tags and types of every field anew, and takes a third of a
// plan of many resources. See ADR 024.

// layout is how a model lies in the values of its schema.
type layout struct {
	object tftypes.Type
	types  map[string]attr.Type
	wire   map[string]tftypes.Type
	fields map[string][]int // of the model's own attributes, by their tags
}

// layouts are known by the types of a schema and a model: a model belongs to one schema of
// a kind.
var layouts sync.Map

type layoutKey struct{ schema, model reflect.Type }

// layoutOf is the layout of a model in a schema.
func layoutOf(ctx context.Context, schema interface{ Type() attr.Type }, model policyHolder) (layout, error) {
	key := layoutKey{reflect.TypeOf(schema), reflect.TypeOf(model).Elem()}
	if known, ok := layouts.Load(key); ok {
		return known.(layout), nil //nolint:forcetypeassert // nothing else is stored
	}
	object, ok := schema.Type().(attr.TypeWithAttributeTypes)
	if !ok {
		return layout{}, fmt.Errorf("%T is not an object", schema.Type())
	}
	l := layout{
		object: object.TerraformType(ctx), types: object.AttributeTypes(),
		wire: map[string]tftypes.Type{}, fields: map[string][]int{},
	}
	for name, t := range l.types {
		l.wire[name] = t.TerraformType(ctx)
	}
	for _, f := range reflect.VisibleFields(key.model) {
		name, ok := f.Tag.Lookup("tfsdk")
		if !ok {
			continue
		}
		if t := l.types[name]; t == nil || reflect.TypeOf(t.ValueType(ctx)) != f.Type {
			return layout{}, fmt.Errorf("%v has a field %s of the type %v, which is not that of the attribute %q", key.model,
				f.Name, f.Type, name)
		}
		l.fields[name] = f.Index
	}
	for name := range l.types {
		_, isPolicy := policy.DefinitionOf(name)
		if _, own := l.fields[name]; !own && !isPolicy {
			return layout{}, fmt.Errorf("%v has no field for %q", key.model, name)
		}
	}
	layouts.Store(key, l)
	return l, nil
}

// getModel reads a configuration, a plan or a state.
func getModel[T tfsdk.Config | tfsdk.Plan | tfsdk.State](
	ctx context.Context, from T, model policyHolder,
) diag.Diagnostics {
	raw, schema := rawOf(from)
	l, err := layoutOf(ctx, schema, model)
	if err == nil {
		err = l.read(ctx, raw, model)
	}
	return unreadable(err)
}

// rawOf is what a configuration, a plan or a state holds.
func rawOf(from any) (tftypes.Value, interface{ Type() attr.Type }) {
	switch from := from.(type) {
	case tfsdk.Config:
		return from.Raw, from.Schema
	case tfsdk.Plan:
		return from.Raw, from.Schema
	default:
		state := from.(tfsdk.State) //nolint:forcetypeassert // getModel takes no other
		return state.Raw, state.Schema
	}
}

func unreadable(err error) diag.Diagnostics {
	if err == nil {
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to Convert Values", "This is a fault of the provider. "+
		"Please report it: "+err.Error()+".")}
}

func (l layout) read(ctx context.Context, raw tftypes.Value, model policyHolder) error {
	var values map[string]tftypes.Value
	if err := raw.As(&values); err != nil {
		return err
	}
	into := reflect.ValueOf(model).Elem()
	fields := make(map[string]attr.Value, len(l.types)-len(l.fields))
	for name, t := range l.types {
		value, err := t.ValueFromTerraform(ctx, values[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if index, own := l.fields[name]; own {
			into.FieldByIndex(index).Set(reflect.ValueOf(value))
		} else {
			fields[name] = value
		}
	}
	*model.fields() = policyModel{fields}
	return nil
}

// setState writes a model to a state.
func setState(ctx context.Context, state *tfsdk.State, model policyHolder) diag.Diagnostics {
	l, err := layoutOf(ctx, state.Schema, model)
	if err == nil {
		state.Raw, err = l.write(ctx, model)
	}
	return unreadable(err)
}

// setPlan writes a model to a plan.
func setPlan(ctx context.Context, plan *tfsdk.Plan, model policyHolder) diag.Diagnostics {
	l, err := layoutOf(ctx, plan.Schema, model)
	if err == nil {
		plan.Raw, err = l.write(ctx, model)
	}
	return unreadable(err)
}

// setResource writes a model to a result of a list.
func setResource(ctx context.Context, resource *tfsdk.Resource, model policyHolder) diag.Diagnostics {
	l, err := layoutOf(ctx, resource.Schema, model)
	if err == nil {
		resource.Raw, err = l.write(ctx, model)
	}
	return unreadable(err)
}

// write is a model as Terraform's value. A policy field that the model lacks is null.
func (l layout) write(ctx context.Context, model policyHolder) (tftypes.Value, error) {
	from, fields := reflect.ValueOf(model).Elem(), model.fields().values
	values := make(map[string]tftypes.Value, len(l.types))
	for name, wire := range l.wire {
		value := fields[name]
		if index, own := l.fields[name]; own {
			value, _ = from.FieldByIndex(index).Interface().(attr.Value)
		}
		if value == nil || value.IsNull() { // also one that was never set, which lacks its element type
			values[name] = tftypes.NewValue(wire, nil)
			continue
		}
		var err error
		if values[name], err = value.ToTerraformValue(ctx); err != nil {
			return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := tftypes.ValidateValue(l.object, values); err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.NewValue(l.object, values), nil
}
