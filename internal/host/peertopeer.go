package host

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// MigratePeerToPeer runs the whole migration in this host's libvirt and returns
// when it ended. The error matches migration.ErrPeerUnreachable when this host's
// libvirt could not connect to the other's, migration.ErrMemoryUnreachable when
// it could not connect to where memory is sent, and migration.ErrBusy when
// another migration of the domain runs already.
func (h *Host) MigratePeerToPeer(ctx context.Context, uuid, peerURI string, p migration.Parameters) error {
	const op = "migrate the domain"
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	c, err := h.openWork(ctx)
	if err != nil {
		return h.fail(op, err)
	}
	defer h.closeWork(ctx, c)
	err = c.call(ctx, 0, urgent, func(lv *libvirt.Libvirt) error {
		_, err := lv.DomainMigratePerform3Params(dom, libvirt.OptString{peerURI}, typedParameters(p), nil, flags(p)|libvirt.MigratePeer2peer)
		return err
	})
	err = h.explainPeer(ctx, h.failChange(op, err), uuid, peerURI)
	if flags(p)&libvirt.MigrateTLS != 0 {
		err = explainEncryption(err)
	}
	return err
}

// explainPeer adds what the code of a failed peer-to-peer call alone does not
// tell.
func (h *Host) explainPeer(ctx context.Context, err error, uuid, peerURI string) error {
	var e *Error
	if !errors.As(err, &e) || e.Code == 0 {
		return err
	}
	switch {
	case refusedByPeer(e, peerURI):
		e.kinds = append(e.kinds, migration.ErrPeerUnreachable)
	case memoryRefused(e):
		e.kinds = append(e.kinds, migration.ErrMemoryUnreachable)
	case lostReason(e, peerURI):
		e.Message = "the connection to the other host's libvirt ended, or the reason of the failure was lost on it, as happens with " +
			"virt-ssh-helper; the log of libvirt on this host says more, and a peer_uri with the parameter proxy=netcat keeps the reason"
	}
	h.explainBusy(ctx, e, uuid)
	e.Message = withoutUsers(strings.ReplaceAll(e.Message, peerURI, redactedURI(peerURI)))
	e.cause = libvirt.Error{Code: uint32(e.Code), Message: e.Message}
	return e
}

// explainBusy tells the refusal of a second migration from all else that is not
// valid in a domain's state, which has the same code.
func (h *Host) explainBusy(ctx context.Context, e *Error, uuid string) {
	if libvirt.ErrorNumber(e.Code) != libvirt.ErrOperationInvalid {
		return
	}
	if job, err := h.Job(ctx, uuid); err == nil && job.Type == migration.JobRunning {
		e.kinds = append(e.kinds, migration.ErrBusy)
	}
}

// refusedByPeer tells a source that could not connect to the destination's
// libvirt from all that can go wrong later. libvirt passes the error of the
// connection on, of a code that a missing disk has too: what sets it apart is
// that it names the address of the peer's libvirt.
func refusedByPeer(e *Error, peerURI string) bool {
	switch libvirt.ErrorNumber(e.Code) {
	case libvirt.ErrAuthFailed, libvirt.ErrAuthCancelled, libvirt.ErrAuthUnavailable, libvirt.ErrGnutlsError,
		libvirt.ErrSSH, libvirt.ErrLibssh:
		return true
	case libvirt.ErrSystemError, libvirt.ErrRPC, libvirt.ErrOperationFailed, libvirt.ErrInternalError:
		u, err := parseURI(peerURI)
		return err == nil && strings.Contains(e.Message, u.Hostname()) && names(e.Message, peerPort(u)) ||
			refusedBySSH(e.Message)
	}
	return false
}

// lostReason tells an error that says nothing: closing its connection to the
// other host, libvirt (11.3) puts the end of virt-ssh-helper in the place of the
// error that it had. With netcat there it does not.
func lostReason(e *Error, peerURI string) bool {
	u, err := parseURI(peerURI)
	return err == nil && transportName(u) == "ssh" && libvirt.ErrorNumber(e.Code) == libvirt.ErrSystemError &&
		strings.HasPrefix(e.Message, "End of file while reading data: ")
}

// names tells whether a number stands in a text, not as a part of another one.
func names(text, number string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) }), number)
}

// peerPort is the port that a URI leads to.
func peerPort(u *url.URL) string {
	switch name := transportName(u); {
	case u.Port() != "":
		return u.Port()
	case name == "tcp":
		return defaultTCPPort
	case name == "tls":
		return defaultTLSPort
	}
	return defaultSSHPort // all others are SSH
}
