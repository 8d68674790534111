package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// raceAttempts is how often a record is read again after its domain was started,
// stopped, defined or undefined in between.
const raceAttempts = 3

// DomainDocument is a JSON document in a domain's metadata, of which libvirt keeps two
// independent copies: one for the running domain and one for its definition.
type DomainDocument struct {
	// Live and Config are the JSON texts of the two copies, nil if there is none. An
	// element that holds no text is given as XML.
	Live, Config *string
	// Active and Persistent tell which copies the domain can have: Live if it is
	// active, Config if it is persistent.
	Active, Persistent bool
}

// copies are libvirt's flags for the copies that the domain can have.
func (r DomainDocument) copies() libvirt.DomainModificationImpact {
	var flags libvirt.DomainModificationImpact
	if r.Active {
		flags |= libvirt.DomainAffectLive
	}
	if r.Persistent {
		flags |= libvirt.DomainAffectConfig
	}
	return flags
}

// holds tells whether every copy that the domain can have is exactly the given one; nil
// is no document.
func (r DomainDocument) holds(json *string) bool {
	return (!r.Active || same(r.Live, json)) && (!r.Persistent || same(r.Config, json))
}

func same(a, b *string) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// DomainRecord reads every copy of a domain's record. The error matches
// migration.ErrNoDomain if the host has no such domain.
func (h *Host) DomainRecord(ctx context.Context, uuid string) (DomainDocument, error) {
	return h.domainDocument(ctx, "read the domain's record", uuid, policyElement)
}

func (h *Host) domainDocument(ctx context.Context, op, uuid string, e metadataElement) (DomainDocument, error) {
	dom, err := handle(uuid)
	if err != nil {
		return DomainDocument{}, h.fail(op, err)
	}
	for attempt := 1; ; attempt++ {
		r, err := h.readCopies(ctx, op, dom, e)
		if err == nil && !r.Active && !r.Persistent && attempt < raceAttempts {
			continue // it was started, stopped or defined in between
		}
		return r, err
	}
}

// RecordInPlan reads for a plan the copies of a domain's record that the domain could have when it was seen as d: where
// it is shut off or transient, one call is enough. The error matches migration.ErrNoDomain where it cannot have one of
// them any more.
func (h *Host) RecordInPlan(ctx context.Context, d migration.Domain) (r DomainDocument, err error) {
	const op = "read the domain's record"
	dom, err := handle(d.UUID)
	if err != nil {
		return r, h.fail(op, err)
	}
	var reads []func() error
	if d.Active() {
		reads = append(reads, h.readCopy(ctx, op, rpc.Bulk, dom, policyElement, libvirt.DomainAffectLive, &r.Live, &r.Active))
	}
	if d.Persistent {
		reads = append(reads, h.readCopy(ctx, op, rpc.Bulk, dom, policyElement, libvirt.DomainAffectConfig, &r.Config,
			&r.Persistent))
	}
	if err = parallel(reads...); err == nil && (r.Active != d.Active() || r.Persistent != d.Persistent) {
		err = &Error{Host: h.cfg.Name, Op: op, Message: "it was started or has ended", kinds: []error{migration.ErrNoDomain}}
	}
	return r, err
}

// readCopies asks for both copies: libvirt refuses the one that the domain cannot have.
func (h *Host) readCopies(
	ctx context.Context, op string, dom libvirt.Domain, e metadataElement,
) (DomainDocument, error) {
	var r DomainDocument
	err := parallel(
		h.readCopy(ctx, op, rpc.Quick, dom, e, libvirt.DomainAffectLive, &r.Live, &r.Active),
		h.readCopy(ctx, op, rpc.Quick, dom, e, libvirt.DomainAffectConfig, &r.Config, &r.Persistent),
	)
	return r, err
}

// readCopy makes a read for parallel of the copy in one place. there tells whether the
// domain can have a copy in it.
func (h *Host) readCopy(
	ctx context.Context, op string, class rpc.Class, dom libvirt.Domain, e metadataElement,
	in libvirt.DomainModificationImpact, copied **string, there *bool,
) func() error {
	return func() error {
		element, err := read(ctx, h, op, class, func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainGetMetadata(dom, int32(libvirt.DomainMetadataElement), libvirt.OptString{e.uri}, in)
		})
		switch {
		case errors.Is(err, migration.ErrNotActive): // or, for the definition, not persistent
			return nil
		case err != nil && !errors.Is(err, ErrNoRecord):
			return err
		}
		*there = true
		if err == nil {
			*copied = new(e.decode(element))
		}
		return nil
	}
}

