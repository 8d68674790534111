package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Survey is what the copies of a level's record on its hosts come to, held
// against the declaration.
type Survey struct {
	// Hosts are those whose copy says what is declared, and those of which that
	// is still believed because they could not be asked.
	Hosts []string
	// Written are the hosts that have a copy, right or wrong, or may have one.
	Written []string
	// Changed is what all copies say together when they agree on another
	// policy; else nil.
	Changed *policy.Policy
	// Gone is true when no host has a copy, every one having been asked.
	Gone bool
	// Drift says in words what is wrong with which host's copy.
	Drift []string
	// Stuck is why some of it can not be put right by writing: another cluster
	// has the host, or a newer release wrote the record; else nil.
	Stuck error
	// Unknown says which copies have members that this release does not know.
	Unknown []string
	// Unseen are the hosts that could not be asked; only with UnreachableWarn.
	Unseen []error
	// Dropped are hosts that the provider's configuration has no longer.
	Dropped []string
}

// Survey reads the copies on the hosts that the record was written to. inSync
// are those of them whose copy was right when it was last read, which is still
// believed of a host that can not be asked.
func (f *Fleet) Survey(ctx context.Context, want Declaration, written, inSync []string) (Survey, error) {
	copies, unseen, err := f.copies(ctx, want, written)
	if err != nil {
		return Survey{}, err
	}
	s := Survey{Drift: want.drift(copies...), Unknown: unknownMembers(copies)}
	_, s.Dropped = f.named(written)
	var own []Copy
	for _, c := range copies {
		if want.matchesCopy(c) {
			s.Hosts = append(s.Hosts, c.Host)
		}
		if want.claims(c) {
			own = append(own, c)
		}
		s.Stuck = errors.Join(s.Stuck, want.stuck(c))
	}
	s.Gone = len(own) == 0 && len(unseen) == 0
	if changed, ok := agreed(own); ok && len(own) == len(copies) && len(unseen) == 0 && len(s.Hosts) == 0 {
		s.Changed = &changed
		s.Hosts = hostsOf(own)
	}
	s.Written = hostsOf(own)
	for _, u := range unseen {
		s.Unseen = append(s.Unseen, u.err)
		s.Written = append(s.Written, u.host)
		if slices.Contains(inSync, u.host) {
			s.Hosts = append(s.Hosts, u.host)
		}
	}
	slices.Sort(s.Hosts)
	return s, nil
}

// stuck is why a copy can not be written over; nil when it can.
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
		if c.Invalid != nil || !c.Record.Policy.Equal(copies[0].Record.Policy) {
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

// copies reads the copies of a level's record on the hosts that the fleet has.
// A host that can not be asked is an error, or, with UnreachableWarn, unseen.
func (f *Fleet) copies(ctx context.Context, d Declaration, names []string) ([]Copy, []unseen, error) {
	hosts, _ := f.named(names)
	type answer struct {
		copy Copy
		err  error
	}
	var (
		copies []Copy
		out    []unseen
		failed []error
	)
	answers := each(hosts, func(h *host.Host) answer {
		c, err := hostCopy(ctx, h, d.level())
		return answer{c, err}
	})
	for i, a := range answers {
		switch {
		case a.err == nil:
			copies = append(copies, a.copy)
		case f.Tolerates() && errors.Is(a.err, migration.ErrUnreachable):
			out = append(out, unseen{hosts[i].Name(), a.err})
		default:
			failed = append(failed, a.err)
		}
	}
	return copies, out, failure(failed)
}

// Found is a level's record as it was found, for an import.
type Found struct {
	Policy policy.Policy
	// Hosts are those that have the most common copy.
	Hosts []string
	// Written are those that have a copy, the same or another.
	Written []string
	// Others says in words what the other copies are.
	Others []string
	Unseen []error
}

// FindRecord looks on all hosts for a level's record and takes the most common
// copy, ties by host name. It is nil when no host has one.
func (f *Fleet) FindRecord(ctx context.Context, d Declaration) (*Found, error) {
	copies, unseen, err := f.copies(ctx, d, f.Names())
	if err != nil {
		return nil, err
	}
	claimed := slices.DeleteFunc(slices.Clone(copies), func(c Copy) bool { return !d.claims(c) })
	own := slices.DeleteFunc(slices.Clone(claimed), func(c Copy) bool { return !c.readable() })
	if len(own) == 0 {
		return nil, unreadable(claimed)
	}
	found := &Found{Written: hostsOf(claimed)}
	for _, candidate := range own {
		var hosts []string
		for _, c := range own {
			if c.Record.Policy.Equal(candidate.Record.Policy) {
				hosts = append(hosts, c.Host)
			}
		}
		if len(hosts) > len(found.Hosts) {
			found.Policy, found.Hosts = candidate.Record.Policy, hosts
		}
	}
	taken := Declaration{Cluster: d.Cluster, Policy: found.Policy}
	found.Others = taken.drift(claimed...)
	for _, u := range unseen {
		found.Unseen = append(found.Unseen, u.err)
	}
	return found, nil
}

// unreadable is the first reason why a copy could not be read, or nil.
func unreadable(copies []Copy) error {
	for _, c := range copies {
		if err := c.unreadable(); err != nil {
			return err
		}
	}
	return nil
}

// InvalidRecordError is a copy that can not be read as a record.
type InvalidRecordError struct{ Copy Copy }

func (e *InvalidRecordError) Error() string {
	return fmt.Sprintf("%s can not be read: %v", e.Copy.record(), e.Copy.Invalid)
}

func (e *InvalidRecordError) Unwrap() error { return e.Copy.Invalid }
