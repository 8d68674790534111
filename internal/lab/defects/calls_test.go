//go:build lab

package defects

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// callCounter counts the calls that go to hosts through it.
type callCounter struct{ calls atomic.Int64 }

// aboutHost are calls about a host and not about a VM, which are made once: virConnectGetVersion, virConnectGetHostname,
// virConnectGetLibVersion.
var aboutHost = []uint32{4, 59, 157}

// uri reaches a host through the counter, until the test ends.
func (c *callCounter) uri(t *testing.T, h *lab.Host) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			daemon, err := net.Dial("unix", h.Socket)
			if err != nil {
				client.Close()
				continue
			}
			go func() { _, _ = io.Copy(client, daemon); client.Close() }()
			go func() { c.forward(daemon, client); daemon.Close() }()
		}
	}()
	return fmt.Sprintf("qemu+tcp://%s/system", listener.Addr())
}

// forward copies a client's frames to a daemon: length, program, version, procedure, type.
func (c *callCounter) forward(daemon io.Writer, client io.Reader) {
	const remoteProgram, headerLength = 0x20008086, 28
	for {
		header := make([]byte, headerLength)
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header)-headerLength)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		procedure := binary.BigEndian.Uint32(header[12:])
		if binary.BigEndian.Uint32(header[4:]) == remoteProgram && !slices.Contains(aboutHost, procedure) {
			c.calls.Add(1)
		}
		if _, err := daemon.Write(slices.Concat(header, body)); err != nil {
			return
		}
	}
}
