package provider

import (
	"context"
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
	news     chan struct{} // closed at the next change of any of these
}

// removedRecord is a record that an instance of this run declared.
type removedRecord struct {
	owner  string
	policy policy.Policy
}

func newInstances() *instances {
	return &instances{
		known: map[string]bool{}, made: map[string]bool{}, removed: map[string]removedRecord{}, told: map[string]bool{},
		news: make(chan struct{}),
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
	quiet    = time.Second
	mostWait = 10 * time.Second
)

// knows tells whether a record's owner is an instance that this plan has read, or
// is one that an earlier run has planned to replace. It waits until the plan has
// nothing more to read.
func (i *instances) knows(ctx context.Context, owner string) bool {
	if owner == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	for {
		i.mu.Lock()
		made, known, news := i.made[owner], i.known[owner] || i.applying, i.news
		i.mu.Unlock()
		switch {
		case made: // another resource of this configuration wants the same record
			return false
		case known:
			return true
		}
		select {
		case <-news:
		case <-ctx.Done():
			return false
		case <-time.After(quiet):
			return false
		}
	}
}
