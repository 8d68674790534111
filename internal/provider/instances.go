package provider

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// instances is what one run of the provider knows of the resource instances that
// declare records, each by its owner's token. Terraform orders neither the reading
// of a former address before the planning of the new one, nor the removal of the
// one before the creation of the other.
type instances struct {
	mu sync.Mutex
	// read are the owners whose instances this run has read. Of these, going are
	// those that it plans to destroy, and staying those that it plans to keep.
	read, going, staying map[string]bool
	// made are the owners that this run has made.
	made map[string]bool
	// removing are the owners whose records this run removes, or has removed.
	removing map[string]bool
	// removed are these records, by what they are of; while one is being removed it
	// is there without copies.
	removed map[string]*removedRecord
	// told are the things that were told in this run.
	told map[string]bool
	// applying is true once this run has begun to change anything: it applies what
	// an earlier one has planned.
	applying bool
	// blocked is how many plannings wait to know an owner, and unread what is to be
	// said of the owners that others did not wait for.
	blocked int
	unread  map[string]refusal
	news    chan struct{} // closed at the next change of any of these
}

// removedRecord is a record that an instance of this run declared.
type removedRecord struct {
	owner  string
	copies []fleet.Copy
	done   bool
}

func newInstances() *instances {
	return &instances{
		read: map[string]bool{}, going: map[string]bool{}, staying: map[string]bool{}, made: map[string]bool{}, removing: map[string]bool{}, removed: map[string]*removedRecord{},
		told: map[string]bool{}, unread: map[string]refusal{}, news: make(chan struct{}),
	}
}

// change notes something and wakes those that wait for it.
func (i *instances) change(note func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	note()
	close(i.news)
	i.news = make(chan struct{})
}

// reads notes that an instance is read.
func (i *instances) reads(owner string) { i.change(func() { i.read[owner] = true }) }

// destroys notes that an instance is planned to be destroyed, and keeps that it is
// not.
func (i *instances) destroys(owner string) { i.change(func() { i.going[owner] = true }) }
func (i *instances) keeps(owner string)    { i.change(func() { i.staying[owner] = true }) }

// makes notes that an instance declares, as part of an apply.
func (i *instances) makes(owner string) {
	i.change(func() { i.made[owner], i.applying = true, true })
}

// removes notes that an instance removes its record of something; done takes the
// copies that there were, once that has ended.
func (i *instances) removes(of, owner string) (done func([]fleet.Copy)) {
	record := &removedRecord{owner: owner}
	i.change(func() {
		i.removing[owner], i.applying = true, true
		i.removed[of] = record
	})
	return func(copies []fleet.Copy) {
		i.change(func() { record.copies, record.done = copies, true })
	}
}

// madeHere tells whether the owner was made by this apply.
func (i *instances) madeHere(owner string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.made[owner]
}

// removedFrom is the owner whose record of something this apply has removed, when
// it said something else than is declared; else empty. It waits for a removal that is
// under way.
func (i *instances) removedFrom(ctx context.Context, of string, d fleet.Declaration) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	record := i.removed[of]
	if record == nil {
		return ""
	}
	for !record.done && i.hears(ctx, mostWait) {
	}
	if len(d.Differing(record.copies)) == 0 {
		return ""
	}
	return record.owner
}

// first tells once whether something has not been told in this run.
func (i *instances) first(thing string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	told := i.told[thing]
	i.told[thing] = true
	return !told
}

const (
	// quiet is how long nothing must have been read until the reading is taken to
	// be over, and mostWait how long it is waited for in all.
	quiet    = 2 * time.Second
	mostWait = 30 * time.Second
	// mostBlocked is how many plannings of resources wait at a time: half of what
	// Terraform does at a time by default, so that what they wait for can happen.
	mostBlocked = 5
)

// refusal is what is to be said of a record that may not be replaced.
type refusal struct{ summary, detail string }

// mayReplace tells whether a record's owner is an instance that this plan destroys, or
// one whose record this apply removes. It waits until nothing more happens. Where
// enough others wait, it does not, and takes the owner for a known one: in a plan, the
// last one that waits then gets the refusals of those that were not read; in an apply,
// Terraform refuses an owner that was not planned.
func (i *instances) mayReplace(ctx context.Context, owner string, r refusal) (may bool, others []refusal) {
	if owner == "" {
		return false, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.made[owner], i.staying[owner]: // another resource of this configuration wants the same record
		return false, nil
	case i.knows(owner):
		return true, nil
	case i.blocked >= mostBlocked:
		if !i.applying {
			i.unread[owner] = r
		}
		return true, nil
	}
	i.blocked++
	defer func() { i.blocked-- }()
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	for i.hears(ctx, quiet) {
		if i.made[owner] || i.staying[owner] {
			break
		}
		if i.knows(owner) && (i.blocked > 1 || len(i.unread) == 0) {
			return true, nil
		}
	}
	if i.blocked == 1 {
		for _, owner := range slices.Sorted(maps.Keys(i.unread)) {
			if !i.read[owner] || i.staying[owner] {
				others = append(others, i.unread[owner])
			}
		}
		clear(i.unread)
	}
	// Terraform plans a tainted instance as if there were none: of it, nothing else
	// comes than that it was read.
	tainted := i.read[owner] && !i.applying
	return (i.knows(owner) || tainted) && !i.made[owner] && !i.staying[owner], others
}

// knows tells whether the owner is known, to one that holds the lock, and forgets
// refusals that are settled by now.
func (i *instances) knows(owner string) bool {
	known := func(owner string) bool { return i.removing[owner] || i.going[owner] && !i.applying }
	maps.DeleteFunc(i.unread, func(owner string, _ refusal) bool { return i.applying || known(owner) })
	return known(owner)
}

// hears waits, without the lock, for news; false when there are none for so long.
func (i *instances) hears(ctx context.Context, limit time.Duration) bool {
	news := i.news
	i.mu.Unlock()
	defer i.mu.Lock()
	select {
	case <-news:
		return true
	case <-ctx.Done():
		return false
	case <-time.After(limit):
		return false
	}
}
