package fleet

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// listLimit is how long one host may take for a list of what it has.
const listLimit = time.Minute

// recordReaders is how many records of a host are read at a time: as many as Terraform asks for.
const recordReaders = 10

// roll is what one host says of all its domains, and of their records.
type roll struct {
	host    *host.Host
	domains map[string]host.DetailedDomain // by UUID
	records map[string]VMRecord            // by UUID; of those that were wanted and still there
	// failures are why records cannot be read, by UUID; nil where all were.
	failures map[string]error
	cluster  Copy
	standing Standing
	err      error // why it cannot be asked
}

// callRoll asks a host for its domains, and for the records of those that are wanted: in five
// calls, one for each lease, and two for each record of an active VM, else one. What it asks last tells whether it
// still answers: then a record that was not read is a matter of its VM.
func callRoll(ctx context.Context, h *host.Host, wanted func(migration.Domain) bool) roll {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	r := roll{host: h, domains: map[string]host.DetailedDomain{}, records: map[string]VMRecord{}}
	listed, err := h.DetailedDomains(ctx)
	if err != nil {
		r.err = err
		return r
	}
	var reads []migration.Domain
	for _, d := range listed {
		r.domains[d.UUID] = d
		if d.State != migration.StateIncoming && wanted(d.Domain) {
			reads = append(reads, d.Domain)
		}
	}
	if len(reads) > 0 {
		r.read(ctx, reads)
		var standing error
		r.standing, standing = standingOf(ctx, h)
		r.cluster, r.err = clusterOf(ctx, h)
		r.err = cmp.Or(r.err, standing)
	}
	return r
}

// read reads records. A VM that has ended or gone on meanwhile has none.
func (r *roll) read(ctx context.Context, domains []migration.Domain) {
	var readers sync.WaitGroup
	var mu sync.Mutex
	r.failures = map[string]error{}
	next := make(chan migration.Domain)
	for range min(recordReaders, len(domains)) {
		readers.Go(func() {
			for d := range next {
				raw, err := r.host.RecordInPlan(ctx, d)
				var record VMRecord
				if err == nil {
					record, err = recordAt(Location{Host: r.host.Name(), Domain: d}, raw)
				}
				mu.Lock()
				switch {
				case err == nil:
					r.records[d.UUID] = record
				case !isGone(err):
					r.failures[d.UUID] = err
				}
				mu.Unlock()
			}
		})
	}
	for _, d := range domains {
		next <- d
	}
	close(next)
	readers.Wait()
}

// sorted are the host's domains by name.
func (r roll) sorted() []host.DetailedDomain {
	domains := make([]host.DetailedDomain, 0, len(r.domains))
	for _, d := range r.domains {
		domains = append(domains, d)
	}
	slices.SortFunc(domains, func(a, b host.DetailedDomain) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID))
	})
	return domains
}

// observation is what the host says of one VM.
func (r roll) observation(uuid string) migration.Observation {
	d, has := r.domains[uuid]
	switch {
	case r.err != nil:
		return migration.Observation{Host: r.host.Name(), Err: r.err}
	case !has:
		return migration.Observation{Host: r.host.Name(), Err: migration.ErrNoDomain}
	}
	return migration.Observation{Host: r.host.Name(), Domain: d.Domain}
}
