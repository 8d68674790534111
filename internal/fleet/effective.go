package fleet

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Resolution is the policy that holds for a VM, and what it was resolved from.
type Resolution struct {
	Location Location
	// Cluster is the name of the cluster that the VM's host is in, or empty.
	Cluster string
	Policy  policy.Effective
	// Diverging is set when the two copies of the VM's record differ; else nil.
	Diverging *Divergence
}

// Divergence is a VM's record whose two copies differ.
type Divergence struct {
	// Counts is the copy that decides: what the running VM carries.
	Counts Copy
	// Drift is the other copy, held against it.
	Drift []Drift
}

// Resolve finds a VM and resolves its policy from the records on its host alone.
// run overrides them. A record that cannot be read is an *InvalidRecordError or
// a *NewerRecordError: a policy is never guessed.
func (f *Fleet) Resolve(ctx context.Context, vm, last string, run policy.Policy) (Resolution, error) {
	record, err := f.ReadVM(ctx, vm, last)
	if err != nil {
		return Resolution{}, err
	}
	return f.resolveRecord(ctx, record, run)
}

// resolveUUID is Resolve for a VM that is known by its UUID.
func (f *Fleet) resolveUUID(ctx context.Context, uuid, last string, run policy.Policy) (Resolution, error) {
	record, err := f.readUUID(ctx, uuid, last)
	if err != nil {
		return Resolution{}, err
	}
	return f.resolveRecord(ctx, record, run)
}

// resolveFound is Resolve for a VM that was found just now, or has been waited for since.
func (f *Fleet) resolveFound(ctx context.Context, l Location, waited bool, run policy.Policy) (Resolution, error) {
	if !waited {
		if record, ok := f.stillAt(ctx, l); ok {
			return f.resolveRecord(ctx, record, run)
		}
	}
	return f.resolveUUID(ctx, l.Domain.UUID, l.Host, run)
}

func (f *Fleet) resolveRecord(ctx context.Context, record VMRecord, run policy.Policy) (Resolution, error) {
	own := record.Copies[0]
	r, err := f.resolve(ctx, record.Location, policy.Levels{Run: run, VM: own.Record.Policy}, record.Copies)
	if err != nil {
		return Resolution{}, err
	}
	if drift := record.Drift(own.Record.Policy); !record.Gone() && len(drift) > 0 {
		r.Diverging = &Divergence{Counts: own, Drift: drift}
	}
	return r, nil
}

// Preview resolves what would hold for a VM whose own record said p. What it says of the
// VM's host may be as old as a census.
func (f *Fleet) Preview(ctx context.Context, vm, last string, p policy.Policy) (Resolution, error) {
	location, err := f.FindRecent(ctx, vm, last)
	if err != nil {
		return Resolution{}, err
	}
	if levels, ok := f.census.levelsOf(location.Host, time.Now()); ok {
		return levels.resolve(location, policy.Levels{VM: p}, nil)
	}
	return f.resolve(ctx, location, policy.Levels{VM: p}, nil)
}

// resolve adds what the VM's host says now to the given levels.
func (f *Fleet) resolve(
	ctx context.Context, location Location, levels policy.Levels, copies []Copy,
) (Resolution, error) {
	h, err := f.host(location.Host)
	if err != nil {
		return Resolution{}, err
	}
	own, err := levelsOf(ctx, h)
	if err != nil {
		return Resolution{}, err
	}
	return own.resolve(location, levels, copies)
}

// hostLevels are a host's copies of the records of its own levels.
type hostLevels struct{ global, cluster Copy }

// levelsOf reads both at once.
func levelsOf(ctx context.Context, h *host.Host) (l hostLevels, err error) {
	var reading sync.WaitGroup
	var failed error
	reading.Go(func() { l.global, failed = hostCopy(ctx, h, host.Global) })
	l.cluster, err = hostCopy(ctx, h, host.Cluster)
	reading.Wait()
	return l, cmp.Or(failed, err)
}

// resolve completes the levels with those of the host. It fails if one of the copies, or
// of the host's, is unreadable.
func (l hostLevels) resolve(location Location, levels policy.Levels, copies []Copy) (Resolution, error) {
	var unreadable []error
	for _, c := range append([]Copy{l.global, l.cluster}, copies...) {
		if err := c.Unreadable(); err != nil {
			unreadable = append(unreadable, err)
		}
	}
	if err := errors.Join(unreadable...); err != nil {
		return Resolution{}, err
	}
	levels.Cluster, levels.Global = l.cluster.Record.Policy, l.global.Record.Policy
	return Resolution{Location: location, Cluster: l.cluster.Record.Cluster, Policy: policy.Resolve(levels)}, nil
}
