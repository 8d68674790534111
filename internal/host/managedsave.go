package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// HasManagedSave tells whether the host keeps a managed-save image of the domain, from
// which its next start would go on.
func (h *Host) HasManagedSave(ctx context.Context, uuid string) (bool, error) {
	const op = "look for a managed-save image of the domain"
	dom, err := handle(uuid)
	if err != nil {
		return false, h.fail(op, err)
	}
	has, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.DomainHasManagedSaveImage(dom, 0)
	})
	return has == 1, err
}
