package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Survey compares the copies of a level's record on its hosts with the declaration.
type Survey struct {
	// Hosts are those whose copy says what is declared, or is another instance's. Those
	// that could not be asked stay in it.
	Hosts []string
	// Written are the hosts that have a copy, right or wrong, or may have one.
	Written []Member
	// Seen are the copies as they are, by the UUID of the host.
	Seen map[string]Digest
	// Changed is what all copies say together when they agree on another
	// policy; else nil.
	Changed *policy.Policy
	// Gone is true when no host has a copy, every one having been asked, and none
	// was let go.
	Gone bool
	// Drift are the copies that are not what is declared, also where Changed is set.
	Drift []Drift
	// Redeclared are the copies that another instance has declared since.
	Redeclared []Copy
	// Stuck is why an update cannot repair all of it: another cluster has the host, or a
	// newer release wrote the record; else nil.
	Stuck error
	// Unknown are the copies that have members which this release does not know.
	Unknown []Copy
	// Unasked are the names of hosts that could not be asked; only with
	// UnreachableWarn.
	Unasked []string
	// Unseen are why hosts could not be asked; only with UnreachableWarn.
	Unseen []error
	// Renamed are hosts that have another name now.
	Renamed []Renaming
	// LetGo are hosts that the provider's configuration no longer has.
	LetGo []Member
}

// Survey reads the copies on the hosts that the record was written to. want.Seen
// is kept of those that cannot be asked, and so are their names in inSync, which
// were right when they were last read.
func (f *Fleet) Survey(ctx context.Context, want Declaration, members []Member, inSync []string) (Survey, error) {
	known, err := f.recognise(ctx, members)
	if err != nil {
		return Survey{}, err
	}
	if reasons := known.reasons(); len(reasons) > 0 && !f.tolerable(reasons) {
		return Survey{}, failure(reasons)
	}
	copies, unseen, err := f.copiesOn(ctx, want, known.hosts)
	if err != nil {
		return Survey{}, err
	}
	return want.survey(known, copies, unseen, inSync), nil
}

// survey holds the copies that were read against the declaration.
func (d Declaration) survey(known recognition, copies []Copy, unseen []unseen, inSync []string) Survey {
	s := Survey{
		Unknown: unknownMembers(copies),
		Seen:    d.seen(copies),
		Renamed: known.renamed,
		LetGo:   known.letGo,
		Unseen:  known.reasons(),
	}
	var own, watched []Copy // ours; all but those of other instances
	for _, c := range copies {
		if d.redeclared(c) && d.owns(c.Record) {
			s.Redeclared = append(s.Redeclared, c)
			s.Hosts = append(s.Hosts, c.Host)
			s.Written = append(s.Written, c.member())
			continue
		}
		watched = append(watched, c)
		if d.matchesCopy(c) {
			s.Hosts = append(s.Hosts, c.Host)
		}
		if d.claims(c) {
			own = append(own, c)
			s.Written = append(s.Written, c.member())
		}
		s.Stuck = errors.Join(s.Stuck, d.stuck(c))
	}
	s.Drift = d.drift(watched...)
	for _, u := range unseen {
		known.hidden = append(known.hidden, known.member(u.host))
		s.Unseen = append(s.Unseen, u.err)
	}
	s.Gone = len(s.Written) == 0 && len(known.hidden) == 0 && len(s.LetGo) == 0
	if changed, ok := agreed(own); ok && len(own) == len(copies) && len(known.hidden) == 0 && len(s.Hosts) == 0 &&
		d.sameName(own) {
		s.Changed, s.Hosts = &changed, hostsOf(own)
	}
	s.Unasked = NamesOf(known.hidden)
	for _, m := range known.hidden {
		s.Written = append(s.Written, m)
		s.Seen[m.UUID] = d.Seen[m.UUID]
		if slices.Contains(inSync, m.Name) {
			s.Hosts = append(s.Hosts, m.Name)
		}
	}
	slices.Sort(s.Hosts)
	return s
}

// sameName tells whether all copies have the cluster's present name.
func (d Declaration) sameName(copies []Copy) bool {
	return !slices.ContainsFunc(copies, func(c Copy) bool { return !d.named(c.Record) })
}

// Lacking are the hosts that hold nothing of the declaration's though they should: their
// copy is missing, or another cluster's.
func (s Survey) Lacking() []Member {
	var lacking []Member
	for _, d := range s.Drift {
		if m := d.Copy.member(); !slices.Contains(s.Written, m) {
			lacking = append(lacking, m)
		}
	}
	return lacking
}

func (c Copy) member() Member { return Member{Name: c.Host, UUID: c.HostUUID} }

// stuck is why a copy cannot be written over; nil when it can.
func (d Declaration) stuck(c Copy) error {
	if d.held(c) {
		return &HeldError{Host: c.Host, Cluster: c.Record.Cluster}
	}
	return c.newer()
}

// claims tells whether a copy is the declaration's, or can be no other's.
func (d Declaration) claims(c Copy) bool {
	return c.Document != nil && (c.Invalid != nil || d.owns(c.Record))
}

