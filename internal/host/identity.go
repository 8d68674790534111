package host

import (
	"context"
	"encoding/xml"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Identity asks the host's libvirt who and what it is.
func (h *Host) Identity(ctx context.Context) (migration.Identity, error) {
	const op = "ask for the host's identity"
	var id migration.Identity
	var capabilities string
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
		get(&capabilities, func() (string, error) {
			return read(ctx, h, op, patient, (*libvirt.Libvirt).ConnectGetCapabilities)
		}),
	)
	if err != nil {
		return migration.Identity{}, err
	}
	var doc struct {
		UUID string `xml:"host>uuid"`
	}
	if err := xml.Unmarshal([]byte(capabilities), &doc); err != nil {
		return migration.Identity{}, h.fail(op, err)
	}
	id.HostUUID = doc.UUID
	return id, nil
}
