package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// releaseWait is how long to wait for a host that is in another cluster: the same apply
// may be about to remove it from there.
const (
	releaseWait = 5 * time.Second
	releasePoll = 200 * time.Millisecond
)

// Create writes the record to all the hosts, or to none: what was written before
// one of them failed is taken back. An equal record that exists already is taken over
// from its owner. A different one is an *ExistsError, unless its owner
// is the one that the declaration replaces; another cluster's is a *HeldError. An
// error after something was written is a *TakenBackError.
func (f *Fleet) Create(ctx context.Context, d Declaration, names []string) (Outcome, error) {
	members, err := f.Members(ctx, names)
	if err != nil {
		return Outcome{}, err
	}
	hosts, err := f.all(names)
	if err != nil {
		return Outcome{}, err
	}
	before, err := readAll(ctx, hosts, d)
	if err != nil {
		return Outcome{}, err
	}
	for i, c := range before {
		if before[i], err = f.takeable(ctx, hosts[i], d, c); err != nil {
			return Outcome{}, err
		}
	}
	if err := f.agreesElsewhere(ctx, d, names); err != nil {
		return Outcome{}, err
	}
	written, err := f.write(ctx, hosts, d)
	if err != nil {
		left := f.takeBack(ctx, hosts, d, before)
		if left == nil && !slices.ContainsFunc(written, d.matchesCopy) {
			return Outcome{}, err
		}
		return Outcome{}, &TakenBackError{Err: err, Left: left}
	}
	return Outcome{Written: members, Seen: d.seen(written), Taken: d.othersOf(before)}, nil
}

// othersOf are the copies that have another owner.
func (d Declaration) othersOf(copies []Copy) []Copy {
	return slices.DeleteFunc(slices.Clone(copies), func(c Copy) bool {
		return !c.readable() || c.Record.Owner == "" || c.Record.Owner == d.Owner
	})
}

// takenFrom are the copies that another instance has declared since.
func (d Declaration) takenFrom(copies []Copy) []Copy {
	return slices.DeleteFunc(slices.Clone(copies), func(c Copy) bool { return !d.redeclared(c) })
}

func (d Declaration) matchesCopy(c Copy) bool { return c.readable() && d.matches(c.Record) }

// takeable checks that a record may be created where this copy is. It waits for another
// cluster to release the host, and returns the copy that is there then.
func (f *Fleet) takeable(ctx context.Context, h *host.Host, d Declaration, c Copy) (Copy, error) {
	c, err := awaitRelease(ctx, h, d, c)
	if err != nil {
		return c, err
	}
	return c, d.prevents(c)
}

// replaces tells whether a readable copy is that of the owner that is replaced.
func (d Declaration) replaces(c Copy) bool { return d.Replaces != "" && c.Record.Owner == d.Replaces }

// Differing are the copies that a Create would refuse, or would take over from the
// owner that it replaces.
func (d Declaration) Differing(copies []Copy) []Copy {
	d.Replaces = ""
	return slices.DeleteFunc(slices.Clone(copies), func(c Copy) bool {
		var exists *ExistsError
		return !d.owns(c.Record) || !errors.As(d.prevents(c), &exists)
	})
}

// prevents is why a record may not be created where this copy is; nil when it
// may.
func (d Declaration) prevents(c Copy) error {
	switch {
	case c.newer() != nil:
		return c.newer()
	case c.Document == nil || d.matchesCopy(c):
		return nil
	case c.Invalid != nil:
		return &InvalidRecordError{Copy: c}
	case d.replaces(c):
		return nil
	default:
		return &ExistsError{Copy: c, Difference: d.difference(c.Record)}
	}
}

// held tells whether the copy keeps the host in another cluster.
func (d Declaration) held(c Copy) bool { return d.Cluster != "" && c.readable() && !d.owns(c.Record) }

// awaitRelease returns once the host is in no other cluster; a *HeldError when
// it stays in one.
func awaitRelease(ctx context.Context, h *host.Host, d Declaration, c Copy) (Copy, error) {
	if !d.held(c) {
		return c, nil
	}
	wait, cancel := context.WithTimeout(ctx, releaseWait)
	defer cancel()
	ticker := time.NewTicker(releasePoll)
	defer ticker.Stop()
	for {
		select {
		case <-wait.Done():
			if ctx.Err() != nil {
				return c, context.Cause(ctx)
			}
			return c, &HeldError{Host: h.Name(), Cluster: c.Record.Cluster}
		case <-ticker.C:
		}
		var err error
		if c, err = hostCopy(ctx, h, d.level()); err != nil || !d.held(c) {
			return c, err
		}
	}
}

