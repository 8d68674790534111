package provider

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// carried is what the context of a request carries.
type carried struct{ _ [1 << 10]byte }

type carriedKey struct{}

// TestServerKeepsNothingOfARequest lets the framework's own server serve requests, which it cannot read, to see what is kept
// of them.
func TestServerKeepsNothingOfARequest(t *testing.T) {
	t.Parallel()
	server := newServer("test")
	defer server.Close()
	requests := map[string]func(context.Context) error{
		"ValidateResourceConfig": func(ctx context.Context) error {
			_, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{})
			return err
		},
		"UpgradeResourceState": func(ctx context.Context) error {
			_, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{})
			return err
		},
		"UpgradeResourceIdentity": func(ctx context.Context) error {
			_, err := server.UpgradeResourceIdentity(ctx, &tfprotov6.UpgradeResourceIdentityRequest{})
			return err
		},
		"ReadResource": func(ctx context.Context) error {
			_, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{})
			return err
		},
		"PlanResourceChange": func(ctx context.Context) error {
			_, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{})
			return err
		},
		"ApplyResourceChange": func(ctx context.Context) error {
			_, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{})
			return err
		},
		"ImportResourceState": func(ctx context.Context) error {
			_, err := server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{})
			return err
		},
		"ValidateDataResourceConfig": func(ctx context.Context) error {
			_, err := server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{})
			return err
		},
		"ReadDataSource": func(ctx context.Context) error {
			_, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{})
			return err
		},
	}
	kept := map[string]weak.Pointer[carried]{}
	for name, request := range requests {
		value := new(carried)
		kept[name] = weak.Make(value)
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), carriedKey{}, value))
		if err := request(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel() // as gRPC does
	}
	runtime.GC()
	for name, value := range kept {
		if value.Value() != nil {
			t.Errorf("what the context of %s carried is kept", name)
		}
	}
	runtime.KeepAlive(server)
}

// TestRequestContext looks at the context of a request while it is served, and afterwards.
func TestRequestContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), carriedKey{}, "carried"))
		var kept context.Context
		_, err := serve(ctx, &tfprotov6.ReadResourceRequest{}, func(
			ctx context.Context, _ *tfprotov6.ReadResourceRequest,
		) (*tfprotov6.ReadResourceResponse, error) {
			kept = ctx //nolint:fatcontext // as the framework does
			if ctx.Value(carriedKey{}) != "carried" || ctx.Err() != nil {
				t.Errorf("carries %v, error %v", ctx.Value(carriedKey{}), ctx.Err())
			}
			derived, end := context.WithCancel(ctx)
			defer end()
			cancel()
			<-derived.Done()
			return nil, derived.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled request ended with %v", err)
		}
		<-kept.Done()
		if kept.Value(carriedKey{}) != nil || !errors.Is(kept.Err(), context.Canceled) {
			t.Errorf("afterwards it carries %v, error %v", kept.Value(carriedKey{}), kept.Err())
		}
	})
}
