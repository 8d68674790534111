package fleet

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// Update makes the copies on the hosts equal to the declaration and removes
// those on members that are no longer among them, these first, so that another
// cluster can take them. It overwrites no copy that another has changed since the
// plan saw it (*ChangedError), and takes back one that another instance had
// declared by then. The error is a *PartialError when some hosts were not reached.
func (f *Fleet) Update(ctx context.Context, d Declaration, names []string, members []Member) (Outcome, error) {
	hosts, err := f.all(names)
	if err != nil {
		return Outcome{}, err
	}
	known, err := f.recognise(ctx, members)
	if err != nil {
		return Outcome{}, err
	}
	removed := slices.DeleteFunc(slices.Clone(known.hosts), func(h *host.Host) bool {
		return slices.Contains(names, h.Name())
	})
	if err := f.refuseNewer(ctx, d, slices.Concat(hosts, removed)); err != nil {
		return Outcome{}, err
	}
	// The write, not the removal, reports a target that cannot be asked.
	target := func(m Member) bool { return slices.Contains(names, m.Name) }
	targets := slices.DeleteFunc(slices.Clone(known.hidden), func(m Member) bool { return !target(m) })
	known.hidden = slices.DeleteFunc(known.hidden, target)
	outcome, failed := f.remove(ctx, d, removed, known)
	for _, m := range targets {
		outcome.Written = append(outcome.Written, m)
		outcome.Seen[m.UUID] = d.Seen[m.UUID]
	}
	for _, written := range each(hosts, func(h *host.Host) hostUpdate { return f.updateCopy(ctx, h, d) }) {
		written.addTo(&outcome, failed, d)
	}
	return outcome, failed.orNil()
}

// hostUpdate is what became of one copy that an Update was to write.
type hostUpdate struct {
	host Member // without UUID where that could not be asked
	copy Copy
	// taken are copies of other owners, as they were before.
	taken []Copy
	err   error
}

// updateCopy writes one copy, once no other cluster has the host.
func (f *Fleet) updateCopy(ctx context.Context, h *host.Host, d Declaration) (u hostUpdate) {
	u.host.Name = h.Name()
	if u.host.UUID, u.err = h.UUID(ctx); u.err != nil {
		return u
	}
	present, err := hostCopy(ctx, h, d.level())
	if err == nil {
		_, err = awaitRelease(ctx, h, d, present)
	}
	if u.err = err; err == nil {
		u.copy, u.taken, u.err = f.writeCopy(ctx, h, d)
	}
	return u
}

// addTo adds it to what became of all copies.
func (u hostUpdate) addTo(outcome *Outcome, failed *PartialError, d Declaration) {
	var held *HeldError
	switch {
	case u.host.UUID == "":
	case errors.As(u.err, &held):
		outcome.Lacking = append(outcome.Lacking, u.host)
	default:
		outcome.Written = append(outcome.Written, u.host)
	}
	if u.err != nil {
		failed.Unwritten = append(failed.Unwritten, u.host.Name)
		failed.Err = errors.Join(failed.Err, u.err)
		if u.host.UUID != "" {
			outcome.Seen[u.host.UUID] = d.Seen[u.host.UUID]
		}
		return
	}
	failed.Done = append(failed.Done, u.host.Name)
	outcome.Seen[u.host.UUID] = d.sees(u.copy)
	outcome.Taken = append(outcome.Taken, u.taken...)
}
