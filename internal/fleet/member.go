package fleet

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Member is a host as a resource remembers it: it is known by its UUID, and its
// name is the label that the configuration had for it then.
type Member struct {
	Name, UUID string
	// LetGo is true for a host that left the configuration while it had the record:
	// all hosts had answered then, and none was that one.
	LetGo bool
}

// Renaming is a host that has another name in the configuration than it had.
type Renaming struct {
	From string
	Now  Member
}

// Members are the hosts of the given names with their UUIDs. The error is an
// *UnknownHostError, a *SameHostError, a *SameUUIDError, or that of a host that cannot be asked.
func (f *Fleet) Members(ctx context.Context, names []string) ([]Member, error) {
	hosts, err := f.all(names)
	if err != nil {
		return nil, err
	}
	r := identify(ctx, hosts)
	if err := errors.Join(r.same, failure(r.failures())); err != nil {
		return nil, err
	}
	members := make([]Member, len(hosts))
	for i, h := range hosts {
		members[i] = Member{Name: h.Name(), UUID: r.uuids[h]}
	}
	return members, nil
}

// roster tells which of the asked hosts is which machine.
type roster struct {
	hosts  map[string]*host.Host // by UUID
	uuids  map[*host.Host]string
	silent []unseen // those that cannot be asked
	same   error    // a *SameHostError or a *SameUUIDError when two of them have one UUID
}

// identify asks hosts for their UUIDs.
func identify(ctx context.Context, hosts []*host.Host) roster {
	r := roster{hosts: map[string]*host.Host{}, uuids: map[*host.Host]string{}}
	uuids, errs := tryEach(hosts, func(h *host.Host) (string, error) { return h.UUID(ctx) })
	for i, uuid := range uuids {
		h := hosts[i]
		switch other := r.hosts[uuid]; {
		case errs[i] != nil:
			r.silent = append(r.silent, unseen{host: h.Name(), err: errs[i]})
		case other != nil:
			r.same = sameUUID(ctx, uuid, [2]*host.Host{other, h})
		default:
			r.hosts[uuid] = h
			r.uuids[h] = uuid
		}
	}
	return r
}

func (r roster) failures() []error {
	errs := make([]error, len(r.silent))
	for i, s := range r.silent {
		errs[i] = s.err
	}
	return errs
}

// has tells whether every member is one of the hosts, under the name it had.
func (r roster) has(members []Member) bool {
	return !slices.ContainsFunc(members, func(m Member) bool {
		h := r.hosts[m.UUID] // one that was let go may be back
		return h == nil || h.Name() != m.Name
	})
}

// recognition is which hosts members are now.
type recognition struct {
	hosts   []*host.Host // those that were found, sorted by name
	present []Member     // the same, under their names of now
	renamed []Renaming
	// hidden are members that may be one of the hosts that cannot be asked;
	// silent are these hosts.
	hidden []Member
	silent []unseen
	// letGo are members that are none of the hosts, all of which have answered.
	letGo []Member
}

// recognise finds the hosts that members are, whatever their names are now. It asks all
// hosts only when a member is not behind its former name.
func (f *Fleet) recognise(ctx context.Context, members []Member) (recognition, error) {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	hosts, _ := f.named(names)
	r := identify(ctx, hosts)
	if !r.has(members) {
		r = identify(ctx, f.hosts)
	}
	if r.same != nil {
		return recognition{}, r.same
	}
	return r.recognise(members), nil
}

// recognise finds the hosts that members are.
func (r roster) recognise(members []Member) recognition {
	result := recognition{silent: r.silent}
	for _, m := range members {
		h := r.hosts[m.UUID]
		switch {
		case h != nil:
			result.hosts = append(result.hosts, h)
			result.present = append(result.present, Member{Name: h.Name(), UUID: m.UUID})
			if h.Name() != m.Name {
				result.renamed = append(result.renamed, Renaming{From: m.Name, Now: Member{Name: h.Name(), UUID: m.UUID}})
			}
		case len(r.silent) > 0 && !m.LetGo:
			result.hidden = append(result.hidden, m)
		default:
			m.LetGo = true
			result.letGo = append(result.letGo, m)
		}
	}
	slices.SortFunc(result.hosts, byName)
	return result
}

