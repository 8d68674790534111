package instance

import (
	"context"
	"sync"
	"time"
)

// board is where the calls of one run tell each other something, under a lock. Those that wait are
// woken by each change.
type board struct {
	mu   sync.Mutex
	news chan struct{} // closed at the next change
}

func newBoard() board { return board{news: make(chan struct{})} }

// tell wakes those that wait. The caller holds the lock.
func (b *board) tell() {
	close(b.news)
	b.news = make(chan struct{})
}

// hears waits for news, and gives the lock up meanwhile; false when the context ends.
func (b *board) hears(ctx context.Context) bool {
	news := b.news
	b.mu.Unlock()
	defer b.mu.Lock()
	select {
	case <-news:
		return true
	case <-ctx.Done():
		return false
	}
}

// hearsWithin is hears with a limit of its own.
func (b *board) hearsWithin(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return b.hears(ctx)
}
