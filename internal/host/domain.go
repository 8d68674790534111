package host

import (
	"context"
	"errors"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// Domain looks a domain up by UUID. The error matches migration.ErrNoDomain
// when the host has none.
func (h *Host) Domain(ctx context.Context, uuid string) (migration.Domain, error) {
	found, err := h.byUUID(ctx, uuid) // before everything else: most hosts do not have the domain
	if err != nil {
		return migration.Domain{}, err
	}
	return h.describe(ctx, lookUp, found)
}

// Has tells whether the host has a domain of the UUID, in whatever state.
func (h *Host) Has(ctx context.Context, uuid string) (bool, error) {
	_, err := h.byUUID(ctx, uuid)
	if errors.Is(err, migration.ErrNoDomain) {
		return false, nil
	}
	return err == nil, err
}

// UUIDOf is the UUID of the domain of a name; empty where the host has none.
func (h *Host) UUIDOf(ctx context.Context, name string) (string, error) {
	found, err := h.byName(ctx, name)
	switch {
	case errors.Is(err, migration.ErrNoDomain):
		return "", nil
	case err != nil:
		return "", err
	}
	return formatUUID(found.UUID), nil
}

// DomainByName looks a domain up by name. The error matches
// migration.ErrNoDomain when the host has none.
func (h *Host) DomainByName(ctx context.Context, name string) (migration.Domain, error) {
	found, err := h.byName(ctx, name)
	if err != nil {
		return migration.Domain{}, err
	}
	return h.describe(ctx, lookUpByName, found)
}

// What is asked of a host that looks a domain up.
const (
	lookUp       = "look up the domain"
	lookUpByName = "look up the domain by name"
)

func (h *Host) byUUID(ctx context.Context, uuid string) (libvirt.Domain, error) {
	dom, err := handle(uuid)
	if err != nil {
		return dom, h.fail(lookUp, err)
	}
	return read(ctx, h, lookUp, rpc.Quick, func(lv *libvirt.Libvirt) (libvirt.Domain, error) {
		return lv.DomainLookupByUUID(dom.UUID)
	})
}

func (h *Host) byName(ctx context.Context, name string) (libvirt.Domain, error) {
	return read(ctx, h, lookUpByName, rpc.Quick, func(lv *libvirt.Libvirt) (libvirt.Domain, error) {
		return lv.DomainLookupByName(name)
	})
}

// DomainNames are the names of all domains of the host, by UUID. It waits for a domain
// that is starting; the longest wait measured is 4.6 s.
func (h *Host) DomainNames(ctx context.Context) (map[string]string, error) {
	domains, err := read(ctx, h, "list the domains", rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		domains, _, err := lv.ConnectListAllDomains(1, 0)
		return domains, err
	})
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(domains))
	for _, dom := range domains {
		names[formatUUID(dom.UUID)] = dom.Name
	}
	return names, nil
}

// describe reads the state, persistence and memory of a domain.
func (h *Host) describe(ctx context.Context, op string, dom libvirt.Domain) (migration.Domain, error) {
	d := migration.Domain{UUID: formatUUID(dom.UUID), Name: sanitize.Name(dom.Name)}
	var now condition
	err := parallel(
		get(&now, func() (condition, error) {
			return h.state(ctx, op, dom)
		}),
		get(&d.Persistent, func() (bool, error) {
			n, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (int32, error) {
				return lv.DomainIsPersistent(dom)
			})
			return n == 1, err
		}),
		get(&d.MemoryBytes, func() (uint64, error) {
			return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (uint64, error) {
				_, maxKiB, _, _, _, err := lv.DomainGetInfo(dom)
				return maxKiB << 10, err
			})
		}),
	)
	if err != nil {
		return migration.Domain{}, err
	}
	d.State, d.Reason, d.Unresponsive = now.state, now.reason, now.unresponsive
	return d, nil
}

func (h *Host) state(ctx context.Context, op string, dom libvirt.Domain) (condition, error) {
	s, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([2]int32, error) {
		s, reason, err := lv.DomainGetState(dom, 0)
		return [2]int32{s, reason}, err
	})
	if err != nil {
		return condition{}, err
	}
	return h.interpret(ctx, op, dom, s[0], s[1])
}

