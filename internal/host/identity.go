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

// Identity reads the host's name, UUID and versions.
func (h *Host) Identity(ctx context.Context) (migration.Identity, error) {
	const op = "ask for the host's identity"
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
	if err != nil {
		return migration.Identity{}, err
	}
	return id, nil
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

// hostUUID caches the UUID of the host at the other end of a connection.
type hostUUID struct {
	asking chan struct{} // a lock that a context can interrupt
	known  string
}

func newHostUUID() hostUUID { return hostUUID{asking: make(chan struct{}, 1)} }

// get returns the known UUID, or what ask returns.
func (u *hostUUID) get(ctx context.Context, ask func() (string, error)) (string, error) {
	started := time.Now()
	select {
	case u.asking <- struct{}{}:
	case <-ctx.Done():
		return "", rpc.ContextError(ctx.Err(), started)
	}
	defer func() { <-u.asking }()
	if u.known != "" {
		return u.known, nil
	}
	var err error
	u.known, err = ask()
	return u.known, err
}
