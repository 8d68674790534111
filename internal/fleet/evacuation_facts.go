package fleet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// muster is what all hosts say of all their VMs for an evacuation.
type muster struct {
	rolls []roll
	// silent is why hosts could not be asked.
	silent []error
	// bound are the hosts that VMs are on their way to, by their UUIDs.
	bound map[string]string
}

// muster asks all hosts. Records are read of the wanted domains of those hosts that are asked for them.
func (f *Fleet) muster(ctx context.Context, wanted func(*host.Host, migration.Domain) bool) muster {
	m := muster{bound: map[string]string{}}
	m.rolls = each(f.hosts, func(h *host.Host) roll {
		return callRoll(ctx, h, func(d migration.Domain) bool { return wanted(h, d) })
	})
	for _, r := range m.rolls {
		if r.err != nil {
			m.silent = append(m.silent, r.err)
		}
		for uuid, d := range r.domains {
			if d.State == migration.StateIncoming || d.State == migration.StatePostCopy {
				m.bound[uuid] = r.host.Name()
			}
		}
	}
	return m
}

// of is what one host says.
func (m muster) of(name string) roll {
	i := slices.IndexFunc(m.rolls, func(r roll) bool { return r.host.Name() == name })
	return m.rolls[i]
}

// leaving are the VMs that a host has, with what their policies say of an evacuation, and those policies by UUID.
func (f *Fleet) leaving(
	ctx context.Context, m muster, h *host.Host,
) (vms []evacuation.VM, policies map[string]policy.Effective, err error) {
	r := m.of(h.Name())
	if r.err != nil {
		return nil, nil, r.err
	}
	levels, err := levelsOf(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	policies = map[string]policy.Effective{}
	for _, d := range r.sorted() {
		vm := evacuationVM(h.Name(), d)
		if vm.BoundFor = m.bound[d.UUID]; vm.BoundFor == h.Name() {
			vms = append(vms, vm)
			continue
		}
		if record, read := r.records[d.UUID]; read {
			resolution, err := levels.resolve(record.Location, policy.Levels{VM: record.Copies[0].Record.Policy}, record.Copies)
			vm.By, vm.Unread = resolution.Policy.Evacuation(), err
			policies[d.UUID] = resolution.Policy
		} else if vm.Active {
			vm.Unread = r.failures[d.UUID]
			if vm.Unread == nil {
				continue // it has ended or gone meanwhile
			}
		}
		vms = append(vms, vm)
	}
	return vms, policies, nil
}

func evacuationVM(name string, d host.DetailedDomain) evacuation.VM {
	return evacuation.VM{
		UUID: d.UUID, Name: d.Name, Host: name, Active: d.Active(), Paused: d.State == migration.StatePaused,
		Persistent: d.Persistent,
	}
}

// emptied is a host and the ID of the evacuation that empties it.
type emptied struct {
	host Member
	id   string
	then string // the host UUID that the host had when the evacuation began
}

func emptiedBy(id string, host Member, record cordon.Record) emptied {
	return emptied{host, id, cmp.Or(record.Host, host.UUID)}
}

// evacuated are the VMs that an evacuation has moved or stopped, where they are now, by their own histories. A VM that
// does not say where it is, or what was done with it, is a failure.
func (f *Fleet) evacuated(ctx context.Context, m muster, e emptied) ([]evacuation.VM, []VMFailure) {
	labels := map[string]string{}
	for uuid, h := range identify(ctx, f.hosts).hosts {
		labels[uuid] = h.Name()
	}
	var vms []evacuation.VM
	var failures []VMFailure
	var mu sync.Mutex
	each(m.rolls, func(r roll) struct{} {
		r.histories(ctx, func(d host.DetailedDomain, past history.History, err error) {
			vm := evacuationVM(r.host.Name(), d)
			vm.BoundFor = m.bound[d.UUID]
			if err == nil {
				leaving := past.Leaving(e.id, e.host.UUID, e.then)
				here, _ := r.host.UUID(ctx)
				past.Settle(here)
				vm.Past = pastWith(past, e, labels)
				vm.Past.Leaving = leaving
			}
			var at string
			var home error
			if err == nil && vm.Past != (evacuation.Past{}) { // all others need not be found
				at, home = f.home(ctx, m, d.UUID)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && !isGone(err):
				failures = append(failures, VMFailure{vm, err})
			case home != nil:
				failures = append(failures, VMFailure{vm, home})
			case at == vm.Host:
				vms = append(vms, vm)
			}
		})
		return struct{}{}
	})
	return vms, failures
}

// home is the host that a VM is on.
func (f *Fleet) home(ctx context.Context, m muster, uuid string) (string, error) {
	w := migration.Whereabouts{VM: uuid}
	for _, r := range m.rolls {
		if o := r.observation(uuid); o.Known() {
			w.Hosts = append(w.Hosts, o)
		}
	}
	location, trust, err := locate(w, "", nil)
	if trust != certain {
		location, err = f.FindUUID(ctx, uuid, "")
	}
	return location.Host, err
}

// pastWith is what a VM's history says of an evacuation. labels are those of today, by UUID.
func pastWith(past history.History, e emptied, labels map[string]string) evacuation.Past {
	var p evacuation.Past
	if move, last := past.Evacuated(e.id, e.host.UUID, e.then); move != nil {
		p.MovedTo, p.MovedOn, p.Took = move.To.Label, !last, took(*move)
		if label := labels[move.To.UUID]; label != "" {
			p.MovedTo = label
		}
	}
	if s := past.Stopped; s != nil && s.Evacuation == e.id && (s.Host.UUID == e.host.UUID || s.Host.UUID == e.then) {
		p.Stopped, p.StoppedOn = s.By, e.host.Name
	}
	return p
}

// histories reads the histories of all domains of a host but those that only come, several at a time.
func (r *roll) histories(ctx context.Context, tell func(host.DetailedDomain, history.History, error)) {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	next := make(chan host.DetailedDomain)
	var readers sync.WaitGroup
	for range min(recordReaders, len(r.domains)) {
		readers.Go(func() {
			for d := range next {
				document, err := r.host.DomainHistory(ctx, d.UUID)
				var past history.History
				if err == nil {
					past, err = decodeHistory(document)
				}
				var newer *history.NewerVersionError
				if err != nil && !errors.As(err, &newer) && document != (host.DomainDocument{}) {
					err = nil // what cannot be read is nobody's
				}
				tell(d, past, err)
			}
		})
	}
	for _, d := range r.sorted() {
		if d.State != migration.StateIncoming {
			next <- d
		}
	}
	close(next)
	readers.Wait()
}
