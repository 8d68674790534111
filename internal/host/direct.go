package host

import (
	"context"
	"encoding/xml"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// session names a work connection that must stay open between two steps of a
// migration that the client drives, because libvirt takes its end for the end of
// the client: from Perform to Confirm it would call the migration off, from
// Prepare to Finish it would destroy the incoming half.
type session struct {
	outgoing bool
	// domain is the UUID of an outgoing and the name of an incoming one.
	domain string
}

// Begin starts a migration that the client drives, on its source. Nothing has to
// be undone when it is not carried on. The error of Begin and of Perform matches
// migration.ErrBusy when another migration of the domain runs already.
func (h *Host) Begin(ctx context.Context, uuid string, p migration.Parameters) (domainXML string, cookie []byte, err error) {
	const op = "begin the migration"
	dom, err := handle(uuid)
	if err != nil {
		return "", nil, h.fail(op, err)
	}
	type begun struct {
		cookie []byte
		xml    string
	}
	b, err := invoke(ctx, h, h.deadlines.Step, patient, func(lv *libvirt.Libvirt) (begun, error) {
		cookie, xml, err := lv.DomainMigrateBegin3Params(dom, typedParameters(p), uint32(flags(p)))
		return begun{cookie, xml}, err
	})
	err = h.failChange(op, err)
	var e *Error
	if errors.As(err, &e) {
		h.explainBusy(ctx, e, uuid)
	}
	return b.xml, b.cookie, err
}

// Prepare makes the destination ready to receive.
func (h *Host) Prepare(ctx context.Context, domainXML string, cookie []byte, p migration.Parameters) (migrationURI string, out []byte, err error) {
	const op = "prepare for the migration"
	var definition struct {
		Name string `xml:"name"`
	}
	if err := xml.Unmarshal([]byte(domainXML), &definition); err != nil {
		return "", nil, h.fail(op, err)
	}
	params := typedParameters(p)
	params.text(libvirt.MigrateParamDestXML, domainXML)
	type prepared struct {
		cookie []byte
		uri    libvirt.OptString
	}
	r, err := step(ctx, h, op, session{false, definition.Name}, first, func(lv *libvirt.Libvirt) (prepared, error) {
		cookie, uri, err := lv.DomainMigratePrepare3Params(params, cookie, uint32(flags(p)))
		return prepared{cookie, uri}, err
	})
	if err != nil {
		return "", nil, err
	}
	if len(r.uri) > 0 {
		return r.uri[0], r.cookie, nil
	}
	return p.MigrationURI, r.cookie, nil
}

// Perform sends the guest's memory to where the destination said. The error
// matches migration.ErrMemoryUnreachable when that could not be connected to.
func (h *Host) Perform(ctx context.Context, uuid, migrationURI string, cookie []byte, p migration.Parameters) ([]byte, error) {
	const op = "send the domain's memory"
	dom, err := handle(uuid)
	if err != nil {
		return nil, h.fail(op, err)
	}
	p.MigrationURI = migrationURI
	out, err := step(ctx, h, op, session{true, uuid}, first, func(lv *libvirt.Libvirt) ([]byte, error) {
		return lv.DomainMigratePerform3Params(dom, nil, typedParameters(p), cookie, flags(p))
	})
	var e *Error
	if errors.As(err, &e) {
		h.explainBusy(ctx, e, uuid)
		if e.Code != 0 && memoryRefused(e) {
			e.kinds = append(e.kinds, migration.ErrMemoryUnreachable)
		}
	}
	if flags(p)&libvirt.MigrateTLS != 0 {
		err = explainEncryption(err)
	}
	return out, err
}

// Finish starts the domain on the destination or, with cancelled set, throws its
// incoming half away.
func (h *Host) Finish(ctx context.Context, name string, cookie []byte, p migration.Parameters, cancelled bool) ([]byte, error) {
	params := typedParameters(p)
	params.text(libvirt.MigrateParamDestName, name)
	return step(ctx, h, "finish the migration", session{false, name}, last, func(lv *libvirt.Libvirt) ([]byte, error) {
		_, out, err := lv.DomainMigrateFinish3Params(params, cookie, uint32(flags(p)), number(cancelled))
		return out, err
	})
}

// Confirm tells the source how the migration ended: it ends the domain there or,
// with cancelled set, lets it run.
func (h *Host) Confirm(ctx context.Context, uuid string, cookie []byte, p migration.Parameters, cancelled bool) error {
	const op = "confirm the migration"
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	_, err = step(ctx, h, op, session{true, uuid}, last, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lv.DomainMigrateConfirm3Params(dom, typedParameters(p), cookie, uint32(flags(p)), number(cancelled))
	})
	return err
}

// number is a boolean on the wire.
func number(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// place of a step in its session.
type place bool

const (
	first place = false
	last  place = true
)

// step makes one step on the connection of its session. A first step that
// succeeds leaves the connection open for the last one; any other answer ends
// it. A step that is given up leaves it open: its end would be taken for the end
// of the migration.
func step[T any](ctx context.Context, h *Host, op string, s session, where place, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	c, err := h.sessionConn(ctx, s, where)
	if err != nil {
		var zero T
		return zero, h.fail(op, err)
	}
	v, err := on(ctx, c, 0, urgent, fn)
	givenUp := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if !givenUp && (err != nil || where == last) {
		h.endSession(ctx, s)
	}
	return v, h.failChange(op, err)
}
