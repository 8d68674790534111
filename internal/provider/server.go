package provider

import (
	"context"
	"os"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Address is the provider's address in the public registry.
const Address = "registry.terraform.io/terraform-provider-virt/virt"

// Serve runs the provider for Terraform until Terraform is done with it, or is
// gone, then closes every connection to a host.
func Serve(version string, options ...tf6server.ServeOpt) error {
	if startedByTerraform() {
		defer catchSignals()() // until everything is closed
	}
	server := newServer(version)
	defer server.Close()
	if startedByTerraform() {
		defer server.outlive(os.Getppid())()
	}
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
func NewServer(version string) Server { return newServer(version) }

func newServer(version string) *stoppableServer {
	p := newProvider(version)
	return &stoppableServer{
		// The framework's server has all three; a release in which it has not must not start.
		protocolServer: providerserver.NewProtocol6(p)().(protocolServer), //nolint:forcetypeassert // see above
		provider:       p,
	}
}

// protocolServer is all that the framework's server serves.
type protocolServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ActionServer
	tfprotov6.ListResourceServer
}

// stoppableServer makes what is interrupted end truthfully.
//
// The stock server drops every event of an action after Terraform's stop, the
// last one with the error included, and Terraform then takes the action for
// completed and exits 0. Here the stop does not return before the actions under
// way have ended, and no progress is sent any more: one event after the stop
// crashes Terraform 1.14 and makes 1.16 leave before the action has cleaned up.
//
// The stock server also takes a Terraform that was killed for a stop. Here only
// a stop is one: what has been begun is carried to its end.
type stoppableServer struct {
	protocolServer

	provider *virtProvider
	stopping atomic.Bool
	// actions is held shared by every action under way, changes by every change
	// of a resource.
	actions, changes sync.RWMutex
}

// InvokeAction begins an action, whose events are delivered as long as Terraform
// takes them.
func (s *stoppableServer) InvokeAction(
	ctx context.Context, req *tfprotov6.InvokeActionRequest,
) (*tfprotov6.InvokeActionServerStream, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	end := cancel
	if s.actions.TryRLock() {
		end = func() {
			cancel()
			s.actions.RUnlock()
		}
	} else {
		cancel() // it came while Terraform stops
	}
	stream, err := s.protocolServer.InvokeAction(ctx, req)
	if err != nil {
		end()
		return nil, err
	}
	return &tfprotov6.InvokeActionServerStream{Events: func(push func(tfprotov6.InvokeActionEvent) bool) {
		defer end()
		s.deliver(stream, push)
	}}, nil
}

// deliver passes events on until Terraform takes no more, and drains the rest: the
// action waits for each to be taken.
func (s *stoppableServer) deliver(
	stream *tfprotov6.InvokeActionServerStream, push func(tfprotov6.InvokeActionEvent) bool,
) {
	taken := true
	stream.Events(func(event tfprotov6.InvokeActionEvent) bool {
		_, progress := event.Type.(tfprotov6.ProgressInvokeActionEventType)
		if taken && !(progress && s.stopping.Load()) {
			taken = push(event)
		}
		return true
	})
}

// StopProvider waits for the actions under way, each of which bounds its own
// clean-up.
func (s *stoppableServer) StopProvider(
	ctx context.Context, req *tfprotov6.StopProviderRequest,
) (*tfprotov6.StopProviderResponse, error) {
	s.stopping.Store(true)
	defer s.stopping.Store(false) // a server that is being debugged serves the next command, too
	resp, err := s.protocolServer.StopProvider(ctx, req)
	s.actions.Lock()
	defer s.actions.Unlock()
	return resp, err
}

// Close closes every connection that the provider has made.
func (s *stoppableServer) Close() { s.provider.close() }
