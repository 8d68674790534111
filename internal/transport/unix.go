package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
)

// Names of sockets: libvirtd's, which virtproxyd serves if the daemons are modular, and
// virtqemud's own, which passes calls about secrets on to virtsecretd.
const (
	legacySocket = "libvirt-sock"
	directSocket = "virtqemud-sock"
)

// unixDialer connects to a daemon's socket on this machine (qemu+unix,
// qemu:///system and qemu:///session).
type unixDialer struct {
	// sockets are the possible sockets; the first that exists counts.
	sockets []string
	// ofUser tells that the daemon is the user's own.
	ofUser bool
}

// parseUnix finds the sockets as libvirt does (remoteGetUNIXSocket). Root has no
// daemon of its own.
func parseUnix(e *Endpoint) (dialer, error) {
	p := e.parameters
	mode, err := p.oneOf("mode", modeAuto, modeDirect, modeLegacy)
	if err != nil {
		return nil, err
	}
	d := unixDialer{ofUser: e.session() && os.Geteuid() != 0}
	if socket := p["socket"]; socket != "" {
		d.sockets = []string{socket}
		return d, nil
	}
	directory := "/var/run/libvirt"
	if d.ofUser {
		if directory, err = clientconfig.RuntimeDirectory(); err != nil {
			return nil, err
		}
	}
	direct, legacy := filepath.Join(directory, directSocket), filepath.Join(directory, legacySocket)
	switch mode {
	case modeDirect:
		d.sockets = []string{direct}
	case modeLegacy:
		d.sockets = []string{legacy}
	default:
		d.sockets = []string{direct, legacy}
	}
	return d, nil
}

func (d unixDialer) readable() bool { return false }

func (d unixDialer) dial(ctx context.Context) (net.Conn, error) {
	for _, socket := range d.sockets {
		c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		switch {
		case clientconfig.Absent(err):
			continue
		case errors.Is(err, os.ErrPermission):
			return nil, &Error{
				Reason: "permission denied on " + socket + "; on most systems members of the group libvirt may use it",
				Cause:  err,
			}
		}
		return c, err
	}
	reason := "there is no socket " + strings.Join(d.sockets, " and no ") + "; is libvirt's daemon running on this " +
		"machine?"
	if d.ofUser {
		reason += " A user's own daemon ends when nobody uses it; this provider does not start it"
	}
	return nil, &Error{Reason: reason, Cause: os.ErrNotExist}
}
