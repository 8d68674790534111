//go:build lab

package defects

import (
	"os"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// available is what the advice says where a file is missing.
const available = "Make it available there"

// first and last are the files of a guest's disks.
func first(s *scene) string { return s.guest.Disks()[0].Path }

func last(s *scene) string { return s.guest.Disks()[len(s.guest.Disks())-1].Path }

// hidden is a file that the destination does not have, and gets.
func hidden(name, device string, file func(*scene) string, parts ...lab.Part) defect {
	return defect{
		name: name, guest: paused(parts...), plant: func(s *scene) { s.hide(file(s)) },
		check: preflight.CheckPaths, host: "kvm2", device: device, thorough: true,
		remedy: act(available, func(s *scene) { s.show(file(s)) }),
	}
}

// storageDefects are about disks, media and pools.
func storageDefects() []defect {
	iso := func(s *scene) string { return s.guest.ISO() }
	ejected := hidden("ISO missing, and ejected", "cdrom sdz", iso, lab.CDROM{})
	ejected.remedy, ejected.short = command("virsh change-media"), true
	disk := hidden("disk missing (qcow2, virtio)", "disk vda", first, lab.Disk{})
	disk.short = true
	return append([]defect{
		disk,
		hidden("disk missing (raw, scsi)", "disk sda", first, lab.Disk{Format: "raw", Bus: "scsi"}),
		hidden("disk missing (qcow2, sata)", "disk sda", first, lab.Disk{Bus: "sata"}),
		hidden("third disk of three missing", "disk vdc", last, lab.Disk{}, lab.Disk{Format: "raw"}, lab.Disk{}),
		hidden("ISO missing", "cdrom sdz", iso, lab.CDROM{}),
		ejected,
		{
			name: "disk in a directory that is not there", guest: paused(fileDisk("disk", "vda", "virtio", state("vault/disk.img"))),
			prepare: func(s *scene) { s.put(state("vault/disk.img"), make([]byte, 1<<20), s.source) },
			check:   preflight.CheckVerdict, host: "kvm1",
			remedy: act("Put it on storage that both hosts share", func(s *scene) { s.toShared(state("vault/disk.img"), "vda") }),
		},
		{
			name: "floppy missing", guest: paused(fileDisk("floppy", "fda", "fdc", lab.Images+"/floppy.img")),
			prepare: func(s *scene) { s.put(lab.Images+"/floppy.img", make([]byte, 1440<<10), s.source) },
			check:   preflight.CheckPaths, host: "kvm2", device: "floppy fda", thorough: true,
			remedy: command("virsh change-media"),
		},
		backed("backing file missing that the definition names", lab.Edit(func(d *libvirtxml.Domain) {
			d.Devices.Disks[0].BackingStore = &libvirtxml.DomainDiskBackingStore{
				Format:       &libvirtxml.DomainDiskFormat{Type: "raw"},
				Source:       &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: base}},
				BackingStore: &libvirtxml.DomainDiskBackingStore{},
			}
		})),
		backed("backing file missing that libvirt found in the image", lab.Edit(func(*libvirtxml.Domain) {})),
	}, poolDefects()...)
}

// base is an image that others are overlays of.
const base = lab.Images + "/base.raw"

// backed is a disk whose image both hosts have, but not its backing file.
func backed(name string, edit lab.Edit) defect {
	const overlay = lab.Images + "/overlay.qcow2"
	return defect{
		name: name, guest: paused(fileDisk("disk", "vda", "virtio", overlay), edit),
		prepare: func(s *scene) {
			s.put(base, make([]byte, 1<<20), s.source)
			s.run(s.source, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, overlay)
			s.must(os.Link(s.source.File(overlay), s.destination.File(overlay)))
			s.Cleanup(func() {
				for _, h := range s.world.Hosts {
					_, _ = os.Remove(h.File(overlay)), os.Remove(h.File(base))
				}
			})
		},
		check: preflight.CheckPaths, host: "kvm2", device: "disk vda backing file", thorough: true,
		remedy: act(available, func(s *scene) { s.show(base) }),
	}
}

