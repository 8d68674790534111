package fleet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// identify is the UUID of the VM of a name. As in trusted, that no host has one
// is true once it was seen twice: one that moves on between the questions is seen
// on neither.
func (f *Fleet) identify(ctx context.Context, name string) (uuid string, err error) {
	uuid, err = f.observeName(ctx, name)
	if !isNotFound(err) {
		return uuid, err
	}
	if err := wait(ctx, transitPoll); err != nil {
		return "", err
	}
	return f.observeName(ctx, name)
}

// observeName asks all hosts once for the VM of a name. One with exactly this name comes
// before those that spell it in other runes.
func (f *Fleet) observeName(ctx context.Context, name string) (uuid string, err error) {
	w := f.ask(name, func(h *host.Host) ([]migration.Domain, error) { return one(h.DomainByName(ctx, name)) })
	unseen, err := unheard(w, f.mayMiss)
	if err == nil && len(w.Seen()) == 0 && !isASCII(name) {
		w = f.ask(name, func(h *host.Host) ([]migration.Domain, error) { return spelled(ctx, h, name) })
		unseen, err = unheard(w, f.mayMiss)
	}
	if err := cmp.Or(oneVM(w), err); err != nil {
		return "", err
	}
	return named(w, unseen)
}

// spelled are the domains of a host whose name reads the same. Terraform writes
// every string in the composed form of Unicode (NFC), in which a domain that has
// its name in the decomposed one (NFD) cannot be looked up. A host that does not allow
// its domains to be listed has none.
func spelled(ctx context.Context, h *host.Host, name string) ([]migration.Domain, error) {
	names, err := h.DomainNames(ctx)
	switch {
	case errors.Is(err, host.ErrDenied):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var domains []migration.Domain
	for uuid, present := range names {
		if !readsSame(present, name) {
			continue
		}
		d, err := h.Domain(ctx, uuid)
		switch {
		case errors.Is(err, migration.ErrNoDomain):
		case err != nil:
			return nil, err
		default:
			domains = append(domains, d)
		}
	}
	slices.SortFunc(domains, func(a, b migration.Domain) int { return cmp.Compare(a.UUID, b.UUID) })
	return domains, nil
}

// readsSame tells whether two names are the same to a reader, and to Terraform.
func readsSame(a, b string) bool { return norm.NFC.String(a) == norm.NFC.String(b) }

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// ParseUUID tells whether a text has the form of a UUID, with hyphens or without,
// and returns that in libvirt's form: lower case, with hyphens. It may be the name
// of a VM all the same.
func ParseUUID(vm string) (string, bool) {
	id, err := uuid.Parse(vm)
	// The library reads "{...}" and "urn:uuid:...", too.
	if err != nil || len(vm) != len(id.String()) && len(vm) != 2*len(id) {
		return "", false
	}
	return id.String(), true
}

// Fits tells whether a VM as a user gives it, by name or UUID, can be this domain.
// A name in the form of a UUID is this domain's only while no other VM has that
// UUID.
func Fits(vm string, domain migration.Domain) bool {
	id, isUUID := ParseUUID(vm)
	return isUUID && id == domain.UUID || readsSame(vm, domain.Name)
}
