package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// portCheck looks whether the fixed ports of the guest's devices are free on the
// destination. It sees those of other VMs only.
type portCheck struct{}

// PortTaken is a fixed port of a device that another VM of the host has.
type PortTaken struct {
	Port int
	By   string
}

// Problem implements migration.Fact.
func (PortTaken) Problem() string { return "port taken" }

func (portCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	for _, l := range s.guest.Listeners {
		if len(l.Ports) == 0 {
			continue
		}
		neighbours, err := s.Destination.Neighbours(ctx)
		if err != nil {
			return nil, unasked(s.destination(), "", err)
		}
		for _, port := range l.Ports {
			i := slices.IndexFunc(neighbours, func(n Neighbour) bool { return n.has(l, port) })
			if i >= 0 {
				found = append(found, migration.Finding{
					Fact: PortTaken{port, neighbours[i].Domain}, Host: s.destination(), Device: l.Device,
				})
			}
		}
	}
	return found, nil
}

// has tells whether a device of the domain keeps a listener from a port.
func (n Neighbour) has(l Listener, port int) bool {
	return slices.ContainsFunc(n.Listeners, func(other Listener) bool {
		return slices.Contains(other.Ports, port) && other.meets(l)
	})
}
