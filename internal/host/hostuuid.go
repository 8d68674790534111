package host

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// UUID is the host's UUID, as its libvirt says in its capabilities: equal for two
// ways to one host. It is asked for once a connection, which leads to one daemon
// for as long as it lasts; another machine may be behind the address of the next.
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
	return c.host.get(ctx, func() (string, error) {
		capabilities, err := on(ctx, c, h.deadlines.Call, patient, (*libvirt.Libvirt).ConnectGetCapabilities)
		if err != nil {
			return "", err
		}
		return uuidOfHost(capabilities)
	})
}

// uuidOfHost finds the host's UUID in its capabilities. Hosts are told apart by it,
// so there is no host without one.
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

// hostUUID keeps the UUID of the host at the other end of a connection.
type hostUUID struct {
	asking chan struct{} // one place: whoever else wants to know waits for the answer
	known  string
}

func newHostUUID() hostUUID { return hostUUID{asking: make(chan struct{}, 1)} }

// get is what is known, or what ask answers.
func (u *hostUUID) get(ctx context.Context, ask func() (string, error)) (string, error) {
	started := time.Now()
	select {
	case u.asking <- struct{}{}:
	case <-ctx.Done():
		return "", gaveUp(ctx.Err(), started)
	}
	defer func() { <-u.asking }()
	if u.known != "" {
		return u.known, nil
	}
	var err error
	u.known, err = ask()
	return u.known, err
}
