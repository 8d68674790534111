package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// call calls a function as Terraform does.
func (p protocol) call(t *testing.T, name string, arguments ...tftypes.Value) (tftypes.Value, *tfprotov6.FunctionError) {
	t.Helper()
	definition := p.schema.Functions[name]
	if definition == nil {
		t.Fatalf("there is no function %s", name)
	}
	req := &tfprotov6.CallFunctionRequest{Name: name}
	for i, argument := range arguments {
		dynamic, err := tfprotov6.NewDynamicValue(definition.Parameters[i].Type, argument)
		if err != nil {
			t.Fatal(err)
		}
		req.Arguments = append(req.Arguments, &dynamic)
	}
	resp, err := p.server.CallFunction(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return tftypes.Value{}, resp.Error
	}
	result, err := resp.Result.Unmarshal(definition.Return.Type)
	if err != nil {
		t.Fatal(err)
	}
	return result, nil
}

// fields is the result of a function, of which all other fields are null.
func (p protocol) fields(name string, set map[string]tftypes.Value) tftypes.Value {
	object := p.schema.Functions[name].Return.Type.(tftypes.Object) //nolint:forcetypeassert // both functions return one
	values := map[string]tftypes.Value{}
	for name, typ := range object.AttributeTypes {
		values[name] = tftypes.NewValue(typ, nil)
	}
	maps.Copy(values, set)
	return tftypes.NewValue(object, values)
}

// object is an object as a configuration has it.
func object(members map[string]tftypes.Value) tftypes.Value {
	attributes := map[string]tftypes.Type{}
	for name, v := range members {
		attributes[name] = v.Type()
	}
	return tftypes.NewValue(tftypes.Object{AttributeTypes: attributes}, members)
}

// nothing is null as it is written in a configuration.
var nothing = tftypes.NewValue(tftypes.DynamicPseudoType, nil)

// builtIn are the effective fields where no level says anything.
func builtIn() map[string]tftypes.Value {
	return map[string]tftypes.Value{
		"auto_converge": boolean(false), "compression": boolean(false), "parallel_connections": number(0), "post_copy": boolean(false),
		"encryption": boolean(false), "parallel_compression": text("none"), "zero_copy": boolean(false), "timeout": text("30m"), "stall_timeout": text("2m"), "on_timeout": text("abort"),
		"copy_storage": text("none"), "synchronous_writes": boolean(false), "evacuation": text("live"),
	}
}

func TestEffectivePolicyFunction(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	onAllLevels := builtIn()
	maps.Copy(onAllLevels, map[string]tftypes.Value{
		"auto_converge": boolean(true), "compression": boolean(true), "max_downtime_ms": number(600), "timeout": text("1m30s"),
		"bandwidth_mib_per_second": number(100),
	})
	for name, test := range map[string]struct {
		levels []tftypes.Value
		want   map[string]tftypes.Value
	}{
		"nothing": {[]tftypes.Value{nothing, nothing, nothing}, builtIn()},
		"empty":   {[]tftypes.Value{object(nil), nothing, object(map[string]tftypes.Value{"compression": nothing})}, builtIn()},
		"each on its own": {[]tftypes.Value{
			object(map[string]tftypes.Value{"auto_converge": boolean(true), "max_downtime_ms": number(400), "bandwidth_mib_per_second": number(100)}),
			object(map[string]tftypes.Value{"compression": boolean(true), "max_downtime_ms": number(500), "timeout": text("90s")}),
			object(map[string]tftypes.Value{"compression": tftypes.NewValue(tftypes.Bool, nil), "max_downtime_ms": number(600)}),
		}, onAllLevels},
		"a map": {[]tftypes.Value{tftypes.NewValue(tftypes.Map{ElementType: tftypes.Bool}, map[string]tftypes.Value{
			"auto_converge": boolean(true), "compression": boolean(true),
		}), nothing, object(map[string]tftypes.Value{
			"max_downtime_ms": number(600), "timeout": text("90s"), "bandwidth_mib_per_second": number(100),
		})}, onAllLevels},
	} {
		got, err := p.call(t, "effective_policy", test.levels...)
		if err != nil {
			t.Errorf("%s: %s", name, err.Text)
			continue
		}
		if want := p.fields("effective_policy", test.want); !got.Equal(want) {
			diff, _ := want.Diff(got)
			t.Errorf("%s: %s", name, diff)
		}
	}
	grouped, err := p.call(t, "effective_policy", nothing, nothing, object(map[string]tftypes.Value{"anti_affinity_group": text("db")}))
	withGroup := builtIn()
	withGroup["anti_affinity_group"] = text("db")
	if err != nil || !grouped.Equal(p.fields("effective_policy", withGroup)) {
		t.Errorf("a VM in a group: %s, %v", grouped, err)
	}
	for position := range 2 {
		levels := []tftypes.Value{nothing, nothing, nothing}
		levels[position] = object(map[string]tftypes.Value{"anti_affinity_group": text("db")})
		const want = "anti_affinity_group cannot be set on this level. It is a field of virt_vm_migration_policy"
		if _, err := p.call(t, "effective_policy", levels...); err == nil || err.Text != want {
			t.Errorf("a group of level %d: %v", position, err)
		}
	}
	unknown, err := p.call(t, "effective_policy", nothing, object(map[string]tftypes.Value{"timeout": unknownText()}), nothing)
	if err != nil || unknown.IsKnown() {
		t.Errorf("an unknown value in an argument: %v, %v; want an unknown result", unknown, err)
	}
}

