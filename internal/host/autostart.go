package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Autostart tells whether libvirt starts the domain when the daemon starts. A domain that
// is not persistent has no autostart.
func (h *Host) Autostart(ctx context.Context, uuid string) (bool, error) {
	const op = "read the domain's autostart"
	dom, err := handle(uuid)
	if err != nil {
		return false, h.fail(op, err)
	}
	on, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (int32, error) { return lv.DomainGetAutostart(dom) })
	return on == 1, err
}

// SetAutostart sets whether libvirt starts the domain when the daemon starts. While a job
// such as a migration locks the domain it fails at once with migration.ErrBusy: libvirt
// would wait 30 s.
func (h *Host) SetAutostart(ctx context.Context, uuid string, on bool) error {
	return h.change(ctx, "set the domain's autostart", uuid, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		return lv.DomainSetAutostart(dom, number(on))
	})
}

// change makes a call that changes what the host keeps of a domain, unless a job runs for
// which libvirt would let it wait: it may then change what has become of the domain.
func (h *Host) change(ctx context.Context, op, uuid string, fn func(*libvirt.Libvirt, libvirt.Domain) error) error {
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	copies, err := h.possibleCopies(ctx, op, dom)
	if err != nil {
		return err
	}
	if err := h.refuseWhileBusy(ctx, op, dom, copies); err != nil {
		return err
	}
	return write(ctx, h, op, h.deadlines.RecordWrite, rpc.Writing, func(lv *libvirt.Libvirt) error { return fn(lv, dom) })
}
