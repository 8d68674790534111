package provider

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Address is the provider's address in the public registry.
const Address = "registry.terraform.io/terraform-provider-virt/virt"

// Serve runs the provider for Terraform until Terraform is done with it, then
// closes every connection to a host.
func Serve(version string, options ...tf6server.ServeOpt) error {
	server := NewServer(version)
	defer server.Close()
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server }, options...)
}

// Server is the provider as Serve runs it, for tests in the same process. It
// keeps its connections to hosts until Close.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
	tfprotov6.ListResourceServer

	// Close closes every connection to a host.
	Close()
}

// NewServer makes a server of the provider.
func NewServer(version string) Server {
	p := newProvider(version)
	return &stoppableServer{
		protocolServer: providerserver.NewProtocol6(p)().(protocolServer), //nolint:forcetypeassert // the framework's server has all three; a release in which it has not must not start
		provider:       p,
	}
}

// protocolServer is all that the framework's server serves.
type protocolServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
	tfprotov6.ListResourceServer
}

// stoppableServer makes an interrupted action end truthfully. The stock server
// drops every event after Terraform's stop, the last one with the error
// included, and Terraform then takes the action for completed and exits 0. Here
// the stop does not return before the actions under way have ended, and no
// progress is sent any more: one event after the stop crashes Terraform 1.14
// and makes 1.16 leave before the action has cleaned up.
type stoppableServer struct {
	protocolServer

	provider *virtProvider
	stopping atomic.Bool
	// invocations is held shared by every action under way.
	invocations sync.RWMutex
}

func (s *stoppableServer) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	stream, err := s.protocolServer.InvokeAction(ctx, req)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.InvokeActionServerStream{Events: func(push func(tfprotov6.InvokeActionEvent) bool) {
		s.invocations.RLock()
		defer s.invocations.RUnlock()
		stream.Events(func(event tfprotov6.InvokeActionEvent) bool {
			if _, progress := event.Type.(tfprotov6.ProgressInvokeActionEventType); progress && s.stopping.Load() {
				return true
			}
			return push(event)
		})
	}}, nil
}

// Close closes every connection that the provider has made.
func (s *stoppableServer) Close() { s.provider.close() }

// StopProvider waits for the actions under way, each of which bounds its own
// clean-up.
func (s *stoppableServer) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.stopping.Store(true)
	resp, err := s.protocolServer.StopProvider(ctx, req)
	s.invocations.Lock()
	defer s.invocations.Unlock()
	return resp, err
}
