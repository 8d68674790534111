//go:build lab

package defects

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// consoleDefects are about the console's addresses and ports, and about the VM's name.
func consoleDefects() []defect {
	here := "10.77.0.11" // the source's
	elsewhere := func(parts ...lab.Part) lab.GuestSpec { return paused(parts...) }
	return []defect{
		{
			name: "VNC listens on an address of the source", guest: elsewhere(lab.VNC{Listen: here}), short: true,
			check: preflight.CheckListen, host: "kvm2", device: "graphics vnc",
			remedy: edited(`s/` + strings.ReplaceAll(here, ".", `\.`) + `/0.0.0.0/g`),
		},
		{
			name: "serial port listens on an address of the source", guest: elsewhere(serialOverTCP(here)), short: true,
			check: preflight.CheckListen, host: "kvm2", device: "serial 0",
			remedy: edited(`s/` + strings.ReplaceAll(here, ".", `\.`) + `/0.0.0.0/g`),
		},
		{
			name: "VNC's fixed port taken, and made automatic", guest: paused(lab.VNC{Port: 5988}),
			plant: func(s *scene) { s.occupy("db", 5988, true) },
			check: preflight.CheckPorts, host: "kvm2", device: "graphics vnc",
			remedy: edited(`s/port="?.5988.? autoport=.no.//; s/port=.5988. autoport=.no./autoport="yes"/`),
		},
		{
			name: "VNC's fixed port taken, and the other VM moved away", guest: paused(lab.VNC{Port: 5988}),
			plant: func(s *scene) { s.occupy("db", 5988, true) },
			check: preflight.CheckPorts, host: "kvm2", device: "graphics vnc",
			remedy: act("Or move VM db away first", func(s *scene) { s.destination.MustVirsh(s, "destroy", "db") }),
		},
		{
			name: "VNC's websocket port taken", guest: paused(lab.VNC{Port: 5988}, lab.Edit(func(d *libvirtxml.Domain) {
				d.Devices.Graphics[0].VNC.WebSocket = 5989
			})),
			plant: func(s *scene) { s.occupy("db", 5989, true) },
			check: preflight.CheckPorts, host: "kvm2", device: "graphics vnc",
			remedy: act("Or move VM db away first", func(s *scene) { s.destination.MustVirsh(s, "destroy", "db") }),
		},
		{
			name: "name taken by a VM that is shut off", guest: paused(),
			plant: func(s *scene) { s.occupy(s.guest.Name, 0, false) },
			check: preflight.CheckName, host: "kvm2", remedy: command("virsh domrename"),
		},
		{
			name: "name taken by a VM that runs", guest: paused(),
			plant: func(s *scene) { s.occupy(s.guest.Name, 0, true) },
			check: preflight.CheckName, host: "kvm2",
			remedy: act("while that VM is shut off", func(s *scene) { s.destination.MustVirsh(s, "destroy", s.guest.Name) }),
		},
	}
}

// serialOverTCP is a serial port that telnet reaches at an address of the host.
func serialOverTCP(address string) lab.Part {
	return lab.Edit(func(d *libvirtxml.Domain) {
		d.Devices.Consoles = nil
		bound := &libvirtxml.DomainChardevSourceTCP{Mode: "bind", Host: address, Service: "4555"}
		d.Devices.Serials = []libvirtxml.DomainSerial{{
			Source:   &libvirtxml.DomainChardevSource{TCP: bound},
			Protocol: &libvirtxml.DomainChardevProtocol{Type: "telnet"},
		}}
	})
}

// occupy makes another domain on the destination: a paused transient one, or one that is only defined.
func (s *scene) occupy(name string, port int, active bool) {
	s.Helper()
	id, console := uuid.NewString(), ""
	if port != 0 {
		console = fmt.Sprintf(`<graphics type="vnc" port="%d" listen="0.0.0.0"/>`, port)
	}
	file := s.write(fmt.Sprintf(`<domain type="qemu"><name>%s</name><uuid>%s</uuid><memory unit="MiB">32</memory>
		<os><type arch="x86_64">hvm</type></os><devices><emulator>%s</emulator>%s</devices></domain>`,
		name, id, lab.Emulator, console))
	s.Cleanup(func() {
		_, _ = s.destination.Virsh(s.after(), "destroy", id)
		_, _ = s.destination.Virsh(s.after(), "undefine", id)
	})
	if active {
		s.destination.MustVirsh(s, "create", "--paused", file)
		return
	}
	s.destination.MustVirsh(s, "define", file)
}
