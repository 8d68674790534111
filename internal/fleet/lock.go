package fleet

import (
	"context"
	"sync"
)

// recordLocks lets one at a time change a record. A change makes several calls to a
// host, so waiting for the lock ends with the context.
type recordLocks struct {
	mu   sync.Mutex
	held map[string]chan struct{} // by key; a lock that is held has one element
}

func newRecordLocks() *recordLocks { return &recordLocks{held: map[string]chan struct{}{}} }

// acquire waits until nobody else holds the key's lock; release lets the next
// one have it. The error is the context's.
func (l *recordLocks) acquire(ctx context.Context, key string) (release func(), err error) {
	l.mu.Lock()
	lock := l.held[key]
	if lock == nil {
		lock = make(chan struct{}, 1)
		l.held[key] = lock
	}
	l.mu.Unlock()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