// condition is the state of a domain and its reason.
type condition struct {
	state        migration.DomainState
	reason       migration.Reason
	unresponsive bool
}

// jobPatience is how long to wait for the job that tells what the domain is. The longest
// wait measured with a working QEMU is 2.2 s.
const jobPatience = 3 * time.Second

// interpret translates a state. Only an incoming domain has job statistics that libvirt
// refuses ("available only on the source host"), without asking QEMU. If no answer
// comes, the domain is the source of a migration.
func (h *Host) interpret(ctx context.Context, op string, dom libvirt.Domain, s, r int32) (condition, error) {
	now := condition{state: state(s, r), reason: reason(s, r)}
	if !perhapsIncoming(s, r) {
		return now, nil
	}
	patience, cancel := context.WithTimeout(ctx, jobPatience)
	defer cancel()
	_, err := h.jobStats(patience, op, dom, 0)
	switch {
	case err != nil && patience.Err() != nil && ctx.Err() == nil && now.state == migration.StatePaused:
		now.unresponsive = true
		return now, nil
	case errors.Is(err, ErrUnsupported):
		return condition{state: migration.StateIncoming}, nil
	case errors.Is(err, migration.ErrNotActive):
		return condition{state: migration.StateShutOff}, nil
	case err != nil:
		return condition{}, err
	}
	return now, nil
}

// DomainXML is the domain's migratable definition (VIR_DOMAIN_XML_MIGRATABLE).
func (h *Host) DomainXML(ctx context.Context, uuid string) (string, error) {
	return h.definition(ctx, uuid, libvirt.DomainXMLMigratable)
}

// ConfigXML is the persistent definition of a domain that runs, in the form meant for migration.
func (h *Host) ConfigXML(ctx context.Context, uuid string) (string, error) {
	return h.definition(ctx, uuid, libvirt.DomainXMLMigratable|libvirt.DomainXMLInactive)
}

// LiveXML is the domain's definition as it runs, or as it would be started. It has no secrets.
func (h *Host) LiveXML(ctx context.Context, uuid string) (string, error) {
	return h.definition(ctx, uuid, 0)
}

// SecureXML is the domain's migratable definition with its secrets, such as the password of a
// console: as it runs, or the persistent one (VIR_DOMAIN_XML_INACTIVE).
func (h *Host) SecureXML(ctx context.Context, uuid string, persistent bool) (string, error) {
	flags := libvirt.DomainXMLMigratable | libvirt.DomainXMLSecure
	if persistent {
		flags |= libvirt.DomainXMLInactive
	}
	return h.definition(ctx, uuid, flags)
}

func (h *Host) definition(ctx context.Context, uuid string, flags libvirt.DomainXMLFlags) (string, error) {
	const op = "read the domain's definition"
	dom, err := handle(uuid)
	if err != nil {
		return "", h.fail(op, err)
	}
	return read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (string, error) {
		return lv.DomainGetXMLDesc(dom, flags)
	})
}

// Suspend pauses the domain.
func (h *Host) Suspend(ctx context.Context, uuid string) error {
	return h.command(ctx, "pause the domain", uuid, rpc.Patient, (*libvirt.Libvirt).DomainSuspend)
}

// Resume resumes a paused domain.
func (h *Host) Resume(ctx context.Context, uuid string) error {
	return h.command(ctx, "resume the domain", uuid, rpc.Patient, (*libvirt.Libvirt).DomainResume)
}

// command makes a call whose only argument is the domain.
func (h *Host) command(
	ctx context.Context, op, uuid string, class rpc.Class, fn func(*libvirt.Libvirt, libvirt.Domain) error,
) error {
	dom, err := handle(uuid)
	if err != nil {
		return h.fail(op, err)
	}
	return write(ctx, h, op, h.deadlines.Call, class, func(lv *libvirt.Libvirt) error { return fn(lv, dom) })
}
