package migrationtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// PeerURI is how other hosts' libvirt reaches a host of the world.
func PeerURI(host string) string { return "qemu+tcp://" + host + "/system" }

// MigratePeerToPeer implements migration.Source.
func (h *Host) MigratePeerToPeer(ctx context.Context, uuid, peerURI string, p migration.Parameters) error {
	const call = "MigratePeerToPeer"
	broken := h.broken()
	if err := h.enter(ctx, call); err != nil {
		return err
	}
	peer := h.world.Host(strings.TrimSuffix(strings.TrimPrefix(peerURI, "qemu+tcp://"), "/system"))
	if peer == nil {
		return errors.New("no route to host")
	}
	if p.Definition {
		return h.leave(ctx, call, h.world.moveDefinition(uuid, h, peer, p))
	}
	j, err := h.take(ctx, broken, uuid, peer, p, false)
	if err != nil {
		return err
	}
	return h.leave(ctx, call, j.wait(ctx, broken))
}

// wait is a call that lasts as long as the job.
func (j *job) wait(ctx context.Context, broken <-chan struct{}) error {
	select {
	case <-j.done:
		return j.err
	case <-broken:
		return fmt.Errorf("%w: connection reset", migration.ErrUnreachable)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", migration.ErrUnreachable, ctx.Err())
	}
}

// AbortJob implements migration.Source.
func (h *Host) AbortJob(ctx context.Context, uuid string) error {
	return h.change(ctx, "AbortJob", uuid, func(d *domain) error {
		j := d.job
		switch {
		case d.occupied != nil:
			d.occupied.stop(true)
		case j == nil || j.postCopy:
			return migration.ErrNotActive
		case !j.aborted && !j.script.MutePeer:
			j.aborted = true
			j.endIn(j.script.AbortTakes, func() { j.fail(migration.ErrAborted) })
		}
		return nil
	})
}

// StartPostCopy implements migration.Source.
func (h *Host) StartPostCopy(ctx context.Context, uuid string) error {
	return h.change(ctx, "StartPostCopy", uuid, func(d *domain) error {
		j := d.job
		if j == nil || j.postCopy || !j.parameters.PostCopy() {
			return migration.ErrNotActive
		}
		j.postCopy = true
		d.set(migration.StatePostCopySource, migration.ReasonUnknown)
		if there := j.destination.domains[uuid]; there != nil {
			there.State = migration.StatePostCopy
		}
		switch {
		case j.direct:
			j.fetchInFinish()
		case j.script.PostCopyErr != nil:
			j.endIn(j.script.PostCopyTakes, j.postCopyFails)
		default:
			j.endIn(j.script.PostCopyTakes, j.arrive)
		}
		return nil
	})
}

// fetchInFinish is post-copy of a direct migration: Perform returns, and Finish
// lasts until it has ended.
func (j *job) fetchInFinish() {
	there := j.destination.domains[j.uuid]
	if there == nil {
		return
	}
	there.fetched = make(chan struct{})
	time.AfterFunc(j.script.PostCopyTakes, func() {
		j.world.mu.Lock()
		defer j.world.mu.Unlock()
		there.State = migration.StateRunning
		if j.script.PostCopyErr != nil {
			there.State = migration.StatePostCopyFailed
			if here := j.source.domains[j.uuid]; here != nil {
				here.State = migration.StatePostCopyFailed
			}
		}
		there.Persistent = j.parameters.Persistent
		close(there.fetched)
	})
	j.finish(nil)
}

// fetching is the domain that a direct migration's post-copy brings here; nil
// when there is none. The world is locked.
func (h *Host) fetching(name string) *domain {
	for _, d := range h.domains {
		if d.Name == name && d.fetched != nil {
			return d
		}
	}
	return nil
}

func (d *domain) failure() error {
	if d.State == migration.StatePostCopyFailed {
		return errKilled
	}
	return nil
}

// Suspend implements migration.Source.
func (h *Host) Suspend(ctx context.Context, uuid string) error {
	return h.change(ctx, "Suspend", uuid, func(d *domain) error {
		switch {
		case d.State == migration.StatePaused:
			return nil // libvirt takes it for done
		case d.State != migration.StateRunning:
			return migration.ErrNotActive
		case d.job == nil:
			d.set(migration.StatePaused, migration.ReasonUser)
			return nil
		}
		d.set(migration.StatePaused, migration.ReasonMigration)
		if j := d.job; j.script.PausedTakes > 0 {
			j.endIn(j.script.PausedTakes, j.sentAll)
		}
		return nil
	})
}

// Cookies of the five steps.
const (
	cookieBegin, cookiePrepare, cookiePerform, cookieFinish = "begin", "prepare", "perform", "finish"
)

// errCookie is a chain of cookies that was not kept.
var errCookie = errors.New("internal error: the cookie is not the one of the step before")

