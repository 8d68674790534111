package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

const (
	// mostLapses is how often a VM's destination is chosen anew because the last choice did not hold: over a time in which
	// a lease of a run that was killed expires.
	mostLapses = 6
	// lapsePause is the mean pause before the second choice; the next ones are longer.
	lapsePause = time.Second
)

// LapsedChoiceError is a move that was not started: until it had its places, something had come between the VM and the
// host that was chosen for it.
type LapsedChoiceError struct {
	// Location is where the VM was found before.
	Location Location
	Host     string
	Why      placement.Reason
}

func (e *LapsedChoiceError) Error() string {
	return fmt.Sprintf("VM %s cannot go to %s any more: %s", e.Location.Domain.Name, e.Host, e.Why.About())
}

// movedOn tells whether a move of an evacuation finds its VM on another host than the one that it is to take it from:
// somebody else has moved it, and it stays there.
func (m Move) movedOn(l Location) bool {
	return m.Evacuation != "" && l.Host != m.Last && l.Host != m.Destination
}

// asMoved is the error of a move of an evacuation: one whose VM was found shut off, and left there, has not moved it.
func asMoved(to string, moved Moved, err error) error {
	if err == nil && moved.LeftShutOff {
		return &LapsedChoiceError{Location: moved.Location, Host: to, Why: placement.Off{}}
	}
	return err
}

// progress tells that another host is looked for.
func (e *LapsedChoiceError) progress() Progress {
	p := Progress{Lapsed: e.Why}
	p.Subject = e.Location.subject(e.Host)
	return p
}

// pauseAfter is how long to wait before another choice: never the same, so that two runs which have found each other in
// the way do not do so again.
func pauseAfter(lapses int) time.Duration {
	return time.Duration(lapses) * (lapsePause/2 + rand.N(lapsePause))
}

// pausedAfter is the error of a move. Where what was chosen for it did not hold, some time passes before another
// choice.
func pausedAfter(ctx context.Context, err error) error {
	var lapsed *LapsedChoiceError
	if errors.As(err, &lapsed) {
		_ = wait(ctx, pauseAfter(1)) // whoever asks next sees the end of ctx
	}
	return err
}

// reconsider looks again at what may have come between a VM and the host that was chosen for it, now that its move has
// a place there: whoever leases one later counts this VM, so of two runs that have chosen one room the later sees
// both. Where the choice does not hold, nothing is promised to the VM any more. The error is a *LapsedChoiceError or
// the context's.
func (f *Fleet) reconsider(ctx context.Context, destination string, l Location) error {
	if !l.Domain.Active() || l.FetchesFrom != "" || slices.Contains(l.Receiving, destination) {
		return nil // it takes no memory, or has it there already
	}
	release, err := f.promises.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	w := f.gatherAt(ctx, destination, f.promises.toOthers(l.Domain.UUID))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if why := placement.Lapsed(w, f.chooser(ctx, l, w), destination); why != nil {
		f.promises.retract(l.Domain.UUID)
		return &LapsedChoiceError{Location: l, Host: destination, Why: why}
	}
	return nil
}

// gatherAt asks for what may have come between VMs and one host: that host for what it has, and the others for their
// VMs, of which some are on their way to it.
func (f *Fleet) gatherAt(ctx context.Context, name string, promised map[string]promise) placement.World {
	return f.shunned.mark(worldOf(each(f.hosts, func(h *host.Host) saying {
		if h.Name() == name {
			return f.listen(ctx, h, hearRoom)
		}
		return f.listen(ctx, h, hearVMs)
	}), promised))
}