// WriteDomainRecord writes the record into every copy that the domain can have, and
// returns it as it is then. present is what DomainRecord has just read, or empty. While a
// job such as a migration locks the domain it fails at once with migration.ErrBusy: libvirt
// would wait 30 s.
func (h *Host) WriteDomainRecord(
	ctx context.Context, uuid string, present DomainDocument, json string,
) (DomainDocument, error) {
	const op = "write the domain's record"
	return h.putDomainRecord(ctx, op, uuid, present, &json)
}

// DeleteDomainRecord removes the record from every copy that the domain has. It succeeds
// if there is none, and fails with migration.ErrNoDomain if there is no such domain.
// present is as for WriteDomainRecord, and while a job runs it fails in the same way.
func (h *Host) DeleteDomainRecord(ctx context.Context, uuid string, present DomainDocument) error {
	_, err := h.putDomainRecord(ctx, "delete the domain's record", uuid, present, nil)
	return err
}

// putDomainRecord writes the record into every copy, or removes it if json is nil. It
// reads before each further attempt, to repeat a write of unknown outcome only if it had no
// effect, and after the last, to find the new copy of a domain started in between.
func (h *Host) putDomainRecord(
	ctx context.Context, op, uuid string, present DomainDocument, json *string,
) (DomainDocument, error) {
	dom, err := handle(uuid)
	if err != nil {
		return DomainDocument{}, h.fail(op, err)
	}
	body, err := metadataBody(json)
	if err != nil {
		return DomainDocument{}, h.fail(op, err)
	}
	var failure error
	for attempt := 0; ; attempt++ {
		r := present
		if attempt > 0 || !r.Active && !r.Persistent {
			if r, err = h.DomainRecord(ctx, uuid); err != nil {
				return r, errors.Join(failure, err)
			}
		}
		if r.holds(json) {
			return r, nil
		}
		if attempt == raceAttempts {
			return r, failure
		}
		if r.Active {
			if err := h.refuseWhileBusy(ctx, op, dom); err != nil {
				return r, err
			}
		}
		failure = write(ctx, h, op, h.deadlines.RecordWrite, rpc.Writing, func(lv *libvirt.Libvirt) error {
			return lv.DomainSetMetadata(dom, int32(libvirt.DomainMetadataElement), body,
				libvirt.OptString{policyElement.key}, libvirt.OptString{policyElement.uri}, r.copies())
		})
		if failure != nil && !errors.Is(failure, migration.ErrNotActive) && !errors.Is(failure, ErrOutcomeUnknown) {
			return r, failure
		}
		if failure == nil {
			failure = h.fail(op, errors.New("another program keeps changing it"))
		}
	}
}

func metadataBody(json *string) (libvirt.OptString, error) {
	if json == nil {
		return nil, nil
	}
	element, err := policyElement.encode(*json)
	return libvirt.OptString{element}, err
}

// refuseWhileBusy fails while a job runs that blocks changes of the domain. A backup does
// not.
func (h *Host) refuseWhileBusy(ctx context.Context, op string, dom libvirt.Domain) error {
	reply, err := h.jobStats(ctx, op, dom, 0)
	switch {
	case errors.Is(err, ErrUnsupported):
		// This is an incoming domain.
		return h.busy(op, "migration in progress")
	case errors.Is(err, migration.ErrNotActive):
		return nil // it is shut off; the write handles what comes in between
	case err != nil:
		return err
	}
	running := statisticsOf(reply.params)
	if jobType(reply.kind) != migration.JobRunning {
		return nil
	}
	switch o := libvirt.DomainJobOperation(running.signed(libvirt.DomainJobOperationStr)); o {
	case libvirt.DomainJobOperationStrBackup:
		return nil
	case libvirt.DomainJobOperationStrMigrationOut, libvirt.DomainJobOperationStrMigrationIn:
		return h.busy(op, "migration in progress")
	default:
		return h.busy(op, fmt.Sprintf("another job is in progress (`virsh domjobinfo` on %s shows it; "+
			"VIR_DOMAIN_JOB_OPERATION %d)", h.cfg.Name, o))
	}
}

func (h *Host) busy(op, message string) error {
	return &Error{Host: h.cfg.Name, Op: op, Message: message, kinds: []error{migration.ErrBusy}}
}