// Begin implements migration.Source.
func (h *Host) Begin(ctx context.Context, uuid string, p migration.Parameters) (xml string, cookie []byte, err error) {
	xml, err = read(ctx, h, "Begin", uuid, func(d *domain) (string, error) {
		switch {
		case p.Recover && !p.Protected:
			return "", errors.New("resuming failed post-copy migration requires change protection")
		case p.Recover:
			return uuid, d.waits(p)
		case d.Active() == p.Definition:
			return "", migration.ErrNotActive
		case d.job != nil:
			return "", migration.ErrBusy
		}
		d.protected = p.Protected
		return uuid, nil
	})
	return xml, []byte(cookieBegin), err
}

// Prepare implements migration.Destination.
func (h *Host) Prepare(
	ctx context.Context, xml string, cookie []byte, p migration.Parameters,
) (migrationURI string, out []byte, err error) {
	const call = "Prepare"
	if err := h.enter(ctx, call); err != nil {
		return "", nil, err
	}
	if string(cookie) != cookieBegin {
		return "", nil, errCookie
	}
	h.world.mu.Lock()
	if p.Recover {
		err = h.domains[xml].waits(p)
	}
	for _, other := range h.world.hosts {
		if d := other.domains[xml]; d != nil && other != h && !p.Definition && !p.Recover {
			j := job{uuid: xml, destination: h}
			j.receive(d.Domain)
		}
	}
	h.world.mu.Unlock()
	return "tcp://" + h.name, []byte(cookiePrepare), h.leave(ctx, call, err)
}

// Perform implements migration.Source.
func (h *Host) Perform(
	ctx context.Context, uuid, migrationURI string, cookie []byte, p migration.Parameters,
) (out []byte, err error) {
	const call = "Perform"
	broken := h.broken()
	if err := h.enter(ctx, call); err != nil {
		return nil, err
	}
	if string(cookie) != cookiePrepare {
		return nil, errCookie
	}
	j, err := h.take(ctx, broken, uuid, h.world.hosts[strings.TrimPrefix(migrationURI, "tcp://")], p, true)
	if err != nil {
		return nil, err
	}
	answer := j.wait(ctx, broken)
	if errors.Is(answer, migration.ErrUnreachable) {
		h.world.mu.Lock()
		if !j.aborted {
			j.endIn(2*time.Second, func() { j.fail(migration.ErrAborted) }) // libvirt ends a direct job with its client
		}
		h.world.mu.Unlock()
	}
	return []byte(cookiePerform), h.leave(ctx, call, answer)
}

// Finish implements migration.Destination.
func (h *Host) Finish(
	ctx context.Context, name string, cookie []byte, p migration.Parameters, cancelled bool,
) (out []byte, err error) {
	const call = "Finish"
	if err := h.enter(ctx, call); err != nil {
		return nil, err
	}
	h.world.mu.Lock()
	err = h.finish(name, cookie, p, cancelled)
	fetching := h.fetching(name)
	h.world.mu.Unlock()
	if fetching != nil {
		select {
		case <-fetching.fetched:
			err = fetching.failure()
		case <-ctx.Done():
			err = fmt.Errorf("%w: %w", migration.ErrUnreachable, ctx.Err())
		}
	}
	return []byte(cookieFinish), h.leave(ctx, call, err)
}

func (h *Host) finish(name string, cookie []byte, p migration.Parameters, cancelled bool) error {
	if p.Definition && !cancelled {
		return h.define(name, cookie)
	}
	for uuid, d := range h.domains {
		switch {
		case d.Name != name || d.State != migration.StateIncoming:
			continue
		case cancelled:
			delete(h.domains, uuid)
			return nil
		case string(cookie) != cookiePerform:
			return errCookie
		}
		j := job{uuid: uuid, destination: h, parameters: p, script: h.world.script}
		completed := j.script.reading(j.script.lasts())
		completed.Type, completed.Operation = migration.JobCompleted, migration.OperationMigrationIn
		completed.Downtime = j.script.Downtime
		j.startHere(completed)
		return nil
	}
	return migration.ErrNoDomain
}

// Confirm implements migration.Source.
func (h *Host) Confirm(ctx context.Context, uuid string, cookie []byte, p migration.Parameters, cancelled bool) error {
	return h.change(ctx, "Confirm", uuid, func(d *domain) error {
		switch {
		case cancelled && cookie != nil:
			return errCookie
		case p.Definition && !d.protected:
			return migration.ErrNotActive
		case p.Definition && cancelled:
			d.protected = false
			return nil
		case cancelled:
			if d.State == migration.StatePaused && d.ranBefore {
				d.set(migration.StateRunning, migration.ReasonUnknown)
			}
			return nil
		case cookie != nil && string(cookie) != cookieFinish:
			return errCookie
		}
		j := job{uuid: uuid, source: h, parameters: p, script: h.world.script}
		j.leave()
		return nil
	})
}
