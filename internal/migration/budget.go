package migration

import "context"

// Budget is what the links of a migration may carry, of which it has a share that changes as others
// come and go. Shares are in MiB/s.
type Budget interface {
	// Join counts the migration in before it starts, and returns the share to start with, at least 1
	// for each of the disks that it copies: as long as it does, nothing can be changed of it. It may
	// wait a moment for others to give way.
	Join(ctx context.Context, disks int) int64
	// Share is the share of now, and what is closed when that changes.
	Share() (share int64, changed <-chan struct{})
	// Inform tells what the migration is held to.
	Inform(h Hold)
}

// Hold is what a migration is held to.
type Hold struct {
	// Limit is the most that libvirt may hold it to, in MiB/s; 0 where that is not known.
	Limit int64
	// Fixed is true while libvirt takes no other limit.
	Fixed bool
	// PostCopy is true once the policy's limit for post-copy is the one that counts.
	PostCopy bool
	// Sends is what it sends, where that is more than Limit: pages that the guest waits for in post-copy
	// are sent regardless.
	Sends int64
}

// join counts the migration in, where it has a budget.
func (m *move) join(ctx context.Context) {
	if m.Budget != nil {
		m.Share = m.Budget.Join(ctx, len(m.Storage.Targets()))
	}
}
