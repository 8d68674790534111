package migration

import (
	"context"
	"errors"
	"sync"
	"time"
)

// belongings are what a host keeps of a domain beside its definition, and libvirt does
// not carry to another one. While a migration runs no host takes them, so they are read
// before and restored once the VM has arrived.
type belongings struct {
	autostart   *autostart
	checkpoints checkpoints
}

// readBelongings asks the source, before the migration or while it runs.
func (r Request) readBelongings(ctx context.Context, d Domain) belongings {
	var b belongings
	var both sync.WaitGroup
	both.Go(func() { b.autostart = r.readAutostart(ctx, d) })
	both.Go(func() { b.checkpoints = r.readCheckpoints(ctx) })
	both.Wait()
	return b
}

// carry restores them on the destination, which has the VM now, and warns of what is
// lost.
func (b belongings) carry(ctx context.Context) []Warning {
	return lost(b.autostart.carry(ctx), b.checkpoints.carry(ctx))
}

// left is what is lost where the VM was not seen on either host.
func (b belongings) left() []Warning { return lost(b.autostart.left(), b.checkpoints.left()) }

func lost(a *LostAutostart, c *LostCheckpoints) []Warning {
	var all []Warning
	if a != nil {
		all = append(all, Warning{Kind: WarningAutostart, Autostart: a})
	}
	if c != nil {
		all = append(all, Warning{Kind: WarningCheckpoints, Checkpoints: c})
	}
	return all
}

// restore makes a call to a host that has the VM now, and waits for a moment while
// libvirt there still ends the job of the migration.
func restore(ctx context.Context, call func(context.Context) error) error {
	for deadline := time.Now().Add(leftoverPatience); ; {
		err := order(ctx, callDeadline, call)
		if !errors.Is(err, ErrBusy) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(verifyInterval) // ctx is never cancelled (move.own): deadline ends this
	}
}
