package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// releaseWait is how long a host that is in another cluster is waited for: in
// one apply the other cluster may be about to let it go.
const (
	releaseWait = 5 * time.Second
	releasePoll = 200 * time.Millisecond
)

// ExistsError is a record that says something else than what is to be created.
type ExistsError struct {
	Copy        Copy
	Differences string
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s exists and differs: %s", e.Copy, e.Differences)
}

// HeldError is a host that is in another cluster.
type HeldError struct{ Host, Cluster string }

func (e *HeldError) Error() string {
	return fmt.Sprintf("host %s is in cluster %q", e.Host, e.Cluster)
}

// PartialError is a change that reached only some hosts.
type PartialError struct {
	// Done are the hosts where the change was made.
	Done []string
	// Unwritten are the hosts that the record could not be written to, Kept
	// those it could not be removed from.
	Unwritten, Kept []string
	Err             error
}

func (e *PartialError) Error() string { return e.Err.Error() }

func (e *PartialError) Unwrap() error { return e.Err }

// TakenBackError is a Create that failed after it had begun to write.
type TakenBackError struct {
	Err error
	// Left says where what was written could not be taken back; nil when nothing
	// of it is left.
	Left error
}

func (e *TakenBackError) Error() string {
	if e.Left != nil {
		return fmt.Sprintf("%v; %v", e.Err, e.Left)
	}
	return e.Err.Error() + "; what was written on other hosts was taken back"
}

func (e *TakenBackError) Unwrap() error { return e.Err }

// Create writes the record to all the hosts, or to none: what was written before
// one of them failed is taken back. An equal record that is there already is
// adopted. A different one is an *ExistsError or a *HeldError for a cluster;
// the global settings take it over and say in replaced what was there. An error
// after the first write is a *TakenBackError.
func (f *Fleet) Create(ctx context.Context, d Declaration, names []string) (replaced []string, err error) {
	hosts, err := f.all(names)
	if err != nil {
		return nil, err
	}
	before, err := readAll(ctx, hosts, d)
	if err != nil {
		return nil, err
	}
	for i, c := range before {
		if before[i], err = f.takeable(ctx, hosts[i], d, c); err != nil {
			return nil, err
		}
	}
	if err := f.agreesElsewhere(ctx, d, names); err != nil {
		return nil, err
	}
	if d.Cluster == "" {
		replaced = d.drift(slices.DeleteFunc(slices.Clone(before), func(c Copy) bool { return c.Document == nil })...)
	}
	if err := f.write(ctx, hosts, d); err != nil {
		return nil, &TakenBackError{Err: err, Left: f.takeBack(ctx, hosts, d, before)}
	}
	return replaced, nil
}

// agreesElsewhere fails with an *ExistsError when a host that is not among the
// given ones has a record of the same cluster that says something else: a name
// stands for one cluster, and a VM's policy must not change when it moves within
// it. Hosts that can not be asked have no say.
func (f *Fleet) agreesElsewhere(ctx context.Context, d Declaration, names []string) error {
	if d.Cluster == "" {
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(f.hosts), func(h *host.Host) bool { return slices.Contains(names, h.Name()) })
	return errors.Join(each(others, func(h *host.Host) error {
		c, err := hostCopy(ctx, h, d.level())
		if err == nil && c.readable() && d.owns(c.Record) && !d.matches(c.Record) {
			return &ExistsError{Copy: c, Differences: d.differences(c.Record)}
		}
		return nil
	})...)
}

func (d Declaration) matchesCopy(c Copy) bool { return c.readable() && d.matches(c.Record) }