// agreed is the policy of copies that all say the same.
func agreed(copies []Copy) (policy.Policy, bool) {
	for _, c := range copies {
		if !c.readable() || !c.Record.Policy.Equal(copies[0].Record.Policy) {
			return policy.Policy{}, false
		}
	}
	if len(copies) == 0 {
		return policy.Policy{}, false
	}
	return copies[0].Record.Policy, true
}

func hostsOf(copies []Copy) []string {
	names := make([]string, len(copies))
	for i, c := range copies {
		names[i] = c.Host
	}
	return names
}

// unseen is a host that could not be asked.
type unseen struct {
	host string
	err  error
}

// copies reads the copies of a level's record on the hosts of the given names
// that the fleet has.
func (f *Fleet) copies(ctx context.Context, d Declaration, names []string) ([]Copy, []unseen, error) {
	hosts, _ := f.named(names)
	return f.copiesOn(ctx, d, hosts)
}

// copiesOn reads the copies of a level's record on hosts. A host that cannot be
// asked is an error, or, with UnreachableWarn, unseen.
func (f *Fleet) copiesOn(ctx context.Context, d Declaration, hosts []*host.Host) ([]Copy, []unseen, error) {
	var (
		copies []Copy
		out    []unseen
		failed []error
	)
	read, errs := tryEach(hosts, func(h *host.Host) (Copy, error) { return hostCopy(ctx, h, d.level()) })
	for i, err := range errs {
		switch {
		case err == nil:
			copies = append(copies, read[i])
		case f.tolerable([]error{err}):
			out = append(out, unseen{host: hosts[i].Name(), err: err})
		default:
			failed = append(failed, err)
		}
	}
	return copies, out, failure(failed)
}

// Found is a level's record as it was found, for an import.
type Found struct {
	Policy policy.Policy
	// Owner is the token of the instance that declared it; empty for none.
	Owner string
	// Hosts are those that have the most common copy.
	Hosts []string
	// Written are those that have a copy, the same or another, and Seen the copies
	// by the UUID of the host.
	Written []Member
	Seen    map[string]Digest
	// Drift are the other copies.
	Drift  []Drift
	Unseen []error
}

// FindRecord looks on all hosts for a level's record and takes the most common
// copy, ties by host name. It is nil when no host has one; where some could not be
// asked, that is an error.
func (f *Fleet) FindRecord(ctx context.Context, d Declaration) (*Found, error) {
	copies, unseen, err := f.copies(ctx, d, f.Names())
	if err != nil {
		return nil, err
	}
	reasons := make([]error, len(unseen))
	for i, u := range unseen {
		reasons[i] = u.err
	}
	found, err := d.Among(copies)
	if found == nil {
		return nil, cmp.Or(err, failure(reasons))
	}
	found.Unseen = reasons
	return found, nil
}

// Among takes the most common of the copies of hosts that are the declaration's, ties by
// host name. It is nil when none can be read; the error says why.
func (d Declaration) Among(copies []Copy) (*Found, error) {
	claimed := slices.DeleteFunc(slices.Clone(copies), func(c Copy) bool { return !d.claims(c) })
	own := slices.DeleteFunc(slices.Clone(claimed), func(c Copy) bool { return !c.readable() })
	if len(own) == 0 {
		return nil, unreadable(claimed)
	}
	found := &Found{Seen: d.seen(claimed)}
	for _, c := range claimed {
		found.Written = append(found.Written, c.member())
	}
	for _, candidate := range own {
		var hosts []string
		for _, c := range own {
			if c.Record.Policy.Equal(candidate.Record.Policy) {
				hosts = append(hosts, c.Host)
			}
		}
		if len(hosts) > len(found.Hosts) {
			found.Policy, found.Owner, found.Hosts = candidate.Record.Policy, candidate.Record.Owner, hosts
		}
	}
	found.Drift = Declaration{Cluster: d.Cluster, Policy: found.Policy}.drift(claimed...)
	return found, nil
}

// Clusters are the names of the clusters that hosts which answer have records of, sorted.
func (f *Fleet) Clusters(ctx context.Context) []string {
	var names []string
	for _, c := range each(f.hosts, func(h *host.Host) Copy {
		c, _ := hostCopy(ctx, h, host.Cluster) // one that does not answer tells of none
		return c
	}) {
		if c.readable() && c.Record.Cluster != "" {
			names = append(names, c.Record.Cluster)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unreadable is the first reason why a copy could not be read, or nil.
func unreadable(copies []Copy) error {
	for _, c := range copies {
		if err := c.Unreadable(); err != nil {
			return err
		}
	}
	return nil
}

// InvalidRecordError is a copy that cannot be read as a record.
type InvalidRecordError struct{ Copy Copy }

func (e *InvalidRecordError) Error() string {
	return fmt.Sprintf("%s cannot be read: %v", e.Copy.Subject(), e.Copy.Invalid)
}

func (e *InvalidRecordError) Unwrap() error { return e.Copy.Invalid }

// Unreadable tells whether an error is a record that cannot be read: an
// *InvalidRecordError or a *NewerRecordError.
func Unreadable(err error) bool {
	var (
		invalid *InvalidRecordError
		newer   *NewerRecordError
	)
	return errors.As(err, &invalid) || errors.As(err, &newer)
}
