package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// DiskSize is how large the disk of a domain is, by its target (virDomainGetBlockInfo). Of the
// volume only sizes are set.
func (h *Host) DiskSize(ctx context.Context, uuid, target string) (storage.Volume, error) {
	op := "read the size of disk " + target
	dom, err := handle(uuid)
	if err != nil {
		return storage.Volume{}, h.fail(op, err)
	}
	return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (storage.Volume, error) {
		allocation, capacity, physical, err := lv.DomainGetBlockInfo(dom, target, 0)
		return storage.Volume{Capacity: capacity, Allocation: allocation, Length: physical}, err
	})
}