// takeable says whether a record may be created where this copy is. It waits for
// another cluster to let the host go, and returns the copy that is there then.
func (f *Fleet) takeable(ctx context.Context, h *host.Host, d Declaration, c Copy) (Copy, error) {
	c, err := awaitRelease(ctx, h, d, c)
	switch {
	case err != nil:
		return c, err
	case c.newer() != nil:
		return c, c.newer()
	case d.Cluster == "" || c.Document == nil || d.matchesCopy(c):
		return c, nil
	case c.Invalid != nil:
		return c, &InvalidRecordError{Copy: c}
	default:
		return c, &ExistsError{Copy: c, Differences: d.differences(c.Record)}
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

// Update makes the copies on the hosts equal to the declaration and removes
// those on the hosts that are no longer among them, these first, so that another
// cluster can take them. The error is a *PartialError when some hosts were not
// reached.
func (f *Fleet) Update(ctx context.Context, d Declaration, names, removed []string) error {
	hosts, err := f.all(names)
	if err != nil {
		return err
	}
	if err := f.refuseNewer(ctx, d, slices.Concat(names, removed)); err != nil {
		return err
	}
	outcome := f.remove(ctx, d, removed)
	for _, a := range tell(ctx, hosts, func(ctx context.Context, h *host.Host) error {
		present, err := hostCopy(ctx, h, d.level())
		if err != nil {
			return err
		}
		if _, err = awaitRelease(ctx, h, d, present); err != nil {
			return err
		}
		return f.writeCopy(ctx, h, d)
	}) {
		if a.err != nil {
			outcome.Unwritten = append(outcome.Unwritten, a.host)
			outcome.Err = errors.Join(outcome.Err, a.err)
		} else {
			outcome.Done = append(outcome.Done, a.host)
		}
	}
	return outcome.orNil()
}

// Delete removes the records from the hosts. What is not there, or is another
// cluster's, is left. The error is a *PartialError that says which hosts still
// have it.
func (f *Fleet) Delete(ctx context.Context, d Declaration, names []string) error {
	if err := f.refuseNewer(ctx, d, names); err != nil {
		return err
	}
	return f.remove(ctx, d, names).orNil()
}

// refuseNewer fails, before anything is changed, when a newer release wrote the
// record on any of the hosts. A host that can not be asked fails later, by itself.
func (f *Fleet) refuseNewer(ctx context.Context, d Declaration, names []string) error {
	hosts, _ := f.named(names)
	return errors.Join(each(hosts, func(h *host.Host) error {
		if c, err := hostCopy(ctx, h, d.level()); err == nil {
			return c.newer()
		}
		return nil
	})...)
}

// remove passes over hosts that the fleet does not have: their records can not
// be reached.
func (f *Fleet) remove(ctx context.Context, d Declaration, names []string) *PartialError {
	hosts, _ := f.named(names)
	outcome := &PartialError{}
	for _, a := range tell(ctx, hosts, func(ctx context.Context, h *host.Host) error {
		c, err := hostCopy(ctx, h, d.level())
		switch {
		case err != nil:
			return err
		case c.newer() != nil:
			return c.newer()
		case !d.claims(c):
			return nil
		default:
			return h.DeleteRecord(ctx, d.level())
		}
	}) {
		if a.err != nil {
			outcome.Kept = append(outcome.Kept, a.host)
			outcome.Err = errors.Join(outcome.Err, a.err)
		} else {
			outcome.Done = append(outcome.Done, a.host)
		}
	}
	return outcome
}

// orNil is nil when the change reached every host.
func (e *PartialError) orNil() error {
	if e.Err == nil {
		return nil
	}
	slices.Sort(e.Done)
	return e
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
	copies := make([]Copy, len(hosts))
	var failed []error
	type answer struct {
		copy Copy
		err  error
	}
	for i, a := range each(hosts, func(h *host.Host) answer {
		c, err := hostCopy(ctx, h, d.level())
		return answer{c, err}
	}) {
		copies[i] = a.copy
		if a.err != nil {
			failed = append(failed, a.err)
		}
	}
	return copies, failure(failed)
}

// write writes the record to all hosts at once.
func (f *Fleet) write(ctx context.Context, hosts []*host.Host, d Declaration) error {
	var failed []error
	for _, a := range tell(ctx, hosts, func(ctx context.Context, h *host.Host) error { return f.writeCopy(ctx, h, d) }) {
		if a.err != nil {
			failed = append(failed, a.err)
		}
	}
	return errors.Join(failed...)
}

// writeCopy writes one host's copy, unless it says what is declared already, and
// reads it back. It looks at what is there once more, for two resources of one
// apply may both want the host, and have found it free.
func (f *Fleet) writeCopy(ctx context.Context, h *host.Host, d Declaration) error {
	release, err := f.alone(ctx, h.Name(), d.level().String())
	if err != nil {
		return err
	}
	defer release()
	present, err := hostCopy(ctx, h, d.level())
	switch {
	case err != nil:
		return err
	case d.matchesCopy(present):
		return nil
	case d.held(present):
		return &HeldError{Host: h.Name(), Cluster: present.Record.Cluster}
	case present.newer() != nil:
		return present.newer()
	}
	document, err := encode(d.Cluster, d.Policy, present)
	if err != nil {
		return fmt.Errorf("host %q: %w", h.Name(), err)
	}
	if err := h.WriteRecord(ctx, d.level(), document); err != nil {
		return err
	}
	written, err := hostCopy(ctx, h, d.level())
	if err != nil {
		return err
	}
	if drift := d.drift(written); len(drift) > 0 {
		return &OverwrittenError{Drift: drift[0]}
	}
	return nil
}

// OverwrittenError is a record that does not read back as it was written:
// somebody else wrote at the same time.
type OverwrittenError struct{ Drift string }

func (e *OverwrittenError) Error() string {
	return "the record was changed by another while it was written: " + e.Drift
}

// takeBack puts back what the hosts had before a Create that failed, also when
// the Create was cancelled.
func (f *Fleet) takeBack(ctx context.Context, hosts []*host.Host, d Declaration, before []Copy) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer cancel()
	var failed []error
	for _, a := range tell(ctx, hosts, func(ctx context.Context, h *host.Host) error {
		was := before[slices.Index(hosts, h)]
		now, err := hostCopy(ctx, h, d.level())
		switch {
		case err != nil:
			return err
		case d.matchesCopy(was) || !d.matchesCopy(now):
			return nil // not ours to take back: it was there before, or was never written
		case was.Document == nil:
			return h.DeleteRecord(ctx, d.level())
		default:
			return h.WriteRecord(ctx, d.level(), *was.Document)
		}
	}) {
		if a.err != nil {
			failed = append(failed, fmt.Errorf("what was written on %s may still be there: %w", a.host, a.err))
		}
	}
	return errors.Join(failed...)
}

// takeBackTimeout bounds the taking back on all hosts together.
const takeBackTimeout = 20 * time.Second
