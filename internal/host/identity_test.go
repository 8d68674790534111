package host

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// machines are the hosts that are behind one address, one after the other.
type machines struct {
	t     *testing.T
	uuids []string

	mu      sync.Mutex
	daemons []*rpctest.Daemon
}

// What an identity is asked by, in remote_protocol.x.
const procVersion, procHostname, procLibVersion = 4, 59, 157

// dial connects to the next machine.
func (m *machines) dial(context.Context) (net.Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	uuid := m.uuids[len(m.daemons)]
	d, near := rpctest.Start(m.t)
	d.Reply = func(procedure uint32) (uint32, []byte) {
		if procedure == rpctest.ProcCapabilities {
			return rpctest.StatusOK, rpctest.Text("<capabilities><host><uuid>" + uuid + "</uuid></host></capabilities>")
		}
		switch procedure {
		case procHostname:
			return rpctest.StatusOK, rpctest.Text("kvm1.example.com")
		case procVersion, procLibVersion:
			return rpctest.StatusOK, make([]byte, 8)
		}
		return rpctest.StatusOK, rpctest.Payload(procedure)
	}
	m.daemons = append(m.daemons, d)
	return near, nil
}

// asked is how often each machine was asked for its capabilities.
func (m *machines) asked() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	var asked []int
	for _, d := range m.daemons {
		asked = append(asked, d.Calls(rpctest.ProcCapabilities))
	}
	return asked
}

// A host is asked once who it is, whoever wants to know, and again when the
// connection was made anew: it may be another one.
func TestHostUUIDIsAskedOnceAConnection(t *testing.T) {
	t.Parallel()
	uuids := []string{"00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"}
	m := &machines{t: t, uuids: uuids}
	h := newHostBehind(t, m.dial)
	for i, want := range uuids {
		var askers sync.WaitGroup
		for range 10 {
			askers.Go(func() {
				if got, err := h.UUID(t.Context()); err != nil || got != want {
					t.Errorf("got %s, want %s: %v", got, want, err)
				}
			})
		}
		askers.Wait()
		if asked := m.asked(); len(asked) != i+1 || asked[i] != 1 {
			t.Errorf("the machines were asked %v times", asked)
		}
		c, err := h.controlConn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = m.daemons[i].Conn.Close()
		eventually(t, "connection lost", func() bool { return !c.Usable() })
	}
}

// So is what it is called, and what runs on it.
func TestIdentityIsAskedOnceAConnection(t *testing.T) {
	t.Parallel()
	const uuid = "00000000-0000-4000-8000-000000000001"
	m := &machines{t: t, uuids: []string{uuid}}
	h := newHostBehind(t, m.dial)
	var askers sync.WaitGroup
	for range 10 {
		askers.Go(func() {
			if got, err := h.Identity(t.Context()); err != nil || got.HostUUID != uuid {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	askers.Wait()
	for _, procedure := range []uint32{procVersion, procHostname, procLibVersion} {
		if n := m.daemons[0].Calls(procedure); n != 1 {
			t.Errorf("procedure %d was called %d times", procedure, n)
		}
	}
}

func TestHostUUIDThatIsNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ uuid, want string }{
		"none":        {"", "no UUID of the host"},
		"not a UUID":  {"kvm1", "no UUID of the host"},
		"another XML": {"</uuid", "capabilities cannot be read"},
	} {
		h := newHostBehind(t, (&machines{t: t, uuids: []string{test.uuid}}).dial)
		for range 2 { // an answer that is none is not kept
			if got, err := h.UUID(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %q, %v, want an error with %q", name, got, err, test.want)
			}
		}
	}
}

// Whoever waits for the answer to another may give up.
func TestWaitingForTheHostUUID(t *testing.T) {
	t.Parallel()
	u := newKnown[string]()
	u.asking <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.get(ctx, func() (string, error) { return "", nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestHostUUIDOfAHostThatIsGone(t *testing.T) {
	t.Parallel()
	h := newHostBehind(t, func(context.Context) (net.Conn, error) { return nil, errors.New("gone") })
	if _, err := h.UUID(t.Context()); !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want %v", err, migration.ErrUnreachable)
	}
}
