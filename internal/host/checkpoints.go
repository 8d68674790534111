package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Checkpoints reads the metadata of a domain's checkpoints, parents before their children.
// A libvirt that knows no checkpoints has none.
func (h *Host) Checkpoints(ctx context.Context, uuid string) ([]migration.Checkpoint, error) {
	const op = "read the domain's checkpoints"
	dom, err := handle(uuid)
	if err != nil {
		return nil, h.fail(op, err)
	}
	listed, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.DomainCheckpoint, error) {
		found, _, err := lv.DomainListAllCheckpoints(dom, 1, uint32(libvirt.DomainCheckpointListTopological))
		return found, err
	})
	if errors.Is(err, migration.ErrUnsupported) {
		return nil, nil
	}
	var checkpoints []migration.Checkpoint
	for _, c := range listed {
		xml, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainCheckpointGetXMLDesc(c, uint32(libvirt.DomainCheckpointXMLSecure))
		})
		if err != nil {
			return nil, err
		}
		checkpoints = append(checkpoints, migration.Checkpoint{Name: c.Name, XML: xml})
	}
	return checkpoints, err
}

// RedefineCheckpoint restores the metadata of a checkpoint whose bitmap the disks have. It
// fails with migration.ErrBusy as SetAutostart does.
func (h *Host) RedefineCheckpoint(ctx context.Context, uuid string, c migration.Checkpoint) error {
	op := "restore the metadata of checkpoint " + c.Name
	return h.change(ctx, op, uuid, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		_, err := lv.DomainCheckpointCreateXML(dom, c.XML, uint32(libvirt.DomainCheckpointCreateRedefine))
		return err
	})
}
