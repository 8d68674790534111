package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// clientVariable has a client's order, as JSON.
const clientVariable = "VIRT_LAB_CLIENT"

// ErrKilled is what came of a client that was killed before it was done.
var ErrKilled = errors.New("killed")

// Client is what a test program does as another process, which a test kills in the midst of it. An order says what.
type Client[Order any] func(ctx context.Context, world *World, order Order) error

// Serve carries out the order of a process that KillAfter or KillOnce has started, and ends it. In any other process it
// does nothing. It is for TestMain, before [Main].
func (c Client[Order]) Serve() {
	document, given := os.LookupEnv(clientVariable)
	if !given {
		return
	}
	if err := c.carryOut(document); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (c Client[Order]) carryOut(document string) error {
	world, err := Current()
	if err != nil {
		return err
	}
	var order Order
	if err := json.Unmarshal([]byte(document), &order); err != nil {
		return fmt.Errorf("read %s: %w", clientVariable, err)
	}
	return c(context.Background(), world, order)
}

// KillAfter has another process carry out an order, and kills it (SIGKILL) after a time. The error is ErrKilled,
// unless it was done or had failed by then.
func (c Client[Order]) KillAfter(ctx context.Context, order Order, after time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	return c.order(ctx, order)
}

// KillOnce is KillAfter as soon as something holds, however long a busy machine takes to that.
func (c Client[Order]) KillOnce(ctx context.Context, order Order, holds func() bool) error {
	ctx, kill := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		defer kill()
		_ = poll(ctx, func() (bool, error) { return holds(), nil }) // it ends with the process, too
	})
	err := c.order(ctx, order)
	kill()
	watching.Wait()
	return err
}

// order has another process carry out an order, and kills it at the end of ctx.
func (c Client[Order]) order(ctx context.Context, order Order) error {
	document, err := json.Marshal(order)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), clientVariable+"="+string(document))
	printed, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ErrKilled
	}
	return fmt.Errorf("%w: %s", err, printed)
}
