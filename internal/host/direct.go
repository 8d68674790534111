package host

import (
	"context"
	"encoding/xml"
	"errors"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// beginTimeout bounds Begin, which may wait for another operation's job. The caller
// bounds the later steps: Prepare may allocate all of the guest's memory.
const beginTimeout = 5 * time.Minute

// Begin starts a direct migration on its source. It needs no undo if the migration does
// not continue. The error of Begin and Perform matches migration.ErrBusy if another
// migration of the domain runs.
func (h *Host) Begin(
	ctx context.Context, uuid string, p migration.Parameters,
) (domainXML string, cookie []byte, err error) {
	const op = "begin the migration"
	dom, err := handle(uuid)
	if err != nil {
		return "", nil, h.fail(op, err)
	}
	type begun struct {
		cookie []byte
		xml    string
	}
	b, err := invoke(ctx, h, beginTimeout, rpc.Patient, func(lv *libvirt.Libvirt) (begun, error) {
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

// Prepare starts the incoming domain on the destination.
func (h *Host) Prepare(
	ctx context.Context, domainXML string, cookie []byte, p migration.Parameters,
) (migrationURI string, out []byte, err error) {
	const op = "prepare for the migration"
	var definition struct {
		Name string `xml:"name"`
	}
	if err := xml.Unmarshal([]byte(domainXML), &definition); err != nil {
		return "", nil, h.fail(op, err)
	}
	p.Changed.Running = migration.Definition(domainXML)
	params := typedParameters(p)
	type prepared struct {
		cookie []byte
		uri    libvirt.OptString
	}
	r, err := step(ctx, h, op, session{false, definition.Name}, firstStep, func(lv *libvirt.Libvirt) (prepared, error) {
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

// Perform sends the guest's memory to the URI of the destination. The error matches
// migration.ErrMemoryUnreachable if that cannot be reached.
func (h *Host) Perform(
	ctx context.Context, uuid, migrationURI string, cookie []byte, p migration.Parameters,
) ([]byte, error) {
	const op = "send the domain's memory"
	dom, err := handle(uuid)
	if err != nil {
		return nil, h.fail(op, err)
	}
	p.MigrationURI = migrationURI
	out, err := step(ctx, h, op, session{true, uuid}, firstStep, func(lv *libvirt.Libvirt) ([]byte, error) {
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

// Finish starts the domain on the destination or, if cancelled, destroys the incoming
// domain.
func (h *Host) Finish(
	ctx context.Context, name string, cookie []byte, p migration.Parameters, cancelled bool,
) ([]byte, error) {
	params := typedParameters(p)
	params.text(libvirt.MigrateParamDestName, name)
	return step(ctx, h, "finish the migration", session{false, name}, lastStep, func(lv *libvirt.Libvirt) ([]byte, error) {
		_, out, err := lv.DomainMigrateFinish3Params(params, cookie, uint32(flags(p)), number(cancelled))
		return out, err
	})
}

// Confirm tells the source how the migration ended: the source ends the domain or, if
// cancelled, lets it run.
func (h *Host) Confirm(ctx context.Context, uuid string, cookie []byte, p migration.Parameters, cancelled bool) error {
	const op = "confirm the migration"
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	_, err = step(ctx, h, op, session{true, uuid}, lastStep, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lv.DomainMigrateConfirm3Params(dom, typedParameters(p), cookie, uint32(flags(p)),
			number(cancelled))
	})
	return err
}

// number is a boolean in libvirt's protocol.
func number(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
