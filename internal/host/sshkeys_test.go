package host

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whoever gives up is not kept by an agent that does not answer.
func TestMuteAgentKeepsNobody(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := make(chan struct{})
	go func() {
		defer close(left)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Read(make([]byte, 1)) // it was asked
		cancel()
		_, _ = io.Copy(io.Discard, c)
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	started := time.Now()
	k, err := gatherKeys(ctx, parameters{"sshauth": authAgent})
	if err != nil {
		t.Fatal(err)
	}
	k.close()
	<-left
	if len(k.signers) > 0 || !strings.Contains(k.passedOver(), "does not answer") {
		t.Errorf("got %d keys%s", len(k.signers), k.passedOver())
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
