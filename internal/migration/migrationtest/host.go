package migrationtest

import (
	"context"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Host is one host: a migration.Source and a migration.Destination.
type Host struct {
	world *World
	name  string

	// Is is what the host says of itself. It may be changed before the host is used.
	Is migration.Identity
	// Has is its memory. It may be changed likewise.
	Has migration.Memory

	domains       map[string]*domain
	before, after map[string]Fault
	calls         map[string][]time.Time
	isCut, isMute bool
	cut           chan struct{}
}

var (
	_ migration.Source      = (*Host)(nil)
	_ migration.Destination = (*Host)(nil)
)

// Put makes the host hold a domain.
func (h *Host) Put(d migration.Domain) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	const qemuDowntime = 300
	h.domains[d.UUID] = &domain{Domain: d, maxDowntime: qemuDowntime}
}

// Held is what the host holds of a domain, whether or not it answers now.
func (h *Host) Held(uuid string) (migration.Domain, bool) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	d := h.domains[uuid]
	if d == nil {
		return migration.Domain{}, false
	}
	return d.Domain, true
}

// Downtime is the longest pause, in milliseconds, that is set for a domain; 0
// when the host does not hold it.
func (h *Host) Downtime(uuid string) uint64 {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil {
		return d.maxDowntime
	}
	return 0
}

// Autostarts tells when the host starts a domain by itself.
func (h *Host) Autostarts(uuid string) migration.Autostart {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil {
		return d.autostart
	}
	return migration.Autostart{}
}

// SetAutostarts sets that, as someone else on the host may.
func (h *Host) SetAutostarts(uuid string, a migration.Autostart) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	h.domains[uuid].autostart = a
}

// Checkpointed are the names of the checkpoints that the host keeps of a domain.
func (h *Host) Checkpointed(uuid string) []string {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	var names []string
	if d := h.domains[uuid]; d != nil {
		for _, c := range d.checkpoints {
			names = append(names, c.Name)
		}
	}
	return names
}

// PutCheckpoints makes the host keep checkpoints of a domain.
func (h *Host) PutCheckpoints(uuid string, names ...string) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	for _, name := range names {
		h.domains[uuid].checkpoints = append(h.domains[uuid].checkpoints, migration.Checkpoint{Name: name, XML: name})
	}
}

// SetState changes what a domain does, as someone else on the host may.
func (h *Host) SetState(uuid string, state migration.DomainState) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	h.domains[uuid].set(state, migration.ReasonUnknown)
}

// Pause pauses a domain that runs here for a reason of its own.
func (h *Host) Pause(uuid string, reason migration.Reason) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil && d.State == migration.StateRunning {
		d.set(migration.StatePaused, reason)
	}
}

// Kill ends a domain's QEMU, and with it any migration that needs it.
func (h *Host) Kill(uuid string) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	d := h.domains[uuid]
	if d == nil {
		return
	}
	var running *job
	for _, other := range h.world.hosts {
		if o := other.domains[uuid]; o != nil && o.job != nil {
			running = o.job
		}
	}
	if d.Persistent {
		d.set(migration.StateShutOff, migration.ReasonUnknown)
	} else {
		delete(h.domains, uuid)
	}
	if running != nil {
		running.fail(errKilled)
	}
}

// ShutDown is Kill with what libvirt knows of why.
func (h *Host) ShutDown(uuid string, reason migration.Reason) {
	h.Kill(uuid)
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil {
		d.Reason = reason
	}
}

// Undefine takes a domain that does not run from the host.
func (h *Host) Undefine(uuid string) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil && !d.Active() {
		delete(h.domains, uuid)
	}
}

// Start begins a peer-to-peer migration as someone else on the host may.
func (h *Host) Start(uuid string, destination *Host, p migration.Parameters) error {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	_, err := h.world.begin(uuid, h, destination, p, false)
	return err
}

// Abort ends a domain's job as someone else on the host may.
func (h *Host) Abort(uuid string) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil && d.job != nil {
		d.job.fail(migration.ErrAborted)
	}
}

// Name implements migration.Host.
func (h *Host) Name() string { return h.name }

// Identity implements migration.Host.
func (h *Host) Identity(ctx context.Context) (migration.Identity, error) {
	if err := h.enter(ctx, "Identity"); err != nil {
		return migration.Identity{}, err
	}
	return h.Is, h.leave(ctx, "Identity", nil)
}

// Domain implements migration.Host.
func (h *Host) Domain(ctx context.Context, uuid string) (migration.Domain, error) {
	return read(ctx, h, "Domain", uuid, func(d *domain) (migration.Domain, error) { return d.Domain, nil })
}

// Job implements migration.Host.
func (h *Host) Job(ctx context.Context, uuid string) (migration.Job, error) {
	return read(ctx, h, "Job", uuid, func(d *domain) (migration.Job, error) {
		switch {
		case !d.Active():
			return migration.Job{}, migration.ErrNotActive
		case d.occupied != nil:
			return d.occupied.reading(), nil
		case d.job == nil:
			return migration.Job{}, nil
		}
		return d.job.reading(), nil
	})
}

// DiskCopy implements migration.Source.
func (h *Host) DiskCopy(ctx context.Context, uuid, target string) (migration.DiskCopy, error) {
	return read(ctx, h, "DiskCopy", uuid, func(d *domain) (migration.DiskCopy, error) {
		if d.job == nil {
			return migration.DiskCopy{Target: target}, nil
		}
		return d.job.diskCopy(target), nil
	})
}

