package host

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Identity is the host's name, UUID and versions, read once per connection.
func (h *Host) Identity(ctx context.Context) (migration.Identity, error) {
	const op = "ask for the host's identity"
	c, err := h.controlConn(ctx)
	if err != nil {
		return migration.Identity{}, h.fail(op, err)
	}
	id, err := c.identity.get(ctx, func() (migration.Identity, error) {
		var id migration.Identity
		err := parallel(
			get(&id.Hostname, func() (string, error) {
				return read(ctx, h, op, rpc.Quick, (*libvirt.Libvirt).ConnectGetHostname)
			}),
			get(&id.LibvirtVersion, func() (uint64, error) {
				return read(ctx, h, op, rpc.Quick, (*libvirt.Libvirt).ConnectGetLibVersion)
			}),
			get(&id.QEMUVersion, func() (uint64, error) {
				return read(ctx, h, op, rpc.Quick, (*libvirt.Libvirt).ConnectGetVersion)
			}),
			get(&id.HostUUID, func() (string, error) { return h.UUID(ctx) }),
		)
		return id, err
	})
	return id, h.fail(op, err)
}

// UUID is the host's UUID in the capabilities of its libvirt, whatever URI reaches it. It
// is read once per connection: another machine may have the address the next time.
func (h *Host) UUID(ctx context.Context) (string, error) {
	uuid, err := h.askUUID(ctx)
	if lostInCall(err) != nil {
		uuid, err = h.askUUID(ctx)
	}
	return uuid, h.fail("ask for the host's UUID", err)
}

func (h *Host) askUUID(ctx context.Context) (string, error) {
	c, err := h.controlConn(ctx)
	if err != nil {
		return "", err
	}
	return c.uuid.get(ctx, func() (string, error) {
		capabilities, err := rpc.Call(ctx, c.Conn, h.deadlines.Call, rpc.Patient, (*libvirt.Libvirt).ConnectGetCapabilities)
		if err != nil {
			return "", err
		}
		return uuidOfHost(capabilities)
	})
}

// uuidOfHost finds the host's UUID in its capabilities. A missing one is an error: it
// identifies the host.
func uuidOfHost(capabilities string) (string, error) {
	var doc struct {
		UUID string `xml:"host>uuid"`
	}
	if err := xml.Unmarshal([]byte(capabilities), &doc); err != nil {
		return "", fmt.Errorf("its capabilities cannot be read: %w", err)
	}
	uuid, err := parseUUID(doc.UUID)
	if err != nil {
		return "", errors.New("its capabilities hold no UUID of the host")
	}
	return formatUUID(uuid), nil
}

// known caches what is asked once of the host at the other end of a connection.
type known[T any] struct {
	asking chan struct{} // a lock that a context can interrupt
	answer *T
}

func newKnown[T any]() known[T] { return known[T]{asking: make(chan struct{}, 1)} }

// get returns the known answer, or what ask returns.
func (k *known[T]) get(ctx context.Context, ask func() (T, error)) (T, error) {
	started := time.Now()
	var none T
	select {
	case k.asking <- struct{}{}:
	case <-ctx.Done():
		return none, rpc.ContextError(ctx.Err(), started)
	}
	defer func() { <-k.asking }()
	if k.answer != nil {
		return *k.answer, nil
	}
	answer, err := ask()
	if err != nil {
		return none, err
	}
	k.answer = &answer
	return answer, nil
}
