package preflight

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"

	"libvirt.org/go/libvirtxml"
)

// layered tells of a disk whose image may be an overlay of others.
func (d Disk) layered() bool { return d.Format != "" && d.Format != "raw" }

// findBacking gives the disks the backing files that the source has found in their images. A
// migratable definition has only those that its author wrote: the destination looks for the
// others itself, and does not start the VM without them.
func (g *Guest) findBacking(ctx context.Context, r Request) error {
	if !slices.ContainsFunc(g.Disks, Disk.layered) {
		return nil
	}
	definition, err := r.Source.LiveXML(ctx, r.Move.UUID)
	if err != nil {
		return err
	}
	var live struct {
		Disks []libvirtxml.DomainDisk `xml:"devices>disk"`
	}
	if err := xml.Unmarshal([]byte(definition), &live); err != nil {
		return fmt.Errorf("the live definition cannot be parsed: %w", err)
	}
	for _, d := range live.Disks {
		found := diskOf(d)
		i := slices.IndexFunc(g.Disks, func(d Disk) bool { return d.Target == found.Target && d.layered() })
		if i >= 0 {
			g.Disks[i].Chain = found.Chain
		}
	}
	return nil
}
