package lab

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// TestProxyDelaysWithoutTakingBandwidth sends much more than one buffer through a proxy to an echo: it comes back whole, and
// about one round trip later, however many parts are under way.
func TestProxyDelaysWithoutTakingBandwidth(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		client, err := echo.Accept()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = io.Copy(client, client)
	}()
	const roundTrip = 200 * time.Millisecond
	var calls CallCounter
	p, err := NewProxy(t.Context(), "qemu+tcp://"+echo.Addr().String()+"/system", roundTrip, &calls)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	address, err := url.Parse(p.URI)
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const remote, parts = 0x20008086, 200
	sent := bytes.Repeat(frame(remote, 1, kindCall, 1000), parts)
	started := time.Now()
	go func() { _, _ = client.Write(sent) }()
	back := make([]byte, len(sent))
	if _, err := io.ReadFull(client, back); err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	if !bytes.Equal(sent, back) {
		t.Error("what came back is not what was sent")
	}
	if took < roundTrip || took > parts/2*roundTrip { // one part after the other would take as many round trips
		t.Errorf("it took %s, want about %s", took, roundTrip)
	}
	if n, _ := calls.Take(); n != parts {
		t.Errorf("%d calls, want %d", n, parts)
	}
}
