package fleet

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// Inspection is what a plan sees of hosts that are to get a record.
type Inspection struct {
	// Held are the hosts that are in another cluster: the same apply may take them out of
	// it.
	Held []*HeldError
	// Unseen are why hosts could not be asked; only with UnreachableWarn.
	Unseen []error
}

// Inspect checks, while planning, what a Create would find on the hosts: a
// *SameHostError, a *SameUUIDError, an *ExistsError, an *InvalidRecordError or a
// *NewerRecordError where it would be refused.
func (f *Fleet) Inspect(ctx context.Context, d Declaration, names []string) (Inspection, error) {
	i, err := f.inspect(ctx, d, names, names)
	if err != nil {
		return Inspection{}, err
	}
	return i, f.agreesElsewhere(ctx, d, names)
}

// InspectJoining is Inspect for an Update that adds hosts to those that have the record;
// all are the two together.
func (f *Fleet) InspectJoining(ctx context.Context, d Declaration, joining, all []string) (Inspection, error) {
	i, err := f.inspect(ctx, d, joining, all)
	return i, asJoining(err)
}

func (f *Fleet) inspect(ctx context.Context, d Declaration, names, all []string) (Inspection, error) {
	hosts, _ := f.named(all)
	if r := identify(ctx, hosts); r.same != nil {
		return Inspection{}, r.same
	}
	copies, unseen, err := f.copies(ctx, d, names)
	if err != nil {
		return Inspection{}, err
	}
	i := Inspection{}
	for _, c := range copies {
		if d.held(c) {
			i.Held = append(i.Held, &HeldError{Host: c.Host, Cluster: c.Record.Cluster})
			continue
		}
		if err := d.prevents(c); err != nil {
			return Inspection{}, err
		}
	}
	for _, u := range unseen {
		i.Unseen = append(i.Unseen, u.err)
	}
	return i, nil
}

// agreesElsewhere fails with an *ExistsError when a host that is not among the
// given ones has a record of the same cluster that says something else: a name
// stands for one cluster, and a VM's policy must not change when it moves within it.
// Hosts that cannot be asked are left out.
func (f *Fleet) agreesElsewhere(ctx context.Context, d Declaration, names []string) error {
	if d.Cluster == "" {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(f.hosts), func(h *host.Host) bool { return slices.Contains(names, h.Name()) })
	return errors.Join(each(others, func(h *host.Host) error {
		c, err := hostCopy(ctx, h, d.level())
		if err == nil && c.readable() && d.owns(c.Record) && !d.matches(c.Record) && !d.replaces(c) {
			return &ExistsError{Copy: c, Difference: d.difference(c.Record)}
		}
		return nil
	})...)
}
