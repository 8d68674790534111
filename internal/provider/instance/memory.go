package instance

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// memoryKey is where an instance keeps its memory in its private state.
const memoryKey = "memory"

// Memory is what a resource instance must remember and its attributes cannot hold:
// their host names are labels, and "hosts" has only the hosts in sync.
type Memory struct {
	// Owner is the instance's token in the records that it declares.
	Owner string `json:"owner,omitempty"`
	// DeclaredAt is when it last wrote.
	DeclaredAt time.Time `json:"declared_at,omitzero"`
	writes     time.Time // when it is about to write; zero where it only reads
	// Imported is set while Owner is still that of the instance which declared the imported
	// record: a random UUID, which tells this instance from others that import the same one.
	Imported      string `json:"imported,omitempty"`
	importedOwner string // the owner of that record, when it is about to write with one of its own
	// Hosts are those that the record was written to and not removed from. For a
	// VM's record they are all hosts of the provider: nothing here may change when
	// the VM moves, or each move would show as a change outside of Terraform. For the
	// desired host of a VM it is the host that the VM is on.
	Hosts []fleet.Member `json:"hosts,omitempty"`
	// Lacking are hosts that had lost their copy, or had another cluster's in its place,
	// when they were last asked: they are watched until an apply repairs that.
	Lacking []fleet.Member `json:"lacking,omitempty"`
	// Home is where the VM was last seen, while other hosts keep definitions of it.
	Home *fleet.Member `json:"home,omitempty"`
	// Formerly are the former names of a cluster which its record still has on hosts
	// that a renaming did not reach.
	Formerly []string `json:"formerly,omitempty"`
	// Seen are the copies as they were last read or written.
	Seen map[string]fleet.Digest `json:"seen,omitempty"`
}

// PrivateReader reads the framework's private state.
type PrivateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// PrivateWriter writes the framework's private state.
type PrivateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// Recall is the memory in a private state; an empty one where there is none.
func Recall(ctx context.Context, private PrivateReader) (Memory, diag.Diagnostics) {
	m := Memory{}
	document, diags := private.GetKey(ctx, memoryKey)
	if len(document) > 0 {
		if err := json.Unmarshal(document, &m); err != nil {
			diags.AddError("Unable to Read Private State", "The private state of this resource cannot be read: "+err.Error()+".")
		}
	}
	return m, diags
}

// Save writes the memory into a private state.
func (m Memory) Save(ctx context.Context, private PrivateWriter) diag.Diagnostics {
	document, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to Save Private State", err.Error())}
	}
	return private.SetKey(ctx, memoryKey, document)
}

// Importing is the memory of an instance that imports a record of an owner, or of none.
func Importing(owner string) Memory { return Memory{Owner: owner, Imported: uuid.NewString()} }

// Owning is the memory of an instance that is about to write, with an owner of its
// own: an imported owner may be that of another state.
func (m Memory) Owning() Memory {
	if m.Imported != "" {
		m.importedOwner = m.Owner
	}
	if m.Owner == "" || m.Imported != "" {
		m.Owner, m.Imported = uuid.NewString(), ""
	}
	m.writes = time.Now().UTC().Truncate(time.Second)
	return m
}

// wrote is the memory of an instance that has written, if it has.
func (m Memory) wrote() Memory {
	if !m.writes.IsZero() {
		m.DeclaredAt = m.writes
	}
	return m
}

// Claim completes a declaration with what is remembered.
func (m Memory) Claim(d fleet.Declaration) fleet.Declaration {
	d.Owner, d.DeclaredAt, d.Now, d.Seen = m.Owner, m.DeclaredAt, m.writes, m.Seen
	d.Imported = m.importedOwner
	if d.Cluster != "" {
		d.Formerly = m.Formerly
	}
	return d
}

// On is the memory of hosts in the configuration. One that does not answer has only
// its label there.
func (m Memory) On(ctx context.Context, f *fleet.Fleet, names ...string) Memory {
	m.Hosts = make([]fleet.Member, len(names))
	for i, name := range names {
		member, err := f.Member(ctx, name)
		if err != nil {
			member = fleet.Member{Name: name}
		}
		m.Hosts[i] = member
	}
	return m
}

