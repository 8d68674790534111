package host

import (
	"context"
	"errors"
	"strings"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// MigratePeerToPeer runs the whole migration in this host's libvirt and returns
// when it ended. The error matches migration.ErrPeerUnreachable when this host's
// libvirt could not connect to the other's, and migration.ErrBusy when another
// migration of the domain runs already.
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
	defer h.closeWork(c)
	err = c.call(ctx, 0, urgent, func(lv *libvirt.Libvirt) error {
		_, err := lv.DomainMigratePerform3Params(dom, libvirt.OptString{peerURI}, typedParameters(p), nil, flags(p)|libvirt.MigratePeer2peer)
		return err
	})
	return h.explainPeer(ctx, h.fail(op, err), uuid, peerURI)
}

// explainPeer adds what the code of a failed peer-to-peer call alone does not
// tell.
func (h *Host) explainPeer(ctx context.Context, err error, uuid, peerURI string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch libvirt.ErrorNumber(e.Code) {
	case libvirt.ErrOperationFailed:
		// "Failed to connect to remote libvirt URI %s: %s" is the one message of
		// this code that names the URI, in whatever language it is.
		if strings.Contains(e.Message, peerURI) {
			e.kinds = append(e.kinds, migration.ErrPeerUnreachable)
		}
	case libvirt.ErrOperationInvalid:
		if job, err := h.Job(ctx, uuid); err == nil && job.Type == migration.JobRunning {
			e.kinds = append(e.kinds, migration.ErrBusy)
		}
	}
	e.Message = strings.ReplaceAll(e.Message, peerURI, redactedURI(peerURI))
	return e
}
