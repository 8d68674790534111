package provider

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// scriptedServer stands in for the framework's server: its one action goes on
// until it is told to end, or is stopped and told that it has cleaned up.
type scriptedServer struct {
	protocolServer

	stop, cleanUp, end chan struct{}
}

func newScriptedServer() *scriptedServer {
	return &scriptedServer{stop: make(chan struct{}), cleanUp: make(chan struct{}), end: make(chan struct{})}
}

func (s *scriptedServer) InvokeAction(ctx context.Context, _ *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	return &tfprotov6.InvokeActionServerStream{Events: func(push func(tfprotov6.InvokeActionEvent) bool) {
		if !push(progress("begun")) {
			panic("the framework would go on sending to nobody, and hang")
		}
		said := "completed"
		select {
		case <-s.stop:
			<-s.cleanUp
			said = "stopped"
		case <-ctx.Done():
			said = "cancelled"
		case <-s.end:
		}
		if !push(progress("cleaning up")) {
			panic("the framework would go on sending to nobody, and hang")
		}
		push(completed(said))
	}}, nil
}

func (s *scriptedServer) ApplyResourceChange(ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{}, ctx.Err()
}

func (s *scriptedServer) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	close(s.stop)
	return &tfprotov6.StopProviderResponse{}, nil
}

func progress(text string) tfprotov6.InvokeActionEvent {
	return tfprotov6.InvokeActionEvent{Type: tfprotov6.ProgressInvokeActionEventType{Message: text}}
}

func completed(text string) tfprotov6.InvokeActionEvent {
	return tfprotov6.InvokeActionEvent{Type: tfprotov6.CompletedInvokeActionEventType{Diagnostics: []*tfprotov6.Diagnostic{{Summary: text}}}}
}

// invoke starts the action and returns what it will have said when it has ended.
// take says how many events the client takes before it is gone.
func invoke(ctx context.Context, t *testing.T, s *stoppableServer, take int) <-chan []string {
	t.Helper()
	stream, err := s.InvokeAction(ctx, &tfprotov6.InvokeActionRequest{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan []string, 1)
	go func() {
		var said []string
		stream.Events(func(event tfprotov6.InvokeActionEvent) bool {
			if len(said) == take {
				panic("an event for a client that is gone")
			}
			switch e := event.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				said = append(said, "progress: "+e.Message)
			case tfprotov6.CompletedInvokeActionEventType:
				said = append(said, e.Diagnostics[0].Summary)
			}
			return len(said) < take
		})
		ended <- said
	}()
	return ended
}

// TestStop wants a stop to wait until the action has cleaned up.
func TestStop(t *testing.T) {
	t.Parallel()
	inner := newScriptedServer()
	s := &stoppableServer{protocolServer: inner}
	ended := invoke(t.Context(), t, s, 3)
	stopped := make(chan error, 1)
	go func() {
		_, err := s.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{})
		stopped <- err
	}()
	<-inner.stop
	for deadline := time.Now().Add(10 * time.Second); s.actions.TryRLock(); {
		s.actions.RUnlock() // the stop does not wait yet: no other action could begin then
		if time.Now().After(deadline) {
			t.Fatal("the stop does not wait for the action")
		}
		runtime.Gosched()
	}
	close(inner.cleanUp)
	got := <-ended
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got[len(got)-1] != "stopped" || slices.Contains(got, "progress: cleaning up") {
		t.Errorf("want the action to end with an error and no progress after the stop, got %q", got)
	}
}

func TestStop_actionThatComesTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := newScriptedServer()
		s := &stoppableServer{protocolServer: inner}
		s.actions.Lock() // as the stop holds it once all actions have ended
		said := <-invoke(t.Context(), t, s, 3)
		s.actions.Unlock()
		if last := said[len(said)-1]; last != "cancelled" {
			t.Errorf("the action was %s", last)
		}
	})
}

// TestKilledClient wants what is under way to go on when the client is gone, as
// its cancelled context and the events that it does not take tell.
func TestKilledClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := newScriptedServer()
		s := &stoppableServer{protocolServer: inner}
		client, gone := context.WithCancel(t.Context())
		ended := invoke(client, t, s, 1)
		synctest.Wait()
		gone()
		synctest.Wait()
		select {
		case said := <-ended:
			t.Fatalf("the action ended with its client: %q", said)
		default:
		}
		if _, err := s.ApplyResourceChange(client, &tfprotov6.ApplyResourceChangeRequest{}); err != nil {
			t.Errorf("a change ends with its client: %v", err)
		}
		close(inner.end)
		<-ended
		if !s.actions.TryLock() {
			t.Error("the action counts as under way when it has ended")
		}
	})
}
