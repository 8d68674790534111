package fleet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// Candidates are the hosts that the destination of a move is chosen from: those of the given
// names, or else those of a cluster.
type Candidates struct {
	Hosts   []string
	Cluster string
}

// None tells whether there are no candidates: the destination is given.
func (c Candidates) None() bool { return len(c.Hosts) == 0 && c.Cluster == "" }

// checkDestination says whether the fleet has the hosts that a move names; the error is an
// *UnknownHostError.
func (f *Fleet) checkDestination(m Move) error {
	if m.Among.None() {
		return f.Check(m.Destination)
	}
	_, err := f.all(m.Among.Hosts)
	return err
}

// candidates are the names of the hosts.
func (f *Fleet) candidates(ctx context.Context, c Candidates) ([]string, error) {
	if len(c.Hosts) > 0 {
		return c.Hosts, nil
	}
	hosts, _, err := f.membersOf(c.Cluster, func(h *host.Host) (Copy, error) { return clusterOf(ctx, h) })
	return hosts, err
}

// ClusterHosts are the hosts whose record names the cluster, as old as a census. A host without
// libvirt's secret driver is in none. unseen are those that could not be asked, with
// UnreachableWarn.
func (f *Fleet) ClusterHosts(ctx context.Context, cluster string) (names []string, unseen []error, err error) {
	return f.membersOf(cluster, func(h *host.Host) (Copy, error) {
		if levels, ok := f.census.levelsOf(h.Name(), time.Now()); ok {
			return levels.cluster, nil
		}
		return clusterOf(ctx, h)
	})
}

func (f *Fleet) membersOf(
	cluster string, read func(*host.Host) (Copy, error),
) (names []string, unseen []error, err error) {
	var failed, unreadable []error
	copies, errs := tryEach(f.hosts, read)
	for i, c := range copies {
		switch {
		case errs[i] != nil:
			failed = append(failed, errs[i])
		case c.Unreadable() != nil:
			unreadable = append(unreadable, c.Unreadable())
		case c.Record.Cluster == cluster:
			names = append(names, c.Host)
		}
	}
	unseen, err = f.Unanswered(failed)
	if err == nil {
		err = errors.Join(unreadable...)
	}
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	return names, unseen, nil
}
