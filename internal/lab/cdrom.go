package lab

import (
	"context"
	"os"
	"path/filepath"

	"libvirt.org/go/libvirtxml"
)

// CDROM is a drive with an ISO, on storage that all hosts share.
type CDROM struct{}

// ISO is the file in the guest's drive as hosts see it.
func (g *Guest) ISO() string { return Images + "/" + g.Name + ".iso" }

func (CDROM) create(ctx context.Context, g *Guest) error {
	content, err := os.MkdirTemp("", "lab-iso-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(content)
	if err := os.WriteFile(filepath.Join(content, "readme.txt"), []byte("An ISO of the lab.\n"), 0o644); err != nil {
		return err
	}
	own := g.world.Host(g.Spec.Host)
	if err := run(ctx, "genisoimage", "-quiet", "-V", "LAB", "-o", own.File(g.ISO()), content); err != nil {
		return err
	}
	return g.share(own, g.ISO())
}

func (CDROM) describe(g *Guest, domain *libvirtxml.Domain) {
	domain.Devices.Disks = append(domain.Devices.Disks, libvirtxml.DomainDisk{
		Device:   "cdrom",
		Driver:   &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw"},
		Source:   &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: g.ISO()}},
		Target:   &libvirtxml.DomainDiskTarget{Dev: "sdz", Bus: "sata"},
		ReadOnly: &libvirtxml.DomainDiskReadOnly{},
	})
}
