package migrationtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Part makes both hosts hold their part of a VM whose post-copy has lost its link.
func (w *World) Part(d migration.Domain, source, destination *Host) {
	d.State, d.Reason = migration.StatePostCopyFailed, migration.ReasonUnknown
	source.Put(d)
	there := d
	there.Persistent = false
	destination.Put(there)
}

// errUnbroken is libvirt's answer to a recovery that there is nothing for.
var errUnbroken = fmt.Errorf("migration of domain is not in post-copy phase: %w", migration.ErrNotActive)

// waits tells whether a domain waits for the recovery of a post-copy that p asks for.
func (d *domain) waits(p migration.Parameters) error {
	switch {
	case d == nil:
		return migration.ErrNoDomain
	case !p.PostCopy():
		return errors.New("resuming failed post-copy migration requires post-copy to be enabled")
	case d.State != migration.StatePostCopyFailed:
		return errUnbroken
	}
	return nil
}

// rejoin goes on with a post-copy that has lost its link. The world is locked.
func (w *World) rejoin(uuid string, source, destination *Host, p migration.Parameters, direct bool) (*job, error) {
	here, there := source.domains[uuid], destination.domains[uuid]
	if err := errors.Join(here.waits(p), there.waits(p)); err != nil {
		return nil, err
	}
	if w.script.Unconnected != nil {
		return nil, w.script.Unconnected
	}
	w.sent = &p
	j := &job{
		world: w, script: w.script, uuid: uuid, source: source, destination: destination, parameters: p,
		direct: direct, postCopy: true, start: time.Now(), connected: make(chan struct{}), done: make(chan struct{}),
	}
	close(j.connected)
	here.job, there.ranBefore = j, true
	here.set(migration.StatePostCopySource, migration.ReasonUnknown)
	there.set(migration.StatePostCopy, migration.ReasonUnknown)
	switch {
	case direct:
		j.fetchInFinish()
	case w.script.PostCopyErr != nil:
		j.endIn(w.script.PostCopyTakes, j.postCopyFails)
	default:
		j.endIn(w.script.PostCopyTakes, j.arrive)
	}
	return j, nil
}
