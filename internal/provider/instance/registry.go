package instance

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// Registry is what one run of the provider knows of the resource instances that
// declare records, each by its owner token. Terraform orders neither the reading of a
// former address before the planning of the new one, nor the removal of the one before
// the creation of the other. It is safe for concurrent use.
type Registry struct {
	board

	// read are the owners whose instances this run has read. Of these, going are
	// those that it plans to destroy, and staying those that it plans to keep.
	read, going, staying map[string]bool
	// made are the owners that this run has made.
	made map[string]bool
	// removing are the owners whose records this run removes, or has removed.
	removing map[string]bool
	// removed are these records, by what they are of; a record has no copies here while
	// its removal is under way.
	removed map[string]*removedRecord
	// told are the warnings that this run has given.
	told map[string]bool
	// applying is true once this run has begun to change anything: it applies the plan
	// of an earlier run.
	applying bool
	// blocked is how many plans wait to know an owner, and unread the refusals about
	// owners that other plans did not wait for.
	blocked int
	unread  map[string]Refusal
}

// removedRecord is a record that an instance of this run declared.
type removedRecord struct {
	owner  string
	copies []fleet.Copy
	done   bool
}

// NewRegistry is the registry of a run that begins.
func NewRegistry() *Registry {
	return &Registry{
		board:    newBoard(),
		read:     map[string]bool{},
		going:    map[string]bool{},
		staying:  map[string]bool{},
		made:     map[string]bool{},
		removing: map[string]bool{},
		removed:  map[string]*removedRecord{},
		told:     map[string]bool{},
		unread:   map[string]Refusal{},
	}
}

// change notes something and wakes those that wait for it.
func (r *Registry) change(note func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	note()
	r.tell()
}

// Reads notes that an instance is read. One that declares no record is known by the UUID of
// its VM.
func (r *Registry) Reads(owner string) { r.change(func() { r.read[owner] = true }) }

// HasRead tells whether this run has read an instance. One that applies a plan reads none.
func (r *Registry) HasRead(owner string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.read[owner]
}

// Destroys notes that the plan is to destroy an instance.
func (r *Registry) Destroys(owner string) { r.change(func() { r.going[owner] = true }) }

// Keeps notes that the plan is to keep an instance.
func (r *Registry) Keeps(owner string) { r.change(func() { r.staying[owner] = true }) }

// Makes notes that an instance declares, as part of an apply.
func (r *Registry) Makes(owner string) {
	r.change(func() { r.made[owner], r.applying = true, true })
}

// Removes notes that an instance removes its record of something; done takes the
// copies that there were, once that has ended.
func (r *Registry) Removes(of, owner string) (done func([]fleet.Copy)) {
	record := &removedRecord{owner: owner}
	r.change(func() {
		r.removing[owner], r.applying = true, true
		r.removed[of] = record
	})
	return func(copies []fleet.Copy) {
		r.change(func() { record.copies, record.done = copies, true })
	}
}

// Made tells whether the owner was made by this apply.
func (r *Registry) Made(owner string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made[owner]
}

// RemovedFrom is the owner whose record of something this apply has removed, if that
// record differed from the declaration; else empty. It waits up to 30 s for a removal
// that is under way.
func (r *Registry) RemovedFrom(ctx context.Context, of string, d fleet.Declaration) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	record := r.removed[of]
	if record == nil {
		return ""
	}
	for !record.done && r.hearsWithin(ctx, mostWait) {
	}
	if len(d.Differing(record.copies)) == 0 {
		return ""
	}
	return record.owner
}

// News is which of these things this run has not told before: a warning about each is
// given once, and those that come together stand in one.
func (r *Registry) News(things ...string) []bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	news := make([]bool, len(things))
	for i, thing := range things {
		news[i] = !r.told[thing]
		r.told[thing] = true
	}
	return news
}

const (
	// quiet is the time without news after which reading counts as over, and mostWait
	// the longest time that a plan waits for that.
	quiet    = 2 * time.Second
	mostWait = 30 * time.Second
	// mostBlocked is how many plans of resources wait at a time: half of what
	// Terraform does at a time by default, so that what they wait for can happen.
	mostBlocked = 5
)

// Refusal is the error of a plan about a record that may not be replaced.
type Refusal struct{ Summary, Detail string }

// MayReplace tells whether a record's owner is an instance that this plan destroys,
// or one whose record this apply removes. It waits until there is no more news, up to
// 30 s. If enough others wait already, it does not wait and treats the owner as known:
// in a plan, the last waiting call then gets the refusals for owners that were not
// read; in an apply, Terraform refuses an owner that was not planned.
func (r *Registry) MayReplace(ctx context.Context, owner string, refusal Refusal) (may bool, others []Refusal) {
	if owner == "" {
		return false, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.made[owner], r.staying[owner]: // another resource of this configuration wants the same record
		return false, nil
	case r.knows(owner):
		return true, nil
	case r.blocked >= mostBlocked:
		if !r.applying {
			r.unread[owner] = refusal
		}
		return true, nil
	}
	r.blocked++
	defer func() { r.blocked-- }()
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	for r.hearsWithin(ctx, quiet) {
		if r.made[owner] || r.staying[owner] {
			break
		}
		if r.knows(owner) && (r.blocked > 1 || len(r.unread) == 0) {
			return true, nil
		}
	}
	if r.blocked == 1 {
		for _, owner := range slices.Sorted(maps.Keys(r.unread)) {
			if !r.read[owner] || r.staying[owner] {
				others = append(others, r.unread[owner])
			}
		}
		clear(r.unread)
	}
	// Terraform plans a tainted instance as if there were none: of it, nothing else
	// comes than that it was read.
	tainted := r.read[owner] && !r.applying
	return (r.knows(owner) || tainted) && !r.made[owner] && !r.staying[owner], others
}

// knows tells whether the owner is known, and forgets refusals that are settled. The
// caller holds the lock.
func (r *Registry) knows(owner string) bool {
	known := func(owner string) bool { return r.removing[owner] || r.going[owner] && !r.applying }
	maps.DeleteFunc(r.unread, func(owner string, _ Refusal) bool { return r.applying || known(owner) })
	return known(owner)
}
