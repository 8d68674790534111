package preflight

import (
	"fmt"
	"slices"
	"strconv"

	"libvirt.org/go/libvirtxml"
)

// listeners are where the devices listen on TCP or UDP, with the ports that the host has
// chosen for them if all are wanted.
func listeners(devices *libvirtxml.DomainDeviceList, all bool) []Listener {
	var found []Listener
	for _, d := range devices.Graphics {
		found = append(found, graphicsListeners(d, all)...)
	}
	note := func(device string, source *libvirtxml.DomainChardevSource) {
		if l := characterListener(device, source); l != nil {
			found = append(found, *l)
		}
	}
	for i, d := range devices.Serials {
		note(fmt.Sprintf("serial %d", i), d.Source)
	}
	for i, d := range devices.Parallels {
		note(fmt.Sprintf("parallel %d", i), d.Source)
	}
	for i, d := range devices.Consoles {
		if !serialToo(d) {
			note(fmt.Sprintf("console %d", i), d.Source)
		}
	}
	for i, d := range devices.Channels {
		note(fmt.Sprintf("channel %d", i), d.Source)
	}
	for i, d := range devices.RedirDevs {
		note(fmt.Sprintf("redirdev %d", i), d.Source)
	}
	for i, d := range devices.Smartcards {
		note(fmt.Sprintf("smartcard %d", i), d.Passthrough)
	}
	for _, d := range devices.RNGs {
		if d.Backend != nil && d.Backend.EGD != nil {
			note("rng", d.Backend.EGD.Source)
		}
	}
	return found
}

func graphicsListeners(d libvirtxml.DomainGraphic, all bool) []Listener {
	switch {
	case d.VNC != nil:
		// autoport is not about the websocket, which a destination takes over also where its source chose it.
		l := Listener{Device: "graphics vnc", Ports: slices.Concat(
			ports(all || d.VNC.AutoPort != "yes", d.VNC.Port), ports(true, d.VNC.WebSocket),
		)}
		return l.on(d.VNC.Listen, d.VNC.Listeners)
	case d.Spice != nil:
		l := Listener{Device: "graphics spice", Ports: ports(all || d.Spice.AutoPort != "yes", d.Spice.Port, d.Spice.TLSPort)}
		return l.on(d.Spice.Listen, d.Spice.Listeners)
	}
	return nil
}

// ports are those that are set.
func ports(fixed bool, ports ...int) []int {
	if !fixed {
		return nil
	}
	return slices.DeleteFunc(ports, func(port int) bool { return port <= 0 })
}

// on puts a console's listener on each of its addresses. A UNIX socket is none.
func (l Listener) on(address string, elements []libvirtxml.DomainGraphicListener) []Listener {
	var found []Listener
	for _, e := range elements {
		l := l
		switch {
		case e.Address != nil:
			l.Address = e.Address.Address
		case e.Network != nil:
			l.Network = e.Network.Network
		default:
			continue
		}
		found = append(found, l)
	}
	if len(elements) == 0 {
		l.Address = address
		found = []Listener{l}
	}
	return found
}

// characterListener is where a character device listens; nil where it does not.
func characterListener(device string, source *libvirtxml.DomainChardevSource) *Listener {
	switch {
	case source == nil:
	case source.TCP != nil && source.TCP.Mode == "bind":
		return &Listener{Device: device, Address: source.TCP.Host, Ports: service(source.TCP.Service)}
	case source.UDP != nil && source.UDP.BindHost+source.UDP.BindService != "":
		return &Listener{
			Device: device, Address: source.UDP.BindHost, Ports: service(source.UDP.BindService), UDP: true,
		}
	}
	return nil
}

// service is a port by number. Which port a name is depends on the host.
func service(name string) []int {
	port, err := strconv.Atoi(name)
	if err != nil {
		return nil
	}
	return ports(true, port)
}