func TestEffectivePolicyFunctionRefuses(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	for want, level := range map[string]tftypes.Value{
		`"auto_convergence" is no policy field. The nearest is "auto_converge"`: object(map[string]tftypes.Value{"auto_convergence": boolean(true)}),
		`"compressions" is no policy field. The nearest is "compression"`:       object(map[string]tftypes.Value{"compressions": nothing}),
		`"hosts" is no policy field. The fields are preset, auto_converge,`:     object(map[string]tftypes.Value{"hosts": names("kvm1")}),
		`"version" is no policy field`:                                          object(map[string]tftypes.Value{"version": number(1)}),
		`auto_converge: must be true or false, not "true"`:                      object(map[string]tftypes.Value{"auto_converge": text("true")}),
		`max_downtime_ms: must be a whole number, not 1.5`:                      object(map[string]tftypes.Value{"max_downtime_ms": tftypes.NewValue(tftypes.Number, 1.5)}),
		`timeout: must be a duration in quotes, not 90`:                         object(map[string]tftypes.Value{"timeout": number(90)}),
		`timeout: "soon" is not a duration such as`:                             object(map[string]tftypes.Value{"timeout": text("soon")}),
		`on_timeout: must be a word in quotes, not ["abort"]`:                   object(map[string]tftypes.Value{"on_timeout": names("abort")}),
		`on_timeout: "stop" is not valid`:                                       object(map[string]tftypes.Value{"on_timeout": text("stop")}),
		`compression_cache_mib: 100 is not a power of two`:                      object(map[string]tftypes.Value{"compression_cache_mib": number(100)}),
		`compression_cache_mib tunes compression, which is set to false`: object(map[string]tftypes.Value{
			"compression": boolean(false), "compression_cache_mib": number(64),
		}),
		`A policy is an object with policy fields, such as { auto_converge = true }, or null. This is a string`: text("auto_converge"),
		`or null. This is a list`: names("auto_converge"),
	} {
		for position := range 3 {
			levels := []tftypes.Value{nothing, nothing, nothing}
			levels[position] = level
			_, err := p.call(t, "effective_policy", levels...)
			switch {
			case err == nil:
				t.Errorf("no error %q", want)
			case strings.HasSuffix(err.Text, "."), strings.Contains(err.Text, ": compression_cache_mib tunes"):
				t.Errorf("%q says something twice: Terraform ends it with a full stop", err.Text)
			case !strings.Contains(err.Text, want), err.FunctionArgument == nil, *err.FunctionArgument != int64(position):
				t.Errorf("error %q on argument %v, want %q on %d", err.Text, err.FunctionArgument, want, position)
			}
		}
	}
}

func TestDecodePolicyRecordFunction(t *testing.T) {
	t.Parallel()
	p := newProtocol(t)
	got, err := p.call(t, "decode_policy_record", text(`{"version":1,"cluster":"compute","owner":"3f1f7a52-2c5b-4f0e-9d5c-0a8f6f2b7f11",`+
		`"declared_at":"2026-11-25T22:30:05Z","auto_converge":true,"max_downtime_ms":500,"timeout":"90s","on_timeout":"pause","of_a_later_release":[1]}`))
	if err != nil {
		t.Fatal(err.Text)
	}
	want := p.fields("decode_policy_record", map[string]tftypes.Value{
		"auto_converge": boolean(true), "max_downtime_ms": number(500), "timeout": text("1m30s"), "on_timeout": text("pause"),
	})
	if !got.Equal(want) {
		diff, _ := want.Diff(got)
		t.Errorf("%s", diff)
	}
	for want, document := range map[string]string{
		"The record is empty":                 "",
		"The record is not a JSON object: on": "on",
		"The record has no version":           `{"auto_converge":true}`,
		"The record has version 2 and this release of the provider knows versions up to 1": `{"version":2}`,
		"auto_converge: must be true or false, not \"yes\"":                                `{"version":1,"auto_converge":"yes"}`,
	} {
		_, err := p.call(t, "decode_policy_record", text(document))
		switch {
		case err == nil:
			t.Errorf("%s: no error", document)
		case err.Text != want, err.FunctionArgument == nil, *err.FunctionArgument != 0:
			t.Errorf("%s: error %q on argument %v, want %q", document, err.Text, err.FunctionArgument, want)
		}
	}
}
