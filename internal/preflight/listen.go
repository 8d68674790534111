package preflight

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// listenCheck looks whether the address that a device listens on is the destination's.
type listenCheck struct{}

// ListenElsewhere is a device that listens on an address of the source, which the
// destination cannot have, too.
type ListenElsewhere struct{ Address netip.Addr }

// Problem implements migration.Fact.
func (ListenElsewhere) Problem() string { return "address of another host" }

func (listenCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []string
	for _, l := range s.guest.Listeners {
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
				Fact: ListenElsewhere{address}, Host: s.destination(), Device: l.Device,
			})
		default:
			unknown = append(unknown, l.Address)
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
