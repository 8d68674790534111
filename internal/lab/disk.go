package lab

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"libvirt.org/go/libvirtxml"
)

// Disk is a disk of a guest, on storage that all hosts share unless it is Local.
type Disk struct {
	// Format is qcow2 (the default) or raw.
	Format string
	// Bus is virtio (the default), scsi, sata or ide.
	Bus string
	// MiB is the disk's size; the default is 8.
	MiB int
	// Local puts the disk where only the guest's own host has it, outside of qemu.conf's shared_filesystems.
	Local bool
	// Filled gives the disk data all over that does not compress, so that a copy of it takes its time.
	Filled bool
	// Target and Path are filled in by the lab: the device as the guest's definition has it, and the file as hosts see it.
	Target, Path string
}

// targetPrefixes are how targets begin on each bus.
var targetPrefixes = map[string]string{"virtio": "vd", "scsi": "sd", "sata": "sd", "ide": "hd"}

// Disks are the guest's disks, in the order of its spec.
func (g *Guest) Disks() []Disk {
	var disks []Disk
	for _, part := range g.Spec.Parts {
		if disk, ok := part.(Disk); ok {
			disks = append(disks, disk)
		}
	}
	return disks
}

// resolveDisks fills in what the specs of the guest's disks left out.
func (g *Guest) resolveDisks() {
	taken := map[string]int{}
	for i, part := range g.Spec.Parts {
		disk, ok := part.(Disk)
		if !ok {
			continue
		}
		disk.Format, disk.Bus, disk.MiB = cmp.Or(disk.Format, "qcow2"), cmp.Or(disk.Bus, "virtio"), cmp.Or(disk.MiB, 8)
		prefix := targetPrefixes[disk.Bus]
		disk.Target = prefix + string(rune('a'+taken[prefix]))
		taken[prefix]++
		directory := Images
		if disk.Local {
			directory = LocalImages
		}
		disk.Path = fmt.Sprintf("%s/%s-%s.%s", directory, g.Name, disk.Target, disk.Format)
		g.Spec.Parts[i] = disk
	}
}

func (d Disk) create(ctx context.Context, g *Guest) error {
	own := g.world.Host(g.Spec.Host)
	err := run(ctx, "qemu-img", "create", "-q", "-f", d.Format, own.File(d.Path), fmt.Sprintf("%dM", d.MiB))
	if err != nil {
		return err
	}
	if d.Filled {
		if err := d.fill(ctx, own); err != nil {
			return err
		}
	}
	if d.Local {
		g.files = append(g.files, d.Path)
		return nil
	}
	return g.share(own, d.Path)
}

// fill writes over all of the disk.
func (d Disk) fill(ctx context.Context, own *Host) error {
	content := make([]byte, d.MiB<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	raw := own.File(d.Path) + ".raw"
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		return err
	}
	defer os.Remove(raw)
	return run(ctx, "qemu-img", "convert", "-n", "-f", "raw", "-O", d.Format, raw, own.File(d.Path))
}

func (d Disk) describe(_ *Guest, domain *libvirtxml.Domain) {
	domain.Devices.Disks = append(domain.Devices.Disks, libvirtxml.DomainDisk{
		Device: "disk",
		Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: d.Format},
		Source: &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: d.Path}},
		Target: &libvirtxml.DomainDiskTarget{Dev: d.Target, Bus: d.Bus},
	})
	isSCSI := func(c libvirtxml.DomainController) bool { return c.Type == "scsi" }
	if d.Bus == "scsi" && !slices.ContainsFunc(domain.Devices.Controllers, isSCSI) {
		domain.Devices.Controllers = append(domain.Devices.Controllers,
			libvirtxml.DomainController{Type: "scsi", Model: "virtio-scsi"})
	}
}
