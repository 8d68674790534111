package host

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A transport that does not return, because it reads a file on a server that is
// gone, keeps nobody beyond the deadlines, and what it brings too late is closed.
func TestTransportThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		near, far := net.Pipe()
		h := newHostBehind(t, func(context.Context) (net.Conn, error) {
			<-release
			return near, nil
		})
		started := time.Now()
		_, err := h.Memory(t.Context())
		if !errors.Is(err, migration.ErrUnreachable) || !errors.Is(h.backoff.recall(), context.DeadlineExceeded) {
			t.Errorf("got %v, want a host that did not answer", err)
		}
		if took := time.Since(started); took != DefaultOpen {
			t.Errorf("took %s, want %s", took, DefaultOpen)
		}
		started = time.Now()
		if err := h.Close(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing: got %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(started); took != DefaultClose {
			t.Errorf("closing took %s, want %s", took, DefaultClose)
		}
		close(release)
		if err := h.Close(); err != nil {
			t.Errorf("closing at last: %v", err)
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("the stream that came late is open")
		}
	})
}
