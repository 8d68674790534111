package lab

import (
	"cmp"

	"libvirt.org/go/libvirtxml"
)

// VNCPassword is the password of a [Typical] guest's console. QEMU takes eight characters at most.
const VNCPassword = "s3cr3t-7"

// VNC is a graphical console of a guest, with a graphics card.
type VNC struct {
	// Listen is the address that it listens on; the default is 0.0.0.0.
	Listen string
	// Port is fixed if it is not zero; else libvirt chooses one.
	Port int
	// Password is asked for; empty asks for none.
	Password string
}

func (v VNC) describe(_ *Guest, domain *libvirtxml.Domain) {
	vnc := &libvirtxml.DomainGraphicVNC{
		Port: -1, AutoPort: "yes", Passwd: v.Password,
		Listeners: []libvirtxml.DomainGraphicListener{{
			Address: &libvirtxml.DomainGraphicListenerAddress{Address: cmp.Or(v.Listen, "0.0.0.0")},
		}},
	}
	if v.Port != 0 {
		vnc.Port, vnc.AutoPort = v.Port, "no"
	}
	domain.Devices.Graphics = append(domain.Devices.Graphics, libvirtxml.DomainGraphic{VNC: vnc})
	domain.Devices.Videos = []libvirtxml.DomainVideo{{Model: libvirtxml.DomainVideoModel{Type: "vga"}}}
}
