package host

import (
	"context"
	"encoding/xml"
	"slices"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// GraphicsPorts are the ports of the graphical consoles of all domains that run on the
// host. It reads the definition of each.
func (h *Host) GraphicsPorts(ctx context.Context) ([]preflight.GraphicsPort, error) {
	const op = "list the graphical consoles"
	domains, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		domains, _, err := lv.ConnectListAllDomains(1, libvirt.ConnectListDomainsActive)
		return domains, err
	})
	if err != nil {
		return nil, err
	}
	ports := make([][]preflight.GraphicsPort, len(domains))
	reads := make([]func() error, len(domains))
	for i, dom := range domains {
		reads[i] = get(&ports[i], func() ([]preflight.GraphicsPort, error) { return h.graphicsPorts(ctx, op, dom) })
	}
	err = parallel(reads...)
	return slices.Concat(ports...), err
}

func (h *Host) graphicsPorts(ctx context.Context, op string, dom libvirt.Domain) ([]preflight.GraphicsPort, error) {
	definition, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (string, error) {
		return lv.DomainGetXMLDesc(dom, 0)
	})
	if answered(err, libvirt.ErrNoDomain) {
		return nil, nil // it has ended meanwhile
	}
	if err != nil {
		return nil, err
	}
	var doc struct {
		Consoles []struct {
			Port      int    `xml:"port,attr"`
			TLSPort   int    `xml:"tlsPort,attr"`
			WebSocket int    `xml:"websocket,attr"`
			Address   string `xml:"listen,attr"`
		} `xml:"devices>graphics"`
	}
	if err := xml.Unmarshal([]byte(definition), &doc); err != nil {
		return nil, h.fail(op, err)
	}
	var ports []preflight.GraphicsPort
	for _, console := range doc.Consoles {
		for _, port := range []int{console.Port, console.TLSPort, console.WebSocket} {
			if port > 0 {
				ports = append(ports, preflight.GraphicsPort{Domain: dom.Name, Address: console.Address, Port: port})
			}
		}
	}
	return ports, nil
}
