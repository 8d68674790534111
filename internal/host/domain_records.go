package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// prefetch is how many copies are read at the same time. Reads are quick, so the
// daemon's five places are no limit to them, and their round trips overlap.
const prefetch = 64

// recordCopy is one copy of one domain's record, still to be read.
type recordCopy struct {
	domain  libvirt.Domain
	where   libvirt.DomainModificationImpact
	into    **string
	changed bool // the domain was started, stopped or removed since it was listed
}

// DomainRecords reads the records of all domains of the host at once, by UUID;
// domains without one are there too. It costs little more than one record does:
// two lists, then all copies in flight together.
func (h *Host) DomainRecords(ctx context.Context) (map[string]DomainRecord, error) {
	const op = "read the domains' records"
	found, copies, err := h.listCopies(ctx, op)
	if err != nil {
		return nil, err
	}
	err = each(len(copies), prefetch, func(i int) error {
		c := &copies[i]
		json, err := h.readCopy(ctx, op, c.domain, c.where)
		if errors.Is(err, migration.ErrNotActive) || errors.Is(err, migration.ErrNoDomain) {
			c.changed = true
			return nil
		}
		*c.into = json
		return err
	})
	if err != nil {
		return nil, err
	}
	records := make(map[string]DomainRecord, len(found))
	for uuid, r := range found {
		records[formatUUID(uuid)] = *r
	}
	for _, c := range copies {
		if !c.changed {
			continue
		}
		uuid := formatUUID(c.domain.UUID)
		switch r, err := h.DomainRecord(ctx, uuid); {
		case errors.Is(err, migration.ErrNoDomain):
			delete(records, uuid)
		case err != nil:
			return nil, err
		default:
			records[uuid] = r
		}
	}
	return records, nil
}

// listCopies finds out which copies the domains of the host can have.
func (h *Host) listCopies(ctx context.Context, op string) (map[libvirt.UUID]*DomainRecord, []recordCopy, error) {
	var active, persistent []libvirt.Domain
	err := parallel(
		get(&active, func() ([]libvirt.Domain, error) { return h.list(ctx, op, libvirt.ConnectListDomainsActive) }),
		get(&persistent, func() ([]libvirt.Domain, error) { return h.list(ctx, op, libvirt.ConnectListDomainsPersistent) }),
	)
	if err != nil {
		return nil, nil, err
	}
	found := map[libvirt.UUID]*DomainRecord{}
	record := func(dom libvirt.Domain) *DomainRecord {
		if found[dom.UUID] == nil {
			found[dom.UUID] = &DomainRecord{}
		}
		return found[dom.UUID]
	}
	var copies []recordCopy
	for _, dom := range active {
		r := record(dom)
		r.Active = true
		copies = append(copies, recordCopy{domain: dom, where: libvirt.DomainAffectLive, into: &r.Live})
	}
	for _, dom := range persistent {
		r := record(dom)
		r.Persistent = true
		copies = append(copies, recordCopy{domain: dom, where: libvirt.DomainAffectConfig, into: &r.Config})
	}
	return found, copies, nil
}
