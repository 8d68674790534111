package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Identity asks the host's libvirt who and what it is.
func (h *Host) Identity(ctx context.Context) (migration.Identity, error) {
	const op = "ask for the host's identity"
	var id migration.Identity
	err := parallel(
		get(&id.Hostname, func() (string, error) {
			return read(ctx, h, op, quick, (*libvirt.Libvirt).ConnectGetHostname)
		}),
		get(&id.LibvirtVersion, func() (uint64, error) {
			return read(ctx, h, op, quick, (*libvirt.Libvirt).ConnectGetLibVersion)
		}),
		get(&id.QEMUVersion, func() (uint64, error) {
			return read(ctx, h, op, quick, (*libvirt.Libvirt).ConnectGetVersion)
		}),
		get(&id.HostUUID, func() (string, error) { return h.UUID(ctx) }),
	)
	if err != nil {
		return migration.Identity{}, err
	}
	return id, nil
}
