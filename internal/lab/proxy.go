package lab

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Proxy stands between a client and a host's libvirtd: it counts the calls, and delays what is sent as a long way does,
// which takes no bandwidth.
type Proxy struct {
	calls *CallCounter
	// URI reaches the daemon through the proxy.
	URI string

	listener net.Listener
	target   string
	oneWay   time.Duration
	running  sync.WaitGroup
	stop     context.CancelFunc
}

// NewProxy makes a proxy for a host's qemu+tcp URI, which the end of ctx ends, too. The round trip takes longer by
// roundTrip, and calls counts.
func NewProxy(ctx context.Context, hostURI string, roundTrip time.Duration, calls *CallCounter) (*Proxy, error) {
	target, err := url.Parse(hostURI)
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	p := &Proxy{
		calls: calls, URI: "qemu+tcp://" + listener.Addr().String() + "/system", listener: listener,
		target: net.JoinHostPort(target.Hostname(), cmp.Or(target.Port(), "16509")),
		oneWay: roundTrip / 2, stop: stop,
	}
	p.running.Go(func() { p.accept(ctx) })
	return p, nil
}

// Close ends all connections and returns when nothing of the proxy is left.
func (p *Proxy) Close() {
	p.stop()
	p.listener.Close()
	p.running.Wait()
}

// CountedURI reaches the host through a proxy, until the test ends.
func (h *Host) CountedURI(t testing.TB, calls *CallCounter) string {
	t.Helper()
	p, err := NewProxy(context.WithoutCancel(t.Context()), h.URI, 0, calls)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p.URI
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(ctx, client) })
	}
}

// serve connects a client until one of both ends leaves.
func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	daemon, err := new(net.Dialer).DialContext(ctx, "tcp", p.target)
	if err != nil {
		return
	}
	defer daemon.Close()
	defer context.AfterFunc(ctx, func() {
		client.Close()
		daemon.Close()
	})()
	var directions sync.WaitGroup
	directions.Go(func() {
		defer daemon.Close()
		p.carry(daemon, io.TeeReader(client, &callStream{counter: p.calls}))
	})
	directions.Go(func() {
		defer client.Close()
		p.carry(client, daemon)
	})
	directions.Wait()
}

// late is what has come and is due later.
type late struct {
	data []byte
	due  time.Time
}

// carry copies one direction: what comes is sent after the delay, in order, however much is under way.
func (p *Proxy) carry(to io.Writer, from io.Reader) {
	underWay := make(chan late, 4096)
	var sender sync.WaitGroup
	sender.Go(func() {
		for part := range underWay {
			time.Sleep(time.Until(part.due)) // the delay is what is asked for
			if _, err := to.Write(part.data); err != nil {
				for range underWay { // the reader ends when the other side closes
				}
				return
			}
		}
	})
	defer sender.Wait()
	defer close(underWay)
	for {
		data := make([]byte, 32<<10)
		n, err := from.Read(data)
		if n > 0 {
			underWay <- late{data[:n], time.Now().Add(p.oneWay)}
		}
		if err != nil {
			return
		}
	}
}