// fileDisk is a drive with a file.
func fileDisk(device, target, bus, path string) lab.Part {
	return lab.Edit(func(d *libvirtxml.Domain) {
		format := "raw"
		if len(path) > 6 && path[len(path)-6:] == ".qcow2" {
			format = "qcow2"
		}
		d.Devices.Disks = append(d.Devices.Disks, libvirtxml.DomainDisk{
			Device: device, Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: format},
			Source: &libvirtxml.DomainDiskSource{File: &libvirtxml.DomainDiskSourceFile{File: path}},
			Target: &libvirtxml.DomainDiskTarget{Dev: target, Bus: bus},
		})
	})
}

// toShared puts a disk on storage that the hosts share: the guest starts anew on it.
func (s *scene) toShared(from, target string) {
	s.Helper()
	shared := lab.Images + "/" + s.guest.Name + "-shared.img"
	content, err := os.ReadFile(s.source.File(from))
	s.must(err)
	s.put(shared, content, s.source)
	s.must(os.Link(s.source.File(shared), s.destination.File(shared)))
	s.Cleanup(func() { _ = os.Remove(s.destination.File(shared)) })
	s.source.MustVirsh(s, "detach-disk", s.guest.UUID, target, "--config")
	s.source.MustVirsh(s, "attach-disk", s.guest.UUID, shared, target, "--config")
	s.restart()
}

// poolXML defines a pool on a directory that each host has for itself. The volume is an ISO: libvirt does not mind that it
// is not shared.
const poolXML = `<pool type="dir"><name>media</name><target><path>/var/lib/libvirt/media</path></target></pool>`

// poolDefects are about storage pools and their volumes.
func poolDefects() []defect {
	const volume = "tools.iso"
	directory := state("media")
	pooled := paused(lab.Edit(func(d *libvirtxml.Domain) {
		d.Devices.Disks = append(d.Devices.Disks, libvirtxml.DomainDisk{
			Device: "cdrom", Driver: &libvirtxml.DomainDiskDriver{Name: "qemu", Type: "raw"},
			Source:   &libvirtxml.DomainDiskSource{Volume: &libvirtxml.DomainDiskSourceVolume{Pool: "media", Volume: volume}},
			Target:   &libvirtxml.DomainDiskTarget{Dev: "sda", Bus: "sata"},
			ReadOnly: &libvirtxml.DomainDiskReadOnly{},
		})
	}))
	pooled.Machine = "q35"
	// with makes the pool on these hosts, all of which have the file, in the end.
	with := func(pools, files int) func(*scene) {
		return func(s *scene) {
			s.directory(directory, s.world.Hosts...)
			s.put(directory+"/"+volume, make([]byte, 1<<20), s.world.Hosts[:files]...)
			s.Cleanup(func() {
				for _, h := range s.world.Hosts {
					_, _ = h.Virsh(s.after(), "pool-destroy", "media")
					_, _ = h.Virsh(s.after(), "pool-undefine", "media")
				}
			})
			for _, h := range s.world.Hosts[:pools] {
				h.MustVirsh(s, "pool-define", s.write(poolXML))
				h.MustVirsh(s, "pool-start", "media")
			}
		}
	}
	const device = "cdrom sda"
	return []defect{
		{
			name: "storage pool missing", guest: pooled, prepare: with(1, 2),
			check: preflight.CheckPools, host: "kvm2", device: device,
			remedy: command("virsh pool-dumpxml", "virsh pool-define", "virsh pool-start"),
		},
		{
			name: "storage pool not active", guest: pooled, prepare: with(2, 2), short: true,
			plant: func(s *scene) { s.destination.MustVirsh(s, "pool-destroy", "media") },
			check: preflight.CheckPools, host: "kvm2", device: device, remedy: command("virsh pool-start"),
		},
		{
			name: "volume not in the pool's list", guest: pooled, prepare: with(2, 1),
			plant: func(s *scene) { s.copy(directory + "/" + volume) },
			check: preflight.CheckPools, host: "kvm2", device: device, remedy: command("virsh pool-refresh"),
		},
	}
}
