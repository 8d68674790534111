package instance

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Changes is what one run of the provider makes of policies, and the moves that it makes
// under them. Terraform tells a provider of no dependency between the two; the order in
// which it asks for them shows where there is none. It is safe for concurrent use. One
// that is nil, before the provider is configured, knows nothing.
type Changes struct {
	board

	tick int // counts what happens
	// begun are the records whose resources are being read or planned.
	begun map[Record]bool
	// planned are the changes of this run, removals those of resources that it destroys.
	planned, removals map[Record]*plannedChange
	moves             map[string]*plannedMove // by VM, as the resource has it
	leaving           map[string]bool         // hosts that a plan takes out of a cluster
	awaiting          int                     // how many plans wait for that
}

// plannedChange is the parts of what a resource changes.
type plannedChange struct {
	parts []Change
	at    int // when its plan ended
	stage stage
}

// stage is how far a change has come.
type stage int

const (
	planned stage = iota
	writing
	written
	failed
)

// plannedMove is a move, and when Terraform began to ask for it.
type plannedMove struct {
	Move

	began int
	ended bool // its plan has
}

// Settle is how long a move's plan waits for policies whose plans have begun. It is less than
// quiet: what those wait for must be able to happen.
const Settle = time.Second

// NewChanges is that of a run that begins.
func NewChanges() *Changes {
	return &Changes{
		board:    newBoard(),
		begun:    map[Record]bool{},
		planned:  map[Record]*plannedChange{},
		removals: map[Record]*plannedChange{},
		moves:    map[string]*plannedMove{},
		leaving:  map[string]bool{},
	}
}

// change notes something and wakes those that wait for it. The caller gets the time.
func (c *Changes) change(note func(now int)) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick++
	note(c.tick)
	c.tell()
}

// Begins notes that Terraform has begun to ask for a policy resource. One that is to be
// destroyed is read after that was planned.
func (c *Changes) Begins(r Record) {
	c.change(func(int) { c.begun[r] = c.removals[r] == nil })
}

// Stays notes that what has begun comes to no change.
func (c *Changes) Stays(r Record) { c.change(func(int) { delete(c.begun, r) }) }

// Plans notes what the plan of a policy resource changes, which began as the record
// was. It returns the moves that were planned before, and so do not depend on it.
func (c *Changes) Plans(began Record, parts ...Change) (moves []Move) {
	c.change(func(now int) {
		delete(c.begun, began)
		to := c.planned
		if parts[0].Removed {
			to = c.removals
		}
		to[parts[0].Record] = &plannedChange{parts: parts, at: now}
		for _, vm := range slices.Sorted(maps.Keys(c.moves)) {
			if m := c.moves[vm]; m.ended && len(c.matter(parts, m.Move)) > 0 {
				moves = append(moves, m.Move)
			}
		}
	})
	return moves
}

// Writes notes that a planned change is being written; done takes whether it was.
func (c *Changes) Writes(r Record) (done func(bool)) { return c.carryOut(c.planned, Change{Record: r}) }

// Removes notes that a record is being removed; done takes whether it was.
func (c *Changes) Removes(part Change) (done func(bool)) {
	if part.Level == policy.OriginCluster {
		c.Leave(part.Hosts)
	}
	return c.carryOut(c.removals, part)
}

func (c *Changes) carryOut(from map[Record]*plannedChange, part Change) (done func(bool)) {
	c.change(func(now int) {
		if from[part.Record] == nil {
			from[part.Record] = &plannedChange{parts: []Change{part}, at: now}
		}
		from[part.Record].stage = writing
	})
	return func(ok bool) {
		c.change(func(int) {
			from[part.Record].stage = failed
			if ok {
				from[part.Record].stage = written
			}
		})
	}
}

// MoveBegins notes that Terraform has begun to ask for a resource that moves a VM.
func (c *Changes) MoveBegins(vm string) {
	c.change(func(now int) {
		if c.moves[vm] == nil {
			c.moves[vm] = &plannedMove{Move: Move{VM: vm}, began: now}
		}
	})
}

// MovePlanned notes a move whose plan has ended, and returns the changes that concern it
// and that it does not depend on: their plans ended after it had begun. Nothing can
// depend on what is removed.
func (c *Changes) MovePlanned(m Move) (independent []Change) {
	c.change(func(now int) {
		planned := c.moves[m.VM]
		if planned == nil {
			planned = &plannedMove{began: now}
			c.moves[m.VM] = planned
		}
		planned.Move, planned.ended = m, true
		for _, change := range c.concerning(m) {
			if change.at > planned.began || change.parts[0].Removed {
				independent = append(independent, c.told(change, m)...)
			}
		}
	})
	return independent
}

