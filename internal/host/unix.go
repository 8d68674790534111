package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Names of sockets: the monolithic libvirtd's, which virtproxyd serves where the
// daemons are modular, and virtqemud's own. Virtqemud also answers for secrets:
// it passes those calls on to virtsecretd.
const (
	legacySocket = "libvirt-sock"
	directSocket = "virtqemud-sock"
)

// dialUnix connects to a daemon's socket on this machine (qemu+unix,
// qemu:///system and qemu:///session).
func dialUnix(ctx context.Context, uri *url.URL) (net.Conn, error) {
	candidates, err := sockets(uri)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	for _, socket := range candidates {
		c, err := d.DialContext(ctx, "unix", socket)
		switch {
		case absent(err):
			continue
		case errors.Is(err, os.ErrPermission):
			return nil, &tunnelError{reason: "permission denied on " + socket + "; on most systems members of the group libvirt may use it", cause: err}
		}
		return c, err
	}
	reason := "there is no socket " + strings.Join(candidates, " and no ") + "; is libvirt's daemon running on this machine?"
	if ofUser(uri) {
		reason += " A user's own daemon ends when nobody uses it, and is not started by this provider"
	}
	return nil, &tunnelError{reason: reason, cause: os.ErrNotExist}
}

// sockets are where the daemon of a URI may listen, the first that is there
// counts (remoteGetUNIXSocket).
func sockets(uri *url.URL) ([]string, error) {
	p, err := parametersOf(uri)
	if err != nil {
		return nil, err
	}
	mode, err := p.oneOf("mode", modeAuto, modeDirect, modeLegacy)
	if err != nil {
		return nil, err
	}
	if socket := p["socket"]; socket != "" {
		return []string{socket}, nil
	}
	directory := "/var/run/libvirt"
	if ofUser(uri) {
		if directory, err = userRuntimeDirectory(); err != nil {
			return nil, err
		}
	}
	direct, legacy := filepath.Join(directory, directSocket), filepath.Join(directory, legacySocket)
	switch mode {
	case modeDirect:
		return []string{direct}, nil
	case modeLegacy:
		return []string{legacy}, nil
	}
	return []string{direct, legacy}, nil
}

// ofUser tells whether the daemon is the user's own. Root has none.
func ofUser(uri *url.URL) bool { return uri.Path == "/session" && os.Geteuid() != 0 }

// userRuntimeDirectory is where a user's own daemon has its sockets
// (virGetUserRuntimeDirectory).
func userRuntimeDirectory() (string, error) {
	directory, err := cacheDirectory()
	if os.Getenv("XDG_RUNTIME_DIR") != "" {
		directory, err = directoryOf("XDG_RUNTIME_DIR")
	}
	if err != nil {
		return "", fmt.Errorf("find the user's sockets: %w", err)
	}
	return filepath.Join(directory, "libvirt"), nil
}

// checkUnix checks a URI of a socket.
func checkUnix(uri *url.URL) error {
	_, err := sockets(uri)
	return err
}
