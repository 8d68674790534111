package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Autostart tells whether libvirt starts the domain when the daemon starts: always, or once
// where libvirt knows that. A domain that is not persistent has no autostart.
func (h *Host) Autostart(ctx context.Context, uuid string) (migration.Autostart, error) {
	const op = "read the domain's autostart"
	var a migration.Autostart
	dom, err := handle(uuid)
	if err != nil {
		return a, h.fail(op, err)
	}
	ask := func(fn func(*libvirt.Libvirt) (int32, error)) func() (bool, error) {
		return func() (bool, error) {
			on, err := read(ctx, h, op, rpc.Quick, fn)
			return on == 1, err
		}
	}
	err = parallel(
		get(&a.Always, ask(func(lv *libvirt.Libvirt) (int32, error) { return lv.DomainGetAutostart(dom) })),
		get(&a.Once, func() (bool, error) {
			once, err := ask(func(lv *libvirt.Libvirt) (int32, error) { return lv.DomainGetAutostartOnce(dom) })()
			if errors.Is(err, migration.ErrUnsupported) {
				return false, nil
			}
			return once, err
		}),
	)
	return a, err
}

// SetAutostart sets whether libvirt starts the domain when the daemon starts. While a job
// such as a migration locks the domain it fails at once with migration.ErrBusy: libvirt
// would wait 30 s.
func (h *Host) SetAutostart(ctx context.Context, uuid string, a migration.Autostart) error {
	const op = "set the domain's autostart"
	before, err := h.Autostart(ctx, uuid)
	if err != nil {
		return err
	}
	if before.Always != a.Always {
		err = h.change(ctx, op, uuid, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
			return lv.DomainSetAutostart(dom, number(a.Always))
		})
	}
	if err == nil && before.Once != a.Once {
		err = h.change(ctx, op, uuid, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
			return lv.DomainSetAutostartOnce(dom, number(a.Once))
		})
	}
	return err
}

// change makes a call that changes what the host keeps of a domain, unless a job runs for
// which libvirt would let it wait: it may then change what has become of the domain.
func (h *Host) change(ctx context.Context, op, uuid string, fn func(*libvirt.Libvirt, libvirt.Domain) error) error {
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	if err := h.refuseWhileBusy(ctx, op, dom); err != nil {
		return err
	}
	return write(ctx, h, op, h.deadlines.RecordWrite, rpc.Writing, func(lv *libvirt.Libvirt) error { return fn(lv, dom) })
}
