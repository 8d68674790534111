//go:build lab

package defects

import (
	"os"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// fileDefects are about what else the guest needs by path.
func fileDefects() []defect {
	logs := state("consoles")
	// missing is a directory that the source alone has, and a device with a file in it.
	missing := func(name, device string, edit lab.Edit) defect {
		return defect{
			name: name, guest: paused(edit), prepare: func(s *scene) {
				s.directory(logs, s.source)
				s.Cleanup(func() { _ = s.destination.Command(s.after(), "rmdir", logs).Run() })
			},
			check: preflight.CheckPaths, host: "kvm2", device: device, thorough: true, remedy: command("mkdir -p"),
		}
	}
	file := func(name string) *libvirtxml.DomainChardevSource {
		return &libvirtxml.DomainChardevSource{File: &libvirtxml.DomainChardevSourceFile{Path: logs + "/" + name}}
	}
	logged := &libvirtxml.DomainChardevLog{File: logs + "/log"}
	pty := &libvirtxml.DomainChardevSource{Pty: &libvirtxml.DomainChardevSourcePty{}}
	// only is a file that the source alone has.
	only := func(name, device string, edit lab.Edit) defect {
		path := state("boot/file")
		return defect{
			name: name, guest: paused(edit), prepare: func(s *scene) {
				kernel, err := os.ReadFile(s.world.Kernel)
				s.must(err)
				s.put(path, kernel, s.source)
			},
			check: preflight.CheckPaths, host: "kvm2", device: device, thorough: true,
			remedy: act(available, func(s *scene) { s.copy(path) }),
		}
	}
	serial := missing("directory of a serial port's file missing", "serial 0", func(d *libvirtxml.Domain) {
		d.Devices.Serials = append(d.Devices.Serials, libvirtxml.DomainSerial{Source: file("serial")})
	})
	serial.short = true
	return []defect{
		serial,
		missing("directory of a console's log missing", "serial 0 log", func(d *libvirtxml.Domain) {
			d.Devices.Serials = append(d.Devices.Serials, libvirtxml.DomainSerial{Source: pty, Log: logged})
		}),
		missing("directory of a parallel port's file missing", "parallel 0", func(d *libvirtxml.Domain) {
			d.Devices.Parallels = append(d.Devices.Parallels, libvirtxml.DomainParallel{Source: file("parallel")})
		}),
		missing("directory of a channel's file missing", "channel 0", func(d *libvirtxml.Domain) {
			d.Devices.Channels = append(d.Devices.Channels, libvirtxml.DomainChannel{
				Source: file("channel"),
				Target: &libvirtxml.DomainChannelTarget{VirtIO: &libvirtxml.DomainChannelTargetVirtIO{Name: "org.example.shop"}},
			})
		}),
		missing("directory of a serial port's socket missing", "serial 0", func(d *libvirtxml.Domain) {
			d.Devices.Serials = append(d.Devices.Serials, libvirtxml.DomainSerial{Source: &libvirtxml.DomainChardevSource{
				UNIX: &libvirtxml.DomainChardevSourceUNIX{Mode: "bind", Path: logs + "/socket"},
			}})
		}),
		only("kernel missing", "kernel", func(d *libvirtxml.Domain) { d.OS.Kernel = state("boot/file") }),
		only("initrd missing", "initrd", func(d *libvirtxml.Domain) {
			d.OS.Kernel, d.OS.Initrd = current().Kernel, state("boot/file")
		}),
		{
			name: "firmware missing", guest: firmware(), prepare: func(s *scene) {
				s.run(s.source, "mkdir", "-p", state("firmware"))
				s.run(s.source, "cp", "/usr/share/OVMF/OVMF_CODE_4M.fd", state("firmware/code.fd"))
				s.run(s.source, "cp", "/usr/share/OVMF/OVMF_VARS_4M.fd", state("firmware/vars.fd"))
				s.Cleanup(func() {
					for _, h := range s.world.Hosts {
						_ = h.Command(s.after(), "rm", "-rf", state("firmware")).Run()
					}
				})
			},
			check: preflight.CheckFirmware, host: "kvm2", device: "firmware", thorough: true,
			remedy: act("or copy it", func(s *scene) {
				s.copy(state("firmware/code.fd"))
				s.copy(state("firmware/vars.fd"))
			}),
		},
		{
			name: "directory of the NVRAM missing", guest: paused(lab.UEFI{}, lab.Edit(func(d *libvirtxml.Domain) {
				d.OS.NVRam = &libvirtxml.DomainNVRam{NVRam: state("variables/vars.fd")}
			})),
			prepare: func(s *scene) {
				s.directory(state("variables"), s.source)
				s.Cleanup(func() { _ = s.destination.Command(s.after(), "rmdir", state("variables")).Run() })
			},
			check: preflight.CheckFirmware, host: "kvm2", device: "NVRAM", thorough: true, remedy: command("mkdir -p"),
		},
		{
			name: "directory of a 9p filesystem missing", guest: paused(lab.Edit(func(d *libvirtxml.Domain) {
				d.Devices.Filesystems = append(d.Devices.Filesystems, libvirtxml.DomainFilesystem{
					AccessMode: "mapped",
					Source:     &libvirtxml.DomainFilesystemSource{Mount: &libvirtxml.DomainFilesystemSourceMount{Dir: logs}},
					Target:     &libvirtxml.DomainFilesystemTarget{Dir: "shop"},
				})
			})),
			prepare: func(s *scene) { s.directory(logs, s.source) },
			check:   preflight.CheckPaths, host: "kvm2", device: "filesystem shop", thorough: true,
			remedy: act(available, func(s *scene) { s.directory(logs, s.destination) }),
		},
	}
}

// firmware is a guest with a UEFI firmware at a path of its own.
func firmware() lab.GuestSpec {
	spec := paused(lab.Edit(func(d *libvirtxml.Domain) {
		d.OS.Loader = &libvirtxml.DomainLoader{Path: state("firmware/code.fd"), Readonly: "yes", Type: "pflash"}
		d.OS.NVRam = &libvirtxml.DomainNVRam{Template: state("firmware/vars.fd")}
	}))
	spec.Machine = "q35"
	return spec
}
