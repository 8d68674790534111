package migration

import (
	"context"
	"errors"
	"time"
)

// ask makes one call with a deadline of its own.
func ask[T any](ctx context.Context, deadline time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return call(ctx)
}

// order makes one call that answers nothing, with a deadline of its own.
func order(ctx context.Context, deadline time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return call(ctx)
}

// Lost tells whether a call's effect is not known: the host was not reached or
// did not answer.
func Lost(err error) bool {
	return errors.Is(err, ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
