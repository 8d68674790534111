package migrationtest

import (
	"context"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// lockWait is how long libvirt lets a call wait for another operation's job.
const lockWait = 30 * time.Second

// Occupation is a job of somebody else that is no migration, for example a dump.
// A migration that is asked for meanwhile waits for its end, whether or not its
// caller does.
type Occupation struct {
	host    *Host
	domain  *domain
	start   time.Time
	ended   chan struct{}
	aborted bool
}

// Occupy begins such a job on a domain that has none; nil when it has one.
func (h *Host) Occupy(uuid string) *Occupation {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	d := h.domains[uuid]
	if d == nil || !d.Active() || d.job != nil || d.occupied != nil {
		return nil
	}
	d.occupied = &Occupation{host: h, domain: d, start: time.Now(), ended: make(chan struct{})}
	return d.occupied
}

// End ends the job, if there is one.
func (o *Occupation) End() {
	if o == nil {
		return
	}
	o.host.world.mu.Lock()
	defer o.host.world.mu.Unlock()
	o.stop(false)
}

// Aborted tells whether an order to abort a job has hit this one.
func (o *Occupation) Aborted() bool {
	if o == nil {
		return false
	}
	o.host.world.mu.Lock()
	defer o.host.world.mu.Unlock()
	return o.aborted
}

// stop ends the job unless it has ended. The world is locked.
func (o *Occupation) stop(aborted bool) {
	if o.domain.occupied != o {
		return
	}
	o.aborted = aborted
	o.domain.occupied = nil
	close(o.ended)
}

// reading is what the job says; a dump has memory figures, too.
func (o *Occupation) reading() migration.Job {
	return migration.Job{
		Type: migration.JobRunning, Operation: migration.OperationOther, Elapsed: time.Since(o.start),
		MemoryTotal: GiB, MemoryProcessed: MiB, MemoryRemaining: GiB - MiB,
	}
}

// take begins a migration once no other operation holds the domain, as a call
// that may be given up meanwhile: libvirt goes on with it.
func (h *Host) take(
	ctx context.Context, broken <-chan struct{}, uuid string, destination *Host, p migration.Parameters, direct bool,
) (*job, error) {
	h.world.mu.Lock()
	var o *Occupation
	if d := h.domains[uuid]; d != nil {
		o = d.occupied
	}
	if o == nil {
		defer h.world.mu.Unlock()
		if p.Recover {
			return h.world.rejoin(uuid, h, destination, p, direct)
		}
		return h.world.begin(uuid, h, destination, p, direct)
	}
	h.world.mu.Unlock()
	type taken struct {
		job *job
		err error
	}
	result := make(chan taken, 1)
	go func() {
		select {
		case <-o.ended:
			h.world.mu.Lock()
			defer h.world.mu.Unlock()
			j, err := h.world.begin(uuid, h, destination, p, direct)
			result <- taken{j, err}
		case <-time.After(lockWait):
			result <- taken{nil, fmt.Errorf("cannot acquire state change lock: %w", migration.ErrBusy)}
		}
	}()
	select {
	case t := <-result:
		return t.job, t.err
	case <-broken:
		return nil, fmt.Errorf("%w: connection reset", migration.ErrUnreachable)
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", migration.ErrUnreachable, ctx.Err())
	}
}

// JobHeld implements migration.Source.
func (h *Host) JobHeld(ctx context.Context, uuid string) (bool, error) {
	return read(ctx, h, callJobHeld, uuid, func(d *domain) (bool, error) { return d.connecting(), nil })
}

const callJobHeld = "JobHeld"

// connecting tells whether a migration holds the domain's job to connect. The world is
// locked.
func (d *domain) connecting() bool {
	if d.job == nil {
		return false
	}
	select {
	case <-d.job.connected:
		return false
	default:
		return true
	}
}

// unlocked waits until a call that needs a domain's job may have it, for as long as
// libvirt lets it wait.
func (h *Host) unlocked(ctx context.Context, call, uuid string) error {
	if call == "Domain" || call == "CompletedJob" || call == callJobHeld {
		return nil
	}
	h.world.mu.Lock()
	d := h.domains[uuid]
	if d == nil || !d.connecting() {
		h.world.mu.Unlock()
		return nil
	}
	connected := d.job.connected
	h.world.mu.Unlock()
	select {
	case <-connected:
		return nil
	case <-time.After(lockWait):
		return fmt.Errorf("cannot acquire state change lock: %w", migration.ErrBusy)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", migration.ErrUnreachable, ctx.Err())
	}
}
