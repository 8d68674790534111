package host

import (
	"context"
	"errors"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// MigratePeerToPeer runs the whole migration in this host's libvirt and returns when it
// has ended. The error matches migration.ErrMemoryUnreachable if memory could not be sent,
// and migration.ErrBusy if another migration of the domain runs. Its refusal is of the kind
// PeerUnreachable or PeerLogin if this host's libvirt could not connect to the other's.
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
	defer h.work.carry(uuid, c)()
	err = c.Call(ctx, 0, rpc.Urgent, func(lv *libvirt.Libvirt) error {
		_, err := lv.DomainMigratePerform3Params(dom, libvirt.OptString{peerURI}, typedParameters(p), nil,
			flags(p)|libvirt.MigratePeer2peer)
		return err
	})
	err = h.explainPeer(ctx, h.failChange(op, err), uuid, transport.NewPeer(peerURI))
	if flags(p)&libvirt.MigrateTLS != 0 {
		err = explainEncryption(err)
	}
	return err
}

// explainPeer adds what the error code of a failed peer-to-peer migration does not tell.
func (h *Host) explainPeer(ctx context.Context, err error, uuid string, peer transport.Peer) error {
	var e *Error
	if !errors.As(err, &e) || e.Code == 0 {
		return err
	}
	switch {
	case refusedByPeer(e, peer):
		if e.Refusal.Kind != refusal.PeerLogin {
			e.Refusal = refusal.Refusal{Kind: refusal.PeerUnreachable, Party: refusal.Source}
		}
	case memoryRefused(e):
		e.kinds = append(e.kinds, migration.ErrMemoryUnreachable)
	case lostReason(e, peer):
		e.Refusal = refusal.Refusal{Kind: refusal.PeerSilenced, Party: refusal.Source}
	}
	h.explainBusy(ctx, e, uuid)
	e.Message = peer.Redact(e.Message)
	e.cause = &rpc.Refusal{Domain: e.Domain, Answer: libvirt.Error{Code: uint32(e.Code), Message: e.Message}}
	return e
}

// explainBusy recognises the refusal of a second migration: its code is that of every
// call that is invalid in a domain's state.
func (h *Host) explainBusy(ctx context.Context, e *Error, uuid string) {
	if libvirt.ErrorNumber(e.Code) != libvirt.ErrOperationInvalid {
		return
	}
	if job, err := h.Job(ctx, uuid); err == nil && job.Type == migration.JobRunning {
		e.kinds = append(e.kinds, migration.ErrBusy)
	}
}

// refusedByPeer tells whether the source could not connect to the destination's libvirt.
// Other failures, such as a missing disk, have the same codes, but do not name the
// address of the peer's libvirt.
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

// lostReason tells whether libvirt (seen with 11.3) replaced its error by the end of
// virt-ssh-helper as it closed the connection. With netcat it does not.
func lostReason(e *Error, peer transport.Peer) bool {
	return peer.BySSH() && libvirt.ErrorNumber(e.Code) == libvirt.ErrSystemError &&
		strings.HasPrefix(e.Message, "End of file while reading data: ")
}

// memoryRefused tells whether the connection for the memory failed. libvirt's message is
// the same for every connection, but after the peer's libvirt was reached no other is
// made, by libvirt or, for parallel connections, by QEMU.
func memoryRefused(e *Error) bool { return e.Refusal.Kind == refusal.MemoryUnreachable }
