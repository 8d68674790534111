package fleet

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// ListedHost is what a host is and has, as it said when it was asked.
type ListedHost struct {
	Name string
	// Err is why it could not be asked: it has only its name then.
	Err error

	Identity migration.Identity
	// CPUs is how many CPUs the host has.
	CPUs   int
	Memory migration.Memory
	// Running is how many VMs are active, paused ones included; Defined is of how many
	// the host keeps a definition.
	Running, Defined int
	// Migrations are those that run now, whoever started them; nil where a VM did not
	// tell.
	Migrations *RunningMigrations
	// Cluster is the host's copy of its cluster's record.
	Cluster Copy
	// Standing is whether the host is cordoned, and who has leases there.
	Standing Standing
	// Features are the fields that its libvirt and QEMU can apply.
	Features []policy.Field
}

// RunningMigrations are how many migrations run to a host and from it.
type RunningMigrations struct{ Incoming, Outgoing int }

// Hosts asks the hosts of the given names, or all where there are none, what they are. The
// error is an *UnknownHostError; a host that cannot be asked is none.
func (f *Fleet) Hosts(ctx context.Context, names []string) ([]ListedHost, error) {
	hosts := f.hosts
	if len(names) > 0 {
		var err error
		if hosts, err = f.all(names); err != nil {
			return nil, err
		}
	}
	return each(hosts, func(h *host.Host) ListedHost { return listHost(ctx, h) }), nil
}

// listHost asks one host, in thirteen calls or fewer, and one for each VM that is active and each lease.
func listHost(ctx context.Context, h *host.Host) ListedHost {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	l := ListedHost{Name: h.Name()}
	if l.Identity, l.Err = h.Identity(ctx); l.Err != nil {
		return ListedHost{Name: h.Name(), Err: l.Err}
	}
	capabilities, cpuErr := h.Capabilities(ctx)
	memory, memoryErr := h.Memory(ctx)
	domains, domainsErr := h.DetailedDomains(ctx)
	cluster, clusterErr := clusterOf(ctx, h)
	standing, standingErr := standingOf(ctx, h)
	if err := errors.Join(cpuErr, memoryErr, domainsErr, clusterErr, standingErr); err != nil {
		return ListedHost{Name: h.Name(), Err: err}
	}
	l.CPUs, l.Memory, l.Cluster, l.Standing = len(capabilities.CPUs), memory, cluster, standing
	for _, d := range domains {
		if d.Active() && d.State != migration.StateIncoming {
			l.Running++
		}
		if d.Persistent {
			l.Defined++
		}
	}
	if in, out, err := h.Migrations(ctx, domains); err == nil {
		l.Migrations = &RunningMigrations{Incoming: in, Outgoing: out}
	}
	l.Features = policy.Supported(policy.Release{Libvirt: l.Identity.LibvirtVersion, QEMU: l.Identity.QEMUVersion})
	return l
}