// matter are the changes that a move has to come after. The removal of a record that is
// declared at another address comes to nothing. The caller holds the lock.
func (c *Changes) matter(parts []Change, m Move) []Change {
	declared := map[policy.Origin]bool{}
	for _, change := range c.concerning(m) {
		for _, p := range change.parts {
			declared[p.Level] = declared[p.Level] || !p.Removed && p.concerns(m)
		}
	}
	return slices.DeleteFunc(slices.Clone(parts), func(p Change) bool {
		return !p.concerns(m) || p.Removed && declared[p.Level]
	})
}

// told is what the operator is told of a change that matters to a move. A host that
// leaves a cluster is a change of the cluster's policy. The caller holds the lock.
func (c *Changes) told(change *plannedChange, m Move) []Change {
	parts := c.matter(change.parts, m)
	for i := range parts {
		parts[i].Removed = change.parts[0].Removed
		parts[i].Unwritten, parts[i].Failed = change.unwritten(), change.stage == failed
	}
	return parts
}

// concerning are the changes that have not failed and concern a move, removals first.
// The caller holds the lock.
func (c *Changes) concerning(m Move) []*plannedChange {
	var all []*plannedChange
	for _, changes := range []map[Record]*plannedChange{c.removals, c.planned} {
		for _, record := range slices.SortedFunc(maps.Keys(changes), byRecord) {
			change := changes[record]
			if change.stage != failed && slices.ContainsFunc(change.parts, func(p Change) bool { return p.concerns(m) }) {
				all = append(all, change)
			}
		}
	}
	return all
}

func byRecord(a, b Record) int { return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Of, b.Of)) }

// Coming is what this run makes of the records that hold for a move's VM. It waits so
// long for plans that have begun. known is false where it cannot be known, or
// cannot be known again when Terraform plans again in the apply: a destroy is not
// planned again.
func (c *Changes) Coming(ctx context.Context, m Move, wait time.Duration) (coming fleet.Coming, known bool) {
	if c == nil {
		return fleet.Coming{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.beginning(m) {
		if !c.hears(ctx) {
			return fleet.Coming{}, false
		}
	}
	known = true
	levels := map[policy.Origin]**policy.Policy{
		policy.OriginVM: &coming.VM, policy.OriginCluster: &coming.Cluster, policy.OriginGlobal: &coming.Global,
	}
	uncertain := map[policy.Origin]bool{}
	for _, change := range c.concerning(m) {
		for _, part := range change.parts {
			switch level := levels[part.Level]; {
			case !part.concerns(m):
			case part.Unknown:
				known = false
			case !part.Removed:
				*level, uncertain[part.Level] = &part.Policy, false
			case *level == nil:
				*level = &policy.Policy{}
				uncertain[part.Level] = c.removals[part.Record] == change && change.stage == planned
			}
		}
	}
	return coming, known && !uncertain[policy.OriginVM] && !uncertain[policy.OriginCluster] &&
		!uncertain[policy.OriginGlobal]
}

// MoveOf is the move of a VM, as it was planned in this run, and the changes of this run
// that concern it, but for those that were made before Terraform came to the move. What is
// only being planned counts as a change. ok is false where no move was planned.
func (c *Changes) MoveOf(vm string) (m Move, changes []Change, ok bool) {
	if c == nil {
		return Move{}, nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	move := c.moves[vm]
	if move == nil || !move.ended {
		return Move{}, nil, false
	}
	for _, records := range []map[Record]*plannedChange{c.removals, c.planned} {
		for _, record := range slices.SortedFunc(maps.Keys(records), byRecord) {
			if change := records[record]; change.stage != written || change.at > move.began {
				changes = append(changes, c.told(change, move.Move)...)
			}
		}
	}
	for _, record := range slices.SortedFunc(maps.Keys(c.begun), byRecord) {
		if c.begun[record] && record.mayConcern(move.Move) {
			changes = append(changes, Change{Record: record, Unwritten: true})
		}
	}
	return move.Move, changes, true
}

// beginning tells whether the plan of a policy that may concern the move has begun. The
// caller holds the lock.
func (c *Changes) beginning(m Move) bool {
	for record, begun := range c.begun {
		if begun && record.mayConcern(m) {
			return true
		}
	}
	return false
}

// Await waits until the changes that concern the move of a VM are written, or have
// failed. What has begun has its turn in Terraform already, so waiting keeps nothing
// from it. over is false where some are under way still when the context ends.
func (c *Changes) Await(ctx context.Context, vm string) (over bool) {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.pending(vm) {
		if !c.hears(ctx) {
			return !c.pending(vm)
		}
	}
	return true
}

// Pending tells whether Await would wait for changes.
func (c *Changes) Pending(vm string) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending(vm)
}

// pending is Pending; the caller holds the lock.
func (c *Changes) pending(vm string) bool {
	m := c.moves[vm]
	return m != nil && (c.beginning(m.Move) || c.clusterPending(m.Cluster) ||
		slices.ContainsFunc(c.concerning(m.Move), (*plannedChange).unwritten))
}

// unwritten tells whether the change is still to be made.
func (c *plannedChange) unwritten() bool { return c.stage < written }
