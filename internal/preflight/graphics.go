package preflight

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// graphicsCheck looks whether the destination's emulator has the guest's kind of console.
type graphicsCheck struct{}

// GraphicsMissing is an emulator without a kind of console, such as "spice".
type GraphicsMissing struct{ Type string }

// Problem implements migration.Fact.
func (GraphicsMissing) Problem() string { return "no such graphics" }

func (graphicsCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.Graphics) == 0 {
		return nil, nil
	}
	c, known, err := s.capabilities(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	var found []migration.Finding
	for _, g := range s.guest.Graphics {
		if known && !c.Has("graphics", "type", g.Type) {
			found = append(found, migration.Finding{
				Fact: GraphicsMissing{g.Type}, Host: s.destination(), Device: g.name(),
			})
		}
	}
	return found, nil
}

// name is the console in a finding.
func (g Graphics) name() string { return "graphics " + g.Type }

// listenCheck looks whether the address that a console listens on is the destination's.
type listenCheck struct{}

// ListenElsewhere is a console that listens on an address of the source, which the
// destination cannot have, too.
type ListenElsewhere struct{ Address netip.Addr }

// Problem implements migration.Fact.
func (ListenElsewhere) Problem() string { return "address of another host" }

func (listenCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []string
	for _, g := range s.guest.Graphics {
		for _, l := range g.Listens {
			if l.Address == "" {
				continue
			}
			address, err := netip.ParseAddr(l.Address)
			address = address.Unmap()
			switch {
			case err == nil && (address.IsUnspecified() || address.IsLoopback()), err != nil && l.Address == "localhost":
			case err == nil && slices.Contains(addresses(ctx, s.Destination), address):
			case err == nil && slices.Contains(addresses(ctx, s.Source), address):
				found = append(found, migration.Finding{
					Fact: ListenElsewhere{address}, Host: s.destination(), Device: g.name(),
				})
			default:
				unknown = append(unknown, l.Address)
			}
		}
	}
	if len(unknown) > 0 {
		return found, unknowable(s.destination(), strings.Join(unknown, ", "))
	}
	return found, nil
}

// addresses are those that are known to be a host's.
func addresses(ctx context.Context, h Host) []netip.Addr {
	all, err := h.Addresses(ctx)
	if err != nil {
		all = nil // what is not known is not among them
	}
	if networks, err := h.Networks(ctx); err == nil {
		for _, n := range networks {
			all = append(slices.Clip(all), n.Addresses...)
		}
	}
	return all
}

// portCheck looks whether the fixed ports of the guest's consoles are free on the
// destination. It sees those of other VMs only.
type portCheck struct{}

// PortTaken is a fixed port of a console that another VM of the host has.
type PortTaken struct {
	Port int
	By   string
}

// Problem implements migration.Fact.
func (PortTaken) Problem() string { return "port taken" }

func (portCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	for _, g := range s.guest.Graphics {
		if len(g.Ports) == 0 {
			continue
		}
		taken, err := s.Destination.GraphicsPorts(ctx)
		if err != nil {
			return nil, unasked(s.destination(), "", err)
		}
		for _, port := range g.Ports {
			i := slices.IndexFunc(taken, func(t GraphicsPort) bool { return t.Port == port && g.meets(t.Address) })
			if i >= 0 {
				found = append(found, migration.Finding{
					Fact: PortTaken{port, taken[i].Domain}, Host: s.destination(), Device: g.name(),
				})
			}
		}
	}
	return found, nil
}

// meets tells whether the console listens on an address that something else listens on.
func (g Graphics) meets(address string) bool {
	everywhere := func(address string) bool { return address == "" || address == "0.0.0.0" || address == "::" }
	return everywhere(address) || len(g.Listens) == 0 || slices.ContainsFunc(g.Listens, func(l Listen) bool {
		return l.Socket == "" && (everywhere(l.Address) || l.Address == address)
	})
}
