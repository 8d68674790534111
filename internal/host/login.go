package host

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// login authenticates a stream to a daemon that requires it, if there may be
// credentials. Without them the daemon refuses to open the driver.
func (h *Host) login(ctx context.Context, stream net.Conn) error {
	if h.cfg.Username == "" && !clientconfig.HasAuthFile(h.endpoint.AuthFile()) {
		return nil
	}
	return rpc.Authenticate(ctx, stream, h.credentials, h.endpoint.Readable())
}

// credentials are those of the configuration or of libvirt's auth.conf. The file is read
// only if the host requires a login, so that an invalid file does not affect other
// hosts.
func (h *Host) credentials() (rpc.Credentials, error) {
	if h.cfg.Username != "" {
		return rpc.Credentials{Username: h.cfg.Username, Password: h.cfg.Password}, nil
	}
	username, password, err := clientconfig.FindCredentials(h.endpoint.AuthFile(), h.endpoint.Hostname())
	var none *clientconfig.NoCredentialsError
	switch {
	case errors.As(err, &none):
		reasons := append([]string{loginMessage(rpc.ErrLoginRequired)}, none.Reasons...)
		return rpc.Credentials{}, &rpc.LoginError{Reason: strings.Join(reasons, "; ")}
	case err != nil:
		return rpc.Credentials{}, &rpc.LoginError{Reason: err.Error()}
	}
	return rpc.Credentials{Username: username, Password: Password(password)}, nil
}

// loginMessage says why a login failed, and what to do.
func loginMessage(e *rpc.LoginError) string {
	switch {
	case errors.Is(e, rpc.ErrLoginRequired):
		return e.Reason + "; " + transport.AdviceSASL
	case errors.Is(e, rpc.ErrLoginExposed):
		return e.Reason + "; use qemu+tls or qemu+ssh, without no_verify and known_hosts_verify"
	case e.Refused:
		said := "no reason given"
		if e.Said != "" {
			said = sanitize.Text(e.Said)
		}
		return e.Reason + " (" + said + ")"
	}
	return e.Reason
}
