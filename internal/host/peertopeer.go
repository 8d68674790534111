package host

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
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
	err = c.Call(ctx, 0, rpc.Urgent, func(lv *libvirt.Libvirt) error {
		_, err := lv.DomainMigratePerform3Params(dom, libvirt.OptString{peerURI}, typedParameters(p), nil, flags(p)|libvirt.MigratePeer2peer)
		return err
	})
	err = h.explainPeer(ctx, h.failChange(op, err), uuid, transport.NewPeer(peerURI))
	if flags(p)&libvirt.MigrateTLS != 0 {
		err = explainEncryption(err)
	}
	return err
}

// explainPeer adds what the error code of a failed peer-to-peer call does not tell.
func (h *Host) explainPeer(ctx context.Context, err error, uuid string, peer transport.Peer) error {
	var e *Error
	if !errors.As(err, &e) || e.Code == 0 {
		return err
	}
	switch {
	case refusedByPeer(e, peer):
		e.kinds = append(e.kinds, migration.ErrPeerUnreachable)
	case memoryRefused(e):
		e.kinds = append(e.kinds, migration.ErrMemoryUnreachable)
	case lostReason(e, peer):
		e.Message = "the connection to the other host's libvirt ended, or the reason of the failure was lost on it, as happens with " +
			"virt-ssh-helper; the log of libvirt on this host says more, and a peer_uri with the parameter proxy=netcat keeps the reason"
	}
	h.explainBusy(ctx, e, uuid)
	e.Message = peer.Redact(e.Message)
	e.cause = libvirt.Error{Code: uint32(e.Code), Message: e.Message}
	return e
}

// explainBusy tells the refusal of a second migration from other calls that are not
// valid in a domain's state: the code is the same.
func (h *Host) explainBusy(ctx context.Context, e *Error, uuid string) {
	if libvirt.ErrorNumber(e.Code) != libvirt.ErrOperationInvalid {
		return
	}
	if job, err := h.Job(ctx, uuid); err == nil && job.Type == migration.JobRunning {
		e.kinds = append(e.kinds, migration.ErrBusy)
	}
}

// refusedByPeer tells whether the source could not connect to the destination's
// libvirt. The error code is that of the connection, which a missing disk has too;
// only such an error names the address of the peer's libvirt.
func refusedByPeer(e *Error, peer transport.Peer) bool {
	switch libvirt.ErrorNumber(e.Code) {
	case libvirt.ErrAuthFailed, libvirt.ErrAuthCancelled, libvirt.ErrAuthUnavailable, libvirt.ErrGnutlsError,
		libvirt.ErrSSH, libvirt.ErrLibssh:
		return true
	case libvirt.ErrSystemError, libvirt.ErrRPC, libvirt.ErrOperationFailed, libvirt.ErrInternalError:
		return peer.Refused(e.Message)
	}
	return false
}

// lostReason tells whether the reason of the failure was lost: closing its connection
// to the other host, libvirt (11.3) replaces its error by the end of virt-ssh-helper.
// With netcat it does not.
func lostReason(e *Error, peer transport.Peer) bool {
	return peer.BySSH() && libvirt.ErrorNumber(e.Code) == libvirt.ErrSystemError &&
		strings.HasPrefix(e.Message, "End of file while reading data: ")
}

// memoryRefused tells whether the connection for the memory failed. libvirt's message
// is the same for every connection; but once the other host's libvirt was reached, the
// one for the memory is the only one that is made: by libvirt, or by QEMU for parallel
// connections.
func memoryRefused(e *Error) bool {
	return slices.ContainsFunc([]string{
		"unable to connect to server at '",
		"Unable to resolve address '",
		"Failed to connect to '",
		"address resolution failed for ",
	}, func(failure string) bool { return strings.Contains(e.Message, failure) })
}
