package host

import (
	"context"
	"slices"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Neighbours are the domains that run on the host. It reads the definition of each.
func (h *Host) Neighbours(ctx context.Context) ([]preflight.Neighbour, error) {
	const op = "read the domains that run"
	domains, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		domains, _, err := lv.ConnectListAllDomains(1, libvirt.ConnectListDomainsActive)
		return domains, err
	})
	if err != nil {
		return nil, err
	}
	neighbours := make([][]preflight.Neighbour, len(domains))
	reads := make([]func() error, len(domains))
	for i, dom := range domains {
		reads[i] = get(&neighbours[i], func() ([]preflight.Neighbour, error) { return h.neighbour(ctx, op, dom) })
	}
	err = parallel(reads...)
	return slices.Concat(neighbours...), err
}

// neighbour is the domain; none if it has ended meanwhile.
func (h *Host) neighbour(ctx context.Context, op string, dom libvirt.Domain) ([]preflight.Neighbour, error) {
	definition, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (string, error) {
		return lv.DomainGetXMLDesc(dom, 0)
	})
	if answered(err, libvirt.ErrNoDomain) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n, err := preflight.ParseNeighbour(definition)
	if err != nil {
		return nil, h.fail(op, err)
	}
	return []preflight.Neighbour{n}, nil
}
