package host_test

import (
	"io"
	"net"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// peer listens on loopback and gives each connection to behave.
func peer(t *testing.T, behave func(n int, c net.Conn)) (uri string) {
	t.Helper()
	return "qemu+tcp://" + listen(t, "tcp", "127.0.0.1:0", behave) + "/system"
}

// socketPeer is peer on a socket of this machine.
func socketPeer(t *testing.T, behave func(n int, c net.Conn)) (uri string) {
	t.Helper()
	return "qemu+unix:///system?socket=" + listen(t, "unix", filepath.Join(t.TempDir(), "socket"), behave)
}

// listen listens and gives each connection to behave. All of it is gone when the
// test ends.
func listen(t *testing.T, network, address string, behave func(n int, c net.Conn)) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				behave(n, c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// says is a peer that says something and then listens for ever.
func says(text string) func(int, net.Conn) {
	return func(_ int, c net.Conn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// relay is a peer that is a real daemon behind a line that does to the daemon's
// bytes whatever the test wants.
func relay(address string, deliver func(n int, client io.Writer, daemon io.Reader)) func(int, net.Conn) {
	return func(n int, c net.Conn) {
		d, err := net.Dial("tcp", net.JoinHostPort(address, "16509"))
		if err != nil {
			return
		}
		defer d.Close()
		go func() {
			_, _ = io.Copy(d, c)
			_ = d.Close()
		}()
		deliver(n, c, d)
	}
}

// settleGoroutines waits until no more goroutines run than before, and reports
// those that are too many.
func settleGoroutines(t *testing.T, before int) {
	t.Helper()
	if !rpctest.Poll(10*time.Second, func() bool { return runtime.NumGoroutine() <= before }) {
		var stacks strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks.String())
	}
}

// counter counts events of a peer.
type counter struct{ atomic.Int64 }
