package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Addresses are those of the host that the provider's configuration names, of its
// libvirt and for migrations, as names resolve here. libvirt has no call that lists all.
func (h *Host) Addresses(ctx context.Context) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, h.deadlines.Call)
	defer cancel()
	names := map[string]bool{h.endpoint.Hostname(): true}
	for _, uri := range []string{h.peerURI, h.cfg.MigrationURI} {
		if u, err := url.Parse(uri); err == nil {
			names[u.Hostname()] = true
		}
	}
	delete(names, "")
	var all []netip.Addr
	for name := range names {
		addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		if err != nil {
			var unresolved *net.DNSError
			if errors.As(err, &unresolved) && unresolved.IsNotFound {
				continue // an alias of ssh, or a name that only the other hosts know
			}
			return nil, &Error{
				Host: h.cfg.Name, Op: "resolve the name " + name, Message: err.Error(),
				kinds: []error{migration.ErrUnreachable}, cause: err,
			}
		}
		for _, address := range addresses {
			all = append(all, address.Unmap())
		}
	}
	return all, nil
}
