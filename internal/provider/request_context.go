package provider

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// requestContext is the context of a request while it is served, and an empty one afterwards. The framework keeps the
// context of each request to the end of the run, and with it some 10 KiB of gRPC's and the loggers'.
type requestContext struct {
	current atomic.Pointer[context.Context]
}

func (c *requestContext) Deadline() (time.Time, bool) { return (*c.current.Load()).Deadline() }
func (c *requestContext) Done() <-chan struct{}       { return (*c.current.Load()).Done() }
func (c *requestContext) Err() error                  { return (*c.current.Load()).Err() }
func (c *requestContext) Value(key any) any           { return (*c.current.Load()).Value(key) }

// noRequest is the context of a request that has ended.
var noRequest = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// serve serves one request.
func serve[Request, Response any](
	ctx context.Context, req *Request, by func(context.Context, *Request) (*Response, error),
) (*Response, error) {
	var c requestContext
	c.current.Store(&ctx)
	defer c.current.Store(&noRequest) //nolint:contextcheck // what ctx carries is not to be kept
	return by(&c, req)                //nolint:contextcheck // it has all that ctx has
}

// What follows are the requests that Terraform makes for each resource and data source.

func (s *stoppableServer) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return serve(ctx, req, s.protocolServer.ValidateResourceConfig)
}

func (s *stoppableServer) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return serve(ctx, req, s.protocolServer.UpgradeResourceState)
}

func (s *stoppableServer) UpgradeResourceIdentity(
	ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest,
) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return serve(ctx, req, s.protocolServer.UpgradeResourceIdentity)
}

func (s *stoppableServer) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return serve(ctx, req, s.protocolServer.ReadResource)
}

func (s *stoppableServer) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	return serve(ctx, req, s.protocolServer.PlanResourceChange)
}

// ApplyResourceChange makes one change of a resource.
func (s *stoppableServer) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	s.changes.RLock()
	defer s.changes.RUnlock()
	return serve(context.WithoutCancel(ctx), req, s.protocolServer.ApplyResourceChange)
}

func (s *stoppableServer) ImportResourceState(
	ctx context.Context, req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	return serve(ctx, req, s.protocolServer.ImportResourceState)
}

func (s *stoppableServer) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return serve(ctx, req, s.protocolServer.ValidateDataResourceConfig)
}

func (s *stoppableServer) ReadDataSource(
	ctx context.Context, req *tfprotov6.ReadDataSourceRequest,
) (*tfprotov6.ReadDataSourceResponse, error) {
	return serve(ctx, req, s.protocolServer.ReadDataSource)
}
