package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider"
)

// bareServer serves the schemas of the real provider, and looks into values only where it has to: where something is
// created.
type bareServer struct {
	provider.Server // for its schemas

	resources map[string]*tfprotov6.Schema
}

func newBareServer() (*bareServer, error) {
	served := provider.NewServer("bench")
	schemas, err := served.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	return &bareServer{served, schemas.ResourceSchemas}, nil
}

func (*bareServer) ValidateProviderConfig(
	_ context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config}, nil
}

func (*bareServer) ConfigureProvider(
	context.Context, *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (*bareServer) ValidateResourceConfig(
	context.Context, *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// UpgradeResourceState hands the state back as it was kept: Terraform decodes JSON, too.
func (*bareServer) UpgradeResourceState(
	_ context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: req.RawState.JSON}}, nil
}

func (*bareServer) UpgradeResourceIdentity(
	_ context.Context, req *tfprotov6.UpgradeResourceIdentityRequest,
) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	identity := &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{JSON: req.RawIdentity.JSON}}
	return &tfprotov6.UpgradeResourceIdentityResponse{UpgradedIdentity: identity}, nil
}

func (*bareServer) ReadResource(
	_ context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{
		NewState: req.CurrentState, NewIdentity: req.CurrentIdentity, Private: req.Private,
	}, nil
}

func (s *bareServer) PlanResourceChange(
	_ context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp := &tfprotov6.PlanResourceChangeResponse{
		PlannedState: req.ProposedNewState, PlannedIdentity: req.PriorIdentity, PlannedPrivate: req.PriorPrivate,
	}
	if created, err := req.PriorState.IsNull(); err != nil || !created {
		return resp, err
	}
	schema := s.resources[req.TypeName]
	computed := map[string]bool{}
	for _, attribute := range schema.Block.Attributes {
		computed[attribute.Name] = attribute.Computed
	}
	var err error
	resp.PlannedState, err = change(req.ProposedNewState, schema, func(name string, v tftypes.Value) tftypes.Value {
		if computed[name] && v.IsNull() {
			return tftypes.NewValue(v.Type(), tftypes.UnknownValue)
		}
		return v
	})
	return resp, err
}

func (s *bareServer) ApplyResourceChange(
	_ context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp := &tfprotov6.ApplyResourceChangeResponse{
		NewState: req.PlannedState, NewIdentity: req.PlannedIdentity, Private: req.PlannedPrivate,
	}
	if created, err := req.PriorState.IsNull(); err != nil || !created {
		return resp, err
	}
	var err error
	fill := func(_ string, v tftypes.Value) tftypes.Value {
		switch {
		case v.IsKnown():
			return v
		case v.Type().Is(tftypes.String):
			return tftypes.NewValue(tftypes.String, "filled")
		default:
			return tftypes.NewValue(v.Type(), nil)
		}
	}
	resp.NewState, err = change(req.PlannedState, s.resources[req.TypeName], fill)
	uuid := &tfprotov6.DynamicValue{JSON: []byte(`{"uuid":"filled"}`)}
	resp.NewIdentity = &tfprotov6.ResourceIdentityData{IdentityData: uuid}
	return resp, err
}

// change changes each attribute of an encoded object.
func change(
	encoded *tfprotov6.DynamicValue, schema *tfprotov6.Schema, to func(name string, v tftypes.Value) tftypes.Value,
) (*tfprotov6.DynamicValue, error) {
	kind := schema.ValueType()
	object, err := encoded.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	var attributes map[string]tftypes.Value
	if err := object.As(&attributes); err != nil {
		return nil, fmt.Errorf("decode attributes: %w", err)
	}
	for name, value := range attributes {
		attributes[name] = to(name, value)
	}
	changed, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, attributes))
	return &changed, err
}
