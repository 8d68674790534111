package fleet

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Coming is what the records that hold for a VM are about to say. A nil level stays as
// its record is.
type Coming struct{ VM, Cluster, Global *policy.Policy }

// Equal tells whether the same is coming.
func (c Coming) Equal(other Coming) bool {
	return equal(c.VM, other.VM) && equal(c.Cluster, other.Cluster) && equal(c.Global, other.Global)
}

func equal(a, b *policy.Policy) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// Foresee resolves the policy that will hold for a VM where it is, once the records say
// what is coming. run overrides them.
func (f *Fleet) Foresee(ctx context.Context, l Location, run policy.Policy, coming Coming) (policy.Effective, error) {
	h, err := f.host(l.Host)
	if err != nil {
		return policy.Effective{}, err
	}
	levels := policy.Levels{Run: run}
	for _, level := range []struct {
		to     *policy.Policy
		coming *policy.Policy
		read   func() (Copy, error)
	}{
		{&levels.VM, coming.VM, func() (Copy, error) { return f.liveCopy(ctx, l) }},
		{&levels.Cluster, coming.Cluster, func() (Copy, error) { return hostCopy(ctx, h, host.Cluster) }},
		{&levels.Global, coming.Global, func() (Copy, error) { return hostCopy(ctx, h, host.Global) }},
	} {
		if level.coming != nil {
			*level.to = *level.coming
			continue
		}
		present, err := level.read()
		if err == nil {
			err = present.Unreadable()
		}
		if err != nil {
			return policy.Effective{}, err
		}
		*level.to = present.Record.Policy
	}
	return policy.Resolve(levels), nil
}

// liveCopy is the copy of a VM's record that decides.
func (f *Fleet) liveCopy(ctx context.Context, l Location) (Copy, error) {
	record, err := f.readVM(ctx, l)
	if err != nil {
		return Copy{}, err
	}
	return record.Copies[0], nil
}