// CompletedJob implements migration.Host.
func (h *Host) CompletedJob(ctx context.Context, uuid string) (migration.Job, error) {
	return read(ctx, h, "CompletedJob", uuid, func(d *domain) (migration.Job, error) {
		if d.completed == nil {
			return migration.Job{}, nil
		}
		return *d.completed, nil
	})
}

// Resume implements migration.Host.
func (h *Host) Resume(ctx context.Context, uuid string) error {
	return h.change(ctx, "Resume", uuid, func(d *domain) error {
		if d.State != migration.StatePaused {
			return migration.ErrNotActive
		}
		d.set(migration.StateRunning, migration.ReasonUnknown)
		return nil
	})
}

// Autostart implements migration.Host.
func (h *Host) Autostart(ctx context.Context, uuid string) (migration.Autostart, error) {
	return read(ctx, h, "Autostart", uuid, func(d *domain) (migration.Autostart, error) { return d.autostart, nil })
}

// SetAutostart implements migration.Host.
func (h *Host) SetAutostart(ctx context.Context, uuid string, a migration.Autostart) error {
	return h.change(ctx, "SetAutostart", uuid, func(d *domain) error {
		switch {
		case d.busy():
			return migration.ErrBusy
		case !d.Persistent:
			return migration.ErrNotActive
		}
		d.autostart = a
		return nil
	})
}

// Checkpoints implements migration.Source.
func (h *Host) Checkpoints(ctx context.Context, uuid string) ([]migration.Checkpoint, error) {
	return read(ctx, h, "Checkpoints", uuid, func(d *domain) ([]migration.Checkpoint, error) {
		return slices.Clone(d.checkpoints), nil
	})
}

// RedefineCheckpoint implements migration.Destination.
func (h *Host) RedefineCheckpoint(ctx context.Context, uuid string, c migration.Checkpoint) error {
	return h.change(ctx, "RedefineCheckpoint", uuid, func(d *domain) error {
		if d.busy() {
			return migration.ErrBusy
		}
		d.checkpoints = append(d.checkpoints, c)
		return nil
	})
}

// MaxDowntime implements migration.Source.
func (h *Host) MaxDowntime(ctx context.Context, uuid string) (uint64, error) {
	return read(ctx, h, "MaxDowntime", uuid, func(d *domain) (uint64, error) { return d.maxDowntime, nil })
}

// SetMaxDowntime implements migration.Source.
func (h *Host) SetMaxDowntime(ctx context.Context, uuid string, milliseconds uint64) error {
	return h.change(ctx, "SetMaxDowntime", uuid, func(d *domain) error {
		d.maxDowntime = milliseconds
		return nil
	})
}

// SetMaxSpeed implements migration.Source.
func (h *Host) SetMaxSpeed(ctx context.Context, uuid string, mibPerSecond int64) error {
	return h.setSpeed(ctx, "SetMaxSpeed", uuid, func(s *Speed) { s.PreCopy = mibPerSecond })
}

// SetMaxPostCopySpeed implements migration.Source.
func (h *Host) SetMaxPostCopySpeed(ctx context.Context, uuid string, mibPerSecond int64) error {
	return h.setSpeed(ctx, "SetMaxPostCopySpeed", uuid, func(s *Speed) { s.PostCopy = mibPerSecond })
}

func (h *Host) setSpeed(ctx context.Context, call, uuid string, set func(*Speed)) error {
	return h.change(ctx, call, uuid, func(d *domain) error {
		if d.job == nil {
			return migration.ErrNotActive
		}
		set(&d.speed)
		return nil
	})
}

// Speed is what a migration was limited to in its course, in MiB/s.
type Speed struct{ PreCopy, PostCopy int64 }

// Speed is what a migration of the domain was last limited to.
func (h *Host) Speed(uuid string) Speed {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if d := h.domains[uuid]; d != nil {
		return d.speed
	}
	return Speed{}
}

// SetCompressionCache implements migration.Source.
func (h *Host) SetCompressionCache(ctx context.Context, uuid string, bytes uint64) error {
	return h.change(ctx, "SetCompressionCache", uuid, func(d *domain) error {
		if d.job == nil {
			return migration.ErrNotActive
		}
		d.job.cache = bytes
		return nil
	})
}

// Memory implements migration.Source.
func (h *Host) Memory(ctx context.Context) (migration.Memory, error) {
	if err := h.enter(ctx, "Memory"); err != nil {
		return migration.Memory{}, err
	}
	return h.Has, h.leave(ctx, "Memory", nil)
}

// read makes a call that asks about a domain.
func read[T any](ctx context.Context, h *Host, call, uuid string, f func(*domain) (T, error)) (T, error) {
	var answer T
	err := h.change(ctx, call, uuid, func(d *domain) (err error) {
		answer, err = f(d)
		return err
	})
	return answer, err
}

// change makes a call that does something about a domain.
func (h *Host) change(ctx context.Context, call, uuid string, f func(*domain) error) error {
	if err := h.enter(ctx, call); err != nil {
		return err
	}
	if err := h.unlocked(ctx, call, uuid); err != nil {
		return err
	}
	h.world.mu.Lock()
	d := h.domains[uuid]
	err := migration.ErrNoDomain
	if d != nil {
		err = f(d)
	}
	h.world.mu.Unlock()
	return h.leave(ctx, call, err)
}
