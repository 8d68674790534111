package migrationtest

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"

// Protected tells whether the job that Begin of a definition's move has begun is not over.
func (h *Host) Protected(uuid string) bool {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	d := h.domains[uuid]
	return d != nil && d.protected
}

// moveDefinition is a peer-to-peer migration of a domain that is shut off.
func (w *World) moveDefinition(uuid string, source, destination *Host, p migration.Parameters) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := source.domains[uuid]
	switch {
	case d == nil:
		return migration.ErrNoDomain
	case d.Active():
		return migration.ErrNotActive
	case w.script.Err != nil:
		return w.script.Err
	}
	w.sent = &p
	destination.keep(d.Domain)
	j := job{uuid: uuid, source: source, parameters: p, script: w.script}
	j.leave()
	return nil
}

// define is the end of a direct migration of a domain that is shut off. The world is locked.
func (h *Host) define(name string, cookie []byte) error {
	if cookie != nil {
		return errCookie // libvirt's own clients have none here
	}
	for _, other := range h.world.hosts {
		for _, d := range other.domains {
			if d.Name == name && other != h {
				h.keep(d.Domain)
				return nil
			}
		}
	}
	return migration.ErrNoDomain
}

// keep makes the host keep a definition. What it kept beside an older one stays.
func (h *Host) keep(d migration.Domain) {
	kept := &domain{Domain: d}
	kept.Persistent = true
	if before := h.domains[d.UUID]; before != nil {
		kept.autostart, kept.checkpoints = before.autostart, before.checkpoints
	}
	h.domains[d.UUID] = kept
}
