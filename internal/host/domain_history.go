package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// DomainHistory reads every copy of the history of a domain's moves. The error matches
// migration.ErrNoDomain if the host has no such domain.
func (h *Host) DomainHistory(ctx context.Context, uuid string) (DomainDocument, error) {
	return h.domainDocument(ctx, "read the domain's history", uuid, historyElement)
}

// UpdateDomainHistory reads the history of a domain's moves, lets change make the next
// one of it, and writes that into every copy that the domain can have. Nothing is written
// where change returns nil, or an error. While a job such as a migration locks the domain
// it fails at once with migration.ErrBusy: libvirt would wait 30 s.
func (h *Host) UpdateDomainHistory(
	ctx context.Context, uuid string, change func(DomainDocument) (next *string, err error),
) error {
	const op = "write the domain's history"
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	var present DomainDocument
	if err := parallel(
		get(&present, func() (DomainDocument, error) { return h.domainDocument(ctx, op, uuid, historyElement) }),
		func() error { return h.refuseWhileBusy(ctx, op, dom) },
	); err != nil {
		return err
	}
	next, err := change(present)
	if err != nil || next == nil {
		return err
	}
	element, err := historyElement.encode(*next)
	if err != nil {
		return h.fail(op, err)
	}
	return write(ctx, h, op, h.deadlines.RecordWrite, rpc.Writing, func(lv *libvirt.Libvirt) error {
		return lv.DomainSetMetadata(dom, int32(libvirt.DomainMetadataElement), libvirt.OptString{element},
			libvirt.OptString{historyElement.key}, libvirt.OptString{historyElement.uri}, present.copies())
	})
}
