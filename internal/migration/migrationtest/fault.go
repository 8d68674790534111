package migrationtest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Fault decides about one call: an error is the answer instead of the call's
// own.
type Fault func(ctx context.Context) error

// Always fails every call.
func Always(err error) Fault {
	return func(context.Context) error { return err }
}

// Times fails the first n calls.
func Times(n int64, err error) Fault {
	var calls atomic.Int64
	return func(context.Context) error {
		if calls.Add(1) <= n {
			return err
		}
		return nil
	}
}

// Hang lets no call return before its context ends.
func Hang() Fault {
	return func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("%w: %w", migration.ErrUnreachable, context.Cause(ctx))
	}
}

// Do runs f when a call comes, and lets it go on.
func Do(f func()) Fault {
	return func(context.Context) error {
		f()
		return nil
	}
}

// Before puts a fault before a call, named like the method: the call has no
// effect when the fault answers. A nil fault takes it away.
func (h *Host) Before(call string, f Fault) { h.inject(h.before, call, f) }

// After puts a fault behind a call: the call has its effect, and then its answer
// is lost when the fault answers.
func (h *Host) After(call string, f Fault) { h.inject(h.after, call, f) }

func (h *Host) inject(where map[string]Fault, call string, f Fault) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if f == nil {
		delete(where, call)
		return
	}
	where[call] = f
}

// Cut makes the host unreachable for the client: calls in flight break and new
// ones fail at once.
func (h *Host) Cut() {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if h.cut == nil {
		h.cut = make(chan struct{})
	}
	if !h.isCut {
		h.isCut = true
		close(h.cut)
	}
}

// Mute makes the host accept calls and never answer; calls in flight hang.
func (h *Host) Mute() {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	h.isMute = true
}

// Restore undoes Cut and Mute. What hangs goes on hanging.
func (h *Host) Restore() {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	h.isCut, h.isMute, h.cut = false, false, nil
}

// Calls is how often a method was called.
func (h *Host) Calls(call string) int { return len(h.Called(call)) }

// Called is when a method was called, whether or not the host answered.
func (h *Host) Called(call string) []time.Time {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	return slices.Clone(h.calls[call])
}

// broken is closed when the host is cut off.
func (h *Host) broken() <-chan struct{} {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if h.cut == nil {
		h.cut = make(chan struct{})
	}
	return h.cut
}

// enter is the way of every call into the host.
func (h *Host) enter(ctx context.Context, call string) error {
	h.world.mu.Lock()
	if h.calls == nil {
		h.calls = map[string][]time.Time{}
	}
	h.calls[call] = append(h.calls[call], time.Now())
	cut, mute, fault := h.isCut, h.isMute, h.before[call]
	h.world.mu.Unlock()
	switch {
	case cut:
		return fmt.Errorf("%w: connection refused", migration.ErrUnreachable)
	case mute:
		return Hang()(ctx)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", migration.ErrUnreachable, ctx.Err())
	case fault != nil:
		return fault(ctx)
	}
	return nil
}

// leave is the way of every call out of the host.
func (h *Host) leave(ctx context.Context, call string, answer error) error {
	h.world.mu.Lock()
	fault := h.after[call]
	cut, mute := h.isCut, h.isMute
	h.world.mu.Unlock()
	switch {
	case cut:
		return fmt.Errorf("%w: connection reset", migration.ErrUnreachable)
	case mute:
		return Hang()(ctx)
	}
	if fault != nil {
		if err := fault(ctx); err != nil {
			return err
		}
	}
	return answer
}
