//go:build lab

package host_test

import (
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Calls, by their number in remote_protocol.x.
const (
	callSuspend        = 34
	callSecretDefine   = 142
	callSecretXML      = 143
	callSecretUndefine = 146
	callSetMetadata    = 264
	callGetMetadata    = 265
)

// dying is a daemon that dies of a call, before or after it took effect, and
// another one in its place ever after.
type dying struct {
	address string
	of      uint32
	effect  bool

	mu    sync.Mutex
	calls []uint32 // all that came
}

func (d *dying) behave(n int, client net.Conn) {
	daemon, err := net.Dial("tcp", net.JoinHostPort(d.address, "16509"))
	if err != nil {
		return
	}
	defer daemon.Close()
	dies := func(frame []byte) bool { return n == 1 && procedureOf(frame) == d.of }
	go func() {
		defer client.Close()
		frames(daemon, func(_ int, frame []byte) bool {
			if dies(frame) {
				return false
			}
			_, err := client.Write(frame)
			return err == nil
		})
	}()
	frames(client, func(_ int, frame []byte) bool {
		d.mu.Lock()
		d.calls = append(d.calls, procedureOf(frame))
		d.mu.Unlock()
		if dies(frame) && !d.effect {
			return false
		}
		_, err := daemon.Write(frame)
		return err == nil
	})
}

func procedureOf(frame []byte) uint32 { return binary.BigEndian.Uint32(frame[12:]) }

// A daemon that dies of a write leaves it open whether it took effect. It is
// looked first, and written again only where it did not; what cannot be looked up
// is not repeated at all.
func TestWriteOfUnknownOutcomeIsRepeatedOnlyAfterReading(t *testing.T) {
	w := world(t)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	direct := connect(t, w.Hosts[0])
	clearRecord(t, direct, host.Cluster)
	tests := map[string]struct {
		write, read uint32
		prepare, do func(*host.Host) error
		unknown     bool
	}{
		"host's record": {
			write: callSecretDefine, read: callSecretXML,
			prepare: func(h *host.Host) error { return h.DeleteRecord(testContext(t), host.Cluster) },
			do:      func(h *host.Host) error { return h.WriteRecord(testContext(t), host.Cluster, document) },
		},
		"host's record, deleted": {
			write: callSecretUndefine, read: callSecretXML,
			prepare: func(h *host.Host) error { return h.WriteRecord(testContext(t), host.Cluster, document) },
			do:      func(h *host.Host) error { return h.DeleteRecord(testContext(t), host.Cluster) },
		},
		"domain's record": {
			write: callSetMetadata, read: callGetMetadata,
			prepare: func(h *host.Host) error {
				return h.DeleteDomainRecord(testContext(t), guest.UUID, host.DomainDocument{})
			},
			do: func(h *host.Host) error { return wrote(testContext(t), h, guest.UUID, document) },
		},
		"pause": {
			write:   callSuspend,
			prepare: func(h *host.Host) error { return h.Resume(testContext(t), guest.UUID) },
			do:      func(h *host.Host) error { return h.Suspend(testContext(t), guest.UUID) },
			unknown: true,
		},
	}
	for name, test := range tests {
		for _, effect := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", done", false: ", not done"}[effect], func(t *testing.T) {
				if err := test.prepare(direct); err != nil && !errors.Is(err, migration.ErrNotActive) {
					t.Fatal(err)
				}
				d := &dying{address: w.Hosts[0].Address, of: test.write, effect: effect}
				h := open(t, host.Config{Name: "kvm9", URI: peer(t, d.behave)})
				err := test.do(h)
				if test.unknown != errors.Is(err, host.ErrOutcomeUnknown) || !test.unknown && err != nil {
					t.Errorf("got %v", err)
				}
				d.mu.Lock()
				defer d.mu.Unlock()
				checkRepetition(t, d.calls, test.write, test.read, effect || test.unknown)
			})
		}
	}
}

// checkRepetition wants one write, or a second one with a read before it.
func checkRepetition(t *testing.T, calls []uint32, write, read uint32, once bool) {
	t.Helper()
	first := slices.Index(calls, write)
	if first < 0 {
		t.Fatalf("nothing was written: %v", calls)
	}
	after := calls[first+1:]
	again := slices.Index(after, write)
	switch {
	case once && again >= 0:
		t.Errorf("it was written again: %v", calls)
	case !once && again < 0:
		t.Errorf("it was not written again: %v", calls)
	case again >= 0 && !slices.Contains(after[:again], read):
		t.Errorf("it was written again without a look: %v", calls)
	}
}
