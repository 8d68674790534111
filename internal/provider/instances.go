package provider

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// instances is what one run of the provider knows of the resource instances that
// declare records, each by its owner's token. Terraform orders neither the reading
// of a former address before the planning of the new one, nor the removal of the
// one before the creation of the other.
type instances struct {
	mu sync.Mutex
	// known are the owners that this run has read or removed.
	known map[string]bool
	// made are the owners that this run has made.
	made map[string]bool
	// removed are the records that this run removes, by what they are of.
	removed map[string]removedRecord
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
	policy policy.Policy
}

func newInstances() *instances {
	return &instances{
		known: map[string]bool{}, made: map[string]bool{}, removed: map[string]removedRecord{}, told: map[string]bool{},
		unread: map[string]refusal{},
		news:   make(chan struct{}),
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
func (i *instances) reads(owner string) { i.change(func() { i.known[owner] = true }) }

// makes notes that an instance declares, as part of an apply.
func (i *instances) makes(owner string) {
	i.change(func() { i.made[owner], i.applying = true, true })
}

// removes notes that an instance removes its record of something.
func (i *instances) removes(of, owner string, p policy.Policy) {
	i.change(func() {
		i.known[owner], i.applying = true, true
		i.removed[of] = removedRecord{owner, p}
	})
}

// madeHere tells whether the owner was made by this apply.
func (i *instances) madeHere(owner string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.made[owner]
}

// removedFrom is the owner whose record of something this apply removes, when it
// says something else than the policy; else empty.
func (i *instances) removedFrom(of string, p policy.Policy) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r, ok := i.removed[of]; ok && !r.policy.Equal(p) {
		return r.owner
	}
	return ""
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

// mayReplace tells whether a record's owner is an instance that this plan has read,
// or one that an earlier run has planned to replace. It waits until the plan has
// nothing more to read. Where enough others wait, it does not, and takes the owner
// for one that will be read; the last one that waits then gets the refusals of those
// that were not.
func (i *instances) mayReplace(ctx context.Context, owner string, r refusal) (may bool, others []refusal) {
	if owner == "" {
		return false, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.made[owner]: // another resource of this configuration wants the same record
		return false, nil
	case i.knows(owner):
		return true, nil
	case i.blocked >= mostBlocked:
		i.unread[owner] = r
		return true, nil
	}
	i.blocked++
	defer func() { i.blocked-- }()
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	for i.hears(ctx) {
		if i.made[owner] {
			break
		}
		if i.knows(owner) && (i.blocked > 1 || len(i.unread) == 0) {
			return true, nil
		}
	}
	if i.blocked == 1 {
		for _, owner := range slices.Sorted(maps.Keys(i.unread)) {
			others = append(others, i.unread[owner])
		}
		clear(i.unread)
	}
	return i.knows(owner) && !i.made[owner], others
}

// knows tells whether the owner is known, to one that holds the lock, and forgets
// refusals that are settled by now.
func (i *instances) knows(owner string) bool {
	maps.DeleteFunc(i.unread, func(owner string, _ refusal) bool { return i.known[owner] || i.applying })
	return i.known[owner] || i.applying
}

// hears waits, without the lock, for news; false when there are none any more.
func (i *instances) hears(ctx context.Context) bool {
	news := i.news
	i.mu.Unlock()
	defer i.mu.Lock()
	select {
	case <-news:
		return true
	case <-ctx.Done():
		return false
	case <-time.After(quiet):
		return false
	}
}