// member is a host that was found, by its name of now.
func (r recognition) member(name string) Member {
	for _, m := range r.present {
		if m.Name == name {
			return m
		}
	}
	return Member{Name: name}
}

// reasons are why the hidden members cannot be asked: what the hosts of their
// names say, or, where such a host has answered that it is another machine, what
// any silent host says.
func (r recognition) reasons() []error {
	var errs []error
	for _, s := range r.silent {
		if slices.ContainsFunc(r.hidden, func(m Member) bool { return m.Name == s.host }) {
			errs = append(errs, s.err)
		}
	}
	if len(errs) == 0 && len(r.hidden) > 0 {
		for _, s := range r.silent {
			errs = append(errs, s.err)
		}
	}
	return errs
}

// unanswered is the error of members that cannot be asked; nil when there are
// none.
func (r recognition) unanswered() error { return failure(r.reasons()) }

// tolerable tells whether a plan may go on without the hosts that cannot be
// asked.
func (f *Fleet) tolerable(errs []error) bool {
	return f.Tolerates() && !slices.ContainsFunc(errs, func(err error) bool {
		return !errors.Is(err, migration.ErrUnreachable)
	})
}

// Recognise tells what the configuration calls a member now: its name, and how it was
// renamed, or that it is none of the hosts any more. A host that cannot be asked counts
// as the member of its name. Where the host of that name has answered that it is another
// machine, the error is why others cannot be asked.
func (f *Fleet) Recognise(ctx context.Context, m Member) (now Member, renamed *Renaming, gone bool, err error) {
	if m.UUID == "" {
		return m, nil, false, nil
	}
	r, err := f.recognise(ctx, []Member{m})
	if err != nil {
		return m, nil, false, err
	}
	return r.only(m)
}

// Replaced is the host of a member's name, where it is that host with another host UUID, as with another mainboard: the
// record of its evacuation, which is on its disk, has the one that it had.
func (f *Fleet) Replaced(ctx context.Context, m Member) (now Member, ok bool, err error) {
	if _, err := f.host(m.Name); err != nil {
		return m, false, nil // the configuration has no such host any more
	}
	record, err := f.Cordon(ctx, m.Name)
	if err != nil || record.Host != m.UUID {
		return m, false, err
	}
	now, err = f.Member(ctx, m.Name)
	return now, err == nil, err
}

// only is the recognition of the one member that was asked for.
func (r recognition) only(m Member) (now Member, renamed *Renaming, gone bool, err error) {
	switch {
	case len(r.renamed) > 0:
		return r.renamed[0].Now, &r.renamed[0], false, nil
	case len(r.hidden) > 0 && !slices.ContainsFunc(r.silent, func(s unseen) bool { return s.host == m.Name }):
		return m, nil, false, r.unanswered()
	default:
		return m, nil, len(r.letGo) > 0, nil
	}
}

// NamesOf are the names of members.
func NamesOf(members []Member) []string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	return names
}

// Member is the host of a name with its UUID.
func (f *Fleet) Member(ctx context.Context, name string) (Member, error) {
	members, err := f.Members(ctx, []string{name})
	if err != nil {
		return Member{Name: name}, err
	}
	return members[0], nil
}

// Roster is who the fleet's hosts are, compared with those that a resource remembers.
type Roster struct {
	// Members are all hosts of the fleet that answer, and those remembered that may
	// be behind one which does not.
	Members []Member
	Renamed []Renaming
	// LetGo are remembered hosts that are none of the fleet's, all of which have
	// answered.
	LetGo []Member
}

// Roster asks all hosts who they are.
func (f *Fleet) Roster(ctx context.Context, remembered []Member) (Roster, error) {
	all := identify(ctx, f.hosts)
	if all.same != nil {
		return Roster{}, all.same
	}
	known := all.recognise(remembered)
	r := Roster{Members: known.hidden, Renamed: known.renamed, LetGo: known.letGo}
	for _, h := range f.hosts {
		if uuid, answered := all.uuids[h]; answered {
			r.Members = append(r.Members, Member{Name: h.Name(), UUID: uuid})
		}
	}
	return r, nil
}
