//go:build lab

package host_test

import (
	"crypto/rand"
	"encoding/binary"
	"net"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

func TestMisbehavingPeers(t *testing.T) {
	daemon := labHosts(t)[0].Address
	garbage := make([]byte, 1<<20)
	_, _ = rand.Read(garbage)
	huge := string(binary.BigEndian.AppendUint32(nil, 1<<30)) + strings.Repeat("\x00", 24)

	tests := map[string]struct {
		behave  func(int, net.Conn)
		message string // "" when the peer is to be borne with
		passes  host.Deadlines
	}{
		"accepts and never answers": {behave: says(""), message: "no connection to URI: it did not answer within 1", passes: neverOpens},
		"garbage":                   {behave: says(string(garbage)), message: "it is not a libvirt daemon"},
		"HTTP":                      {behave: says("HTTP/1.1 400 Bad Request\r\n\r\n"), message: `it is not a libvirt daemon: bad frame length ("HTTP")`},
		"SSH":                       {behave: says("SSH-2.0-OpenSSH_9.2\r\n"), message: `it is not a libvirt daemon: bad frame length ("SSH-")`},
		"a frame of a gigabyte":     {behave: says(huge), message: "it is not a libvirt daemon: bad frame length"},
		"closes at once":            {behave: func(int, net.Conn) {}, message: "the connection was closed before libvirt answered"},
		"frame cut in the middle":   {behave: relay(daemon, cutAfter(20)), message: "the connection was closed before libvirt answered"},
		"silent during a call":      {behave: relay(daemon, silentAfter(2)), message: "it did not answer within 500ms", passes: neverAnswers},
		"loses every answer":        {behave: relay(daemon, closesAfter(2)), message: "the connection was lost during the call"},
		"claims more than it holds": {behave: relay(daemon, overstates), message: "it is not a libvirt daemon: truncated reply"},
		"answers twice":             {behave: relay(daemon, twice), message: "it is not a libvirt daemon: reply to a call that was not made"},
		"drops every second connection after an answer": {behave: relay(daemon, dropsOdd)},
		"slow": {behave: relay(daemon, slowly)},
	}
	for name, test := range tests {
		for way, uri := range map[string]func(*testing.T) string{
			"tcp":  func(t *testing.T) string { t.Helper(); return peer(t, test.behave) },
			"unix": func(t *testing.T) string { t.Helper(); return socketPeer(t, test.behave) },
		} {
			t.Run(name+", "+way, func(t *testing.T) {
				misbehaves(t, uri(t), test.passes, test.message)
			})
		}
	}
}
