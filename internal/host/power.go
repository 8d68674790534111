package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// ShutDown asks the guest to shut down, by its agent or by ACPI. It returns once libvirt has asked, not once the guest
// is off: a guest may not listen.
func (h *Host) ShutDown(ctx context.Context, uuid string) error {
	return h.command(ctx, "shut down the domain", uuid, rpc.Patient, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		return lv.DomainShutdownFlags(dom, 0)
	})
}

// Start starts the domain; from its managed-save image, where the host keeps one. It takes as long as QEMU takes to
// read that, on a connection of its own, and libvirt carries on when the context ends.
func (h *Host) Start(ctx context.Context, uuid string) error {
	return h.lengthy(ctx, "start the domain", uuid, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		_, err := lv.DomainCreateWithFlags(dom, 0)
		return err
	})
}

// ManagedSave saves the memory of the domain in a file that libvirt keeps, and ends its QEMU. It takes as long as the
// host takes to write it, on a connection of its own, and libvirt carries on when the context ends.
func (h *Host) ManagedSave(ctx context.Context, uuid string) error {
	return h.lengthy(ctx, "save the domain", uuid, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		return lv.DomainManagedSave(dom, 0)
	})
}

// lengthy makes a call that changes the domain and reads or writes all its memory.
func (h *Host) lengthy(ctx context.Context, op, uuid string, fn func(*libvirt.Libvirt, libvirt.Domain) error) error {
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	c, err := h.openWork(ctx)
	if err != nil {
		return h.fail(op, err)
	}
	defer h.closeWork(ctx, c)
	err = c.Call(ctx, h.deadlines.SavedMemory, rpc.Urgent, func(lv *libvirt.Libvirt) error { return fn(lv, dom) })
	return h.failChange(op, err)
}