// Watched is the hosts that may have a copy, and those that lack theirs.
func (m Memory) Watched() []fleet.Member { return slices.Concat(m.Hosts, m.Lacking) }

// Completed adds what state shows: Terraform does not pass private state to the destroy
// of a tainted instance.
func (m Memory) Completed(ctx context.Context, f *fleet.Fleet, owner string, hosts []string) Memory {
	if m.Owner == "" {
		m.Owner = owner
	}
	if len(m.Hosts) > 0 {
		return m
	}
	return m.On(ctx, f, hosts...)
}

// Surveyed is the memory after a survey. Of a host that lacked its copy when it was last
// asked, nothing is left behind: it is forgotten once it has left the configuration.
func (m Memory) Surveyed(s fleet.Survey) Memory {
	lacked := func(h fleet.Member) bool { return holds(m.Lacking, h) && !holds(m.Hosts, h) }
	silent := func(h fleet.Member) bool { return lacked(h) && slices.Contains(s.Unasked, h.Name) }
	lacking := slices.DeleteFunc(slices.Clone(s.Written), func(h fleet.Member) bool { return !silent(h) })
	hosts := append(slices.DeleteFunc(slices.Clone(s.Written), silent),
		slices.DeleteFunc(slices.Clone(s.LetGo), lacked)...)
	m.Hosts, m.Lacking, m.Seen = hosts, append(lacking, s.Lacking()...), s.Seen
	if len(s.Drift) == 0 && len(s.Unseen) == 0 && len(s.LetGo) == 0 {
		m.Formerly = nil
	}
	return m
}

// LetGo are the hosts that have left the configuration since the last survey and may
// have kept a copy.
func (m Memory) LetGo(s fleet.Survey) []fleet.Member {
	return slices.DeleteFunc(slices.Clone(s.LetGo), func(h fleet.Member) bool {
		return slices.Contains(m.Hosts, h) || holds(m.Lacking, h) && !holds(m.Hosts, h)
	})
}

// holds tells whether a host is among others.
func holds(hosts []fleet.Member, h fleet.Member) bool {
	return slices.ContainsFunc(hosts, func(other fleet.Member) bool { return other.UUID == h.UUID })
}

// Changed is the memory after a change to the records. err is why it did not reach
// all of them.
func (m Memory) Changed(o fleet.Outcome, err error) Memory {
	m.Hosts, m.Lacking, m.Seen = append(o.Written, o.LetGo...), o.Lacking, o.Seen
	if err != nil {
		return m // a declaration by another instance may still be newer
	}
	if len(o.LetGo) == 0 {
		m.Formerly = nil // else a host that comes back may still have one
	}
	return m.wrote()
}

// Found is the memory after a VM's record was read or written. renamed are hosts that
// have another label in the configuration now.
func (m Memory) Found(
	ctx context.Context, f *fleet.Fleet, record fleet.VMRecord, d fleet.Declaration,
) (found Memory, renamed []fleet.Renaming) {
	m = m.wrote()
	m.Seen = record.Seen(d)
	location := record.Location
	if len(location.Unseen) > 0 {
		return m, nil // not all hosts are known
	}
	roster, err := f.Roster(ctx, m.Hosts)
	if err != nil {
		return m, nil // reported where that host is needed
	}
	m.Hosts, m.Home = roster.Members, nil
	for _, member := range roster.Members {
		if len(location.Leftovers) > 0 && member.Name == location.Host {
			m.Home = &member
		}
	}
	return m, roster.Renamed
}

// Lost is the hosts that have left the provider's configuration since the VM was last
// seen: a VM that no host has may be on one of them.
func (m Memory) Lost(ctx context.Context, f *fleet.Fleet) []fleet.Member {
	roster, err := f.Roster(ctx, m.Hosts)
	if err != nil {
		return m.Hosts
	}
	return roster.LetGo
}
