//go:build lab

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

const policyType = "virt_vm_migration_policy"

// run is one run of Terraform with the provider in this process, so that what the provider does can be counted.
type run struct {
	server provider.Server
	schema *tfprotov6.Schema
	kind   cty.Type
}

// instance is a policy in Terraform's state.
type instance struct {
	config, state map[string]tftypes.Value
	document      []byte // the state as Terraform keeps it
	private       []byte
	identity      *tfprotov6.ResourceIdentityData
}

// newRun starts a run with hosts at URIs.
func newRun(t *testing.T, uris map[string]string) *run {
	t.Helper()
	r := &run{server: provider.NewServer("bench")}
	t.Cleanup(r.server.Close)
	schemas, err := r.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(t, err)
	r.schema = schemas.ResourceSchemas[policyType]
	described, err := json.Marshal(r.schema.ValueType())
	must(t, err)
	r.kind, err = ctyjson.UnmarshalType(described)
	must(t, err)
	hosts := map[string]any{}
	for name, uri := range uris {
		hosts[name] = map[string]string{"uri": uri}
	}
	config, err := encode(map[string]any{"hosts": hosts})
	must(t, err)
	configured, err := r.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	must(t, err)
	must(t, failure(configured.Diagnostics))
	return r
}

// create makes the policy of a VM.
func (r *run) create(ctx context.Context, vm string) (*instance, error) {
	in := &instance{config: map[string]tftypes.Value{
		"vm": tftypes.NewValue(tftypes.String, vm), "auto_converge": tftypes.NewValue(tftypes.Bool, true),
		"max_downtime_ms": tftypes.NewValue(tftypes.Number, 300),
	}}
	nothing, err := tfprotov6.NewDynamicValue(r.schema.ValueType(), tftypes.NewValue(r.schema.ValueType(), nil))
	if err != nil {
		return nil, err
	}
	config, err := r.object(in.config)
	if err != nil {
		return nil, err
	}
	planned, err := r.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: policyType, PriorState: &nothing, ProposedNewState: config, Config: config,
	})
	if err == nil {
		err = failure(planned.Diagnostics)
	}
	if err != nil {
		return nil, err
	}
	applied, err := r.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: policyType, PriorState: &nothing, PlannedState: planned.PlannedState, Config: config,
		PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	if err == nil {
		err = failure(applied.Diagnostics)
	}
	if err != nil {
		return nil, err
	}
	in.private, in.identity = applied.Private, applied.NewIdentity
	return in, r.keep(in, applied.NewState)
}

// keep keeps the state as Terraform does.
func (r *run) keep(in *instance, state *tfprotov6.DynamicValue) error {
	object, err := state.Unmarshal(r.schema.ValueType())
	if err != nil {
		return err
	}
	if err := object.As(&in.state); err != nil {
		return err
	}
	decoded, err := msgpack.Unmarshal(state.MsgPack, r.kind)
	if err != nil {
		return err
	}
	in.document, err = ctyjson.Marshal(decoded, r.kind)
	return err
}

// plan refreshes and plans a policy, and finds nothing to change, or it is an error.
func (r *run) plan(ctx context.Context, in *instance) error {
	config, err := r.object(in.config)
	if err != nil {
		return err
	}
	if _, err := r.server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: policyType, Config: config}); err != nil {
		return err
	}
	upgraded, err := r.server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: policyType, RawState: &tfprotov6.RawState{JSON: in.document},
	})
	if err != nil {
		return err
	}
	read, err := r.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName: policyType, CurrentState: upgraded.UpgradedState, Private: in.private, CurrentIdentity: in.identity,
	})
	if err == nil {
		err = failure(read.Diagnostics)
	}
	if err != nil {
		return err
	}
	planned, err := r.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName: policyType, PriorState: read.NewState, ProposedNewState: read.NewState, Config: config,
		PriorPrivate: read.Private, PriorIdentity: read.NewIdentity,
	})
	if err == nil {
		err = failure(planned.Diagnostics)
	}
	if err != nil {
		return err
	}
	after, err := planned.PlannedState.Unmarshal(r.schema.ValueType())
	if err != nil {
		return err
	}
	if before := tftypes.NewValue(r.schema.ValueType(), in.state); !after.Equal(before) {
		return fmt.Errorf("the plan is %s, the state %s", after, before)
	}
	return nil
}

// object encodes attributes; all others are null.
func (r *run) object(given map[string]tftypes.Value) (*tfprotov6.DynamicValue, error) {
	values := map[string]tftypes.Value{}
	for _, attribute := range r.schema.Block.Attributes {
		value, ok := given[attribute.Name]
		if !ok {
			value = tftypes.NewValue(attribute.ValueType(), nil)
		}
		values[attribute.Name] = value
	}
	encoded, err := tfprotov6.NewDynamicValue(r.schema.ValueType(), tftypes.NewValue(r.schema.ValueType(), values))
	return &encoded, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
