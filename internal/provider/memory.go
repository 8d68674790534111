package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// memoryKey is where a resource instance keeps its memory in its private state.
const memoryKey = "memory"

// memory is what a resource instance must remember and its attributes cannot
// say: names of hosts are labels, and the attribute "hosts" shows only those that
// are in sync.
type memory struct {
	// Owner is the instance's token in the records that it declares.
	Owner string `json:"owner,omitempty"`
	// DeclaredAt is when it last wrote.
	DeclaredAt time.Time `json:"declared_at,omitzero"`
	writes     time.Time // when it is about to write; zero where it only reads
	// Imported is true while that token is still the one of whoever declared the
	// record that was imported.
	Imported bool `json:"imported,omitempty"`
	// Hosts are those that the record was written to and not removed from. For a
	// VM's record, which moves with it, they are all hosts of the provider: nothing
	// here may change when a VM moves, or each move would show as a change outside
	// of Terraform. For the place of a VM it is the one that the VM is on.
	Hosts []fleet.Member `json:"hosts,omitempty"`
	// Home is where the VM was last seen, while other hosts keep definitions of it.
	Home *fleet.Member `json:"home,omitempty"`
	// Formerly are names that a cluster's record still has on hosts that its
	// renaming did not reach.
	Formerly []string `json:"formerly,omitempty"`
	// Seen are the copies as they were last read or written.
	Seen map[string]fleet.Digest `json:"seen,omitempty"`
}

// privateReader and privateWriter are the framework's private state.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func readMemory(ctx context.Context, private privateReader) (memory, diag.Diagnostics) {
	m := memory{}
	document, diags := private.GetKey(ctx, memoryKey)
	if len(document) > 0 {
		if err := json.Unmarshal(document, &m); err != nil {
			diags.AddError("Unable to Read Private State", "What the provider remembers of this resource cannot be read: "+err.Error()+".")
		}
	}
	return m, diags
}

func (m memory) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	document, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to Save Private State", err.Error())}
	}
	return private.SetKey(ctx, memoryKey, document)
}

// owning is the memory of an instance that is about to write, with an owner of its
// own: the one that an import has found may be another state's as well.
func (m memory) owning() memory {
	if m.Owner == "" || m.Imported {
		m.Owner, m.Imported = uuid.NewString(), false
	}
	m.writes = time.Now().UTC().Truncate(time.Second)
	return m
}

// wrote is the memory of an instance that has written, if it has.
func (m memory) wrote() memory {
	if !m.writes.IsZero() {
		m.DeclaredAt = m.writes
	}
	return m
}

// recalled completes the memory with what state shows: Terraform gives a destroy of a
// tainted instance nothing that it remembered.
func (m memory) recalled(ctx context.Context, f *fleet.Fleet, owner types.String, hosts types.Set) memory {
	if m.Owner == "" {
		m.Owner = owner.ValueString()
	}
	if len(m.Hosts) > 0 {
		return m
	}
	for _, name := range hostNames(hosts) {
		m.Hosts = append(m.Hosts, memberOf(ctx, f, name))
	}
	return m
}

// notePlanned notes what a plan makes of an instance of this state. own is the owner
// of the instance that a replacement makes anew.
func notePlanned(ctx context.Context, i *instances, req resource.ModifyPlanRequest) (own string, diags diag.Diagnostics) {
	if i == nil {
		return "", nil
	}
	m, diags := readMemory(ctx, req.Private)
	switch {
	case req.State.Raw.IsNull():
		return m.Owner, diags
	case req.Plan.Raw.IsNull():
		i.destroys(m.Owner)
	default:
		i.keeps(m.Owner)
	}
	return "", diags
}

// claim completes a declaration with what is remembered.
func (m memory) claim(d fleet.Declaration) fleet.Declaration {
	d.Owner, d.DeclaredAt, d.Now, d.Seen = m.Owner, m.DeclaredAt, m.writes, m.Seen
	if d.Cluster != "" {
		d.Formerly = m.Formerly
	}
	return d
}

// surveyed is the memory after a survey.
func (m memory) surveyed(s fleet.Survey) memory {
	m.Hosts, m.Seen = append(s.Written, s.LetGo...), s.Seen
	if len(s.Drift) == 0 && len(s.Unseen) == 0 {
		m.Formerly = nil
	}
	return m
}

// changed is the memory after a change to the records.
func (m memory) changed(o fleet.Outcome, err error) memory {
	m.Hosts, m.Seen = append(o.Written, o.LetGo...), o.Seen
	if err != nil {
		return m // what another has declared meanwhile is still newer
	}
	m.Formerly = nil
	return m.wrote()
}

// found is the memory after a VM's record was read or written where the VM was
// found.
func (m memory) found(ctx context.Context, f *fleet.Fleet, i *instances, record fleet.VMRecord, d fleet.Declaration) (memory, diag.Diagnostics) {
	m = m.wrote()
	m.Seen = record.Seen(d)
	location := record.Location
	if len(location.Unseen) > 0 {
		return m, nil // it is not known who all hosts are
	}
	roster, err := f.Roster(ctx, m.Hosts)
	if err != nil {
		return m, nil // whoever needs that host says so
	}
	m.Hosts, m.Home = roster.Members, nil
	for _, member := range roster.Members {
		if len(location.Leftovers) > 0 && member.Name == location.Host {
			m.Home = &member
		}
	}
	return m, renamedWarning(i, roster.Renamed)
}

// lost are the hosts that a VM may be on which is on none of the provider's: they
// have left its configuration since the VM was last seen.
func (m memory) lost(ctx context.Context, f *fleet.Fleet) []fleet.Member {
	roster, err := f.Roster(ctx, m.Hosts)
	if err != nil {
		return m.Hosts
	}
	return roster.LetGo
}

// planRemoval makes sure that a record is removed from a host that is not among
// the planned ones: where the host had drifted out of the attribute "hosts"
// before it was taken out of the configuration, no attribute differs, and
// Terraform would plan nothing. The ID, to be known after the apply, then stands
// for the difference.
func planRemoval(ctx context.Context, private privateReader, state, plan types.Set, resp *resource.ModifyPlanResponse) {
	if plan.IsUnknown() || !plan.Equal(state) {
		return
	}
	m, diags := readMemory(ctx, private)
	resp.Diagnostics.Append(diags...)
	watched := slices.DeleteFunc(slices.Clone(m.Hosts), func(h fleet.Member) bool { return h.LetGo })
	left := without(fleet.NamesOf(watched), hostNames(plan))
	if len(left) == 0 {
		return
	}
	resp.Diagnostics.AddAttributeWarning(path.Root("hosts"), "Record Left Behind",
		fmt.Sprintf("A record is still on %s, which the configuration does not name here. The apply removes it.", fleet.Quote(left)))
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), types.StringUnknown())...)
}