// Delete removes the record from the members, except where it is another cluster's or
// was declared by another instance. A member that is none of the hosts is let go, once
// all of them have answered. The error is a
// *PartialError that says which hosts still have the record, or may have it.
func (f *Fleet) Delete(ctx context.Context, d Declaration, members []Member) (Outcome, error) {
	known, err := f.recognise(ctx, members)
	if err != nil {
		return Outcome{}, err
	}
	if err := f.refuseNewer(ctx, d, known.hosts); err != nil {
		return Outcome{}, err
	}
	outcome, failed := f.remove(ctx, d, known.hosts, known)
	return outcome, failed.orNil()
}

// refuseNewer fails, before anything is changed, when a newer release wrote the
// record on any of the hosts. A host that cannot be asked fails later, by itself.
func (f *Fleet) refuseNewer(ctx context.Context, d Declaration, hosts []*host.Host) error {
	return errors.Join(each(hosts, func(h *host.Host) error {
		if c, err := hostCopy(ctx, h, d.level()); err == nil {
			return c.newer()
		}
		return nil
	})...)
}

// remove removes the record from hosts. Members that are hidden keep it; those
// that are let go are passed over.
func (f *Fleet) remove(
	ctx context.Context, d Declaration, hosts []*host.Host, known recognition,
) (Outcome, *PartialError) {
	outcome := Outcome{
		Seen: map[string]Digest{}, Renamed: known.renamed, LetGo: known.letGo, Written: slices.Clone(known.hidden),
	}
	failed := &PartialError{}
	if len(known.hidden) > 0 {
		failed.Hidden = known.hidden
		for _, s := range known.silent {
			failed.Silent = append(failed.Silent, s.host)
		}
		failed.Err = known.unanswered()
	}
	type answer struct {
		copy    Copy
		removed bool
		err     error
	}
	answers := each(hosts, func(h *host.Host) answer {
		c, removed, err := f.removeCopy(ctx, h, d)
		return answer{c, removed, err}
	})
	for i, a := range answers {
		name := hosts[i].Name()
		switch {
		case a.err != nil:
			failed.Kept = append(failed.Kept, name)
			failed.Err = errors.Join(failed.Err, a.err)
			if uuid, err := hosts[i].UUID(ctx); err == nil {
				outcome.Written = append(outcome.Written, Member{Name: name, UUID: uuid})
			}
		case a.removed:
			outcome.Removed = append(outcome.Removed, a.copy)
			failed.Done = append(failed.Done, name)
		case d.redeclared(a.copy) && d.owns(a.copy.Record):
			outcome.Left = append(outcome.Left, a.copy)
		default:
			failed.Done = append(failed.Done, name)
		}
	}
	return outcome, failed
}

// all are the hosts of the given names; the error is an *UnknownHostError.
func (f *Fleet) all(names []string) ([]*host.Host, error) {
	hosts, unknown := f.named(names)
	if len(unknown) > 0 {
		return nil, &UnknownHostError{Name: unknown[0], Known: f.Names()}
	}
	return hosts, nil
}

// readAll reads every host's copy, or fails.
func readAll(ctx context.Context, hosts []*host.Host, d Declaration) ([]Copy, error) {
	copies, errs := tryEach(hosts, func(h *host.Host) (Copy, error) { return hostCopy(ctx, h, d.level()) })
	return copies, failure(errs)
}

// write writes the record to all hosts at once, and returns the copies.
func (f *Fleet) write(ctx context.Context, hosts []*host.Host, d Declaration) ([]Copy, error) {
	copies, errs := tryEach(hosts, func(h *host.Host) (Copy, error) {
		written, _, err := f.writeCopy(ctx, h, d)
		return written, err
	})
	return copies, errors.Join(errs...)
}

// takeBack puts back what the hosts had before a Create that failed, also when
// the Create was cancelled.
func (f *Fleet) takeBack(ctx context.Context, hosts []*host.Host, d Declaration, before []Copy) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer cancel()
	var failed []error
	for i, err := range each(hosts, func(h *host.Host) error {
		was := before[slices.Index(hosts, h)]
		defer f.census.forgetLevels(h.Name())
		now, err := hostCopy(ctx, h, d.level())
		switch {
		case err != nil:
			return err
		case was.digest() == now.digest() || !d.settled(now):
			return nil // it was there before, or was never written
		case was.Document == nil:
			return h.DeleteRecord(ctx, d.level())
		default:
			return h.WriteRecord(ctx, d.level(), *was.Document)
		}
	}) {
		if err != nil {
			failed = append(failed, fmt.Errorf("what was written on %s may still be there: %w", hosts[i].Name(), err))
		}
	}
	return errors.Join(failed...)
}

// takeBackTimeout bounds takeBack on all hosts together.
const takeBackTimeout = 20 * time.Second
