package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// ListedVM is a VM in a list, on its home.
type ListedVM struct {
	Location Location
	// VCPUs is how many virtual CPUs it has now.
	VCPUs uint32
	// Autostart is true when its host starts it with itself.
	Autostart bool
	// Record is the copies of its record; none where it has no record. Unread is why it could
	// not be read: whether it has one is not known then.
	Record VMRecord
	Unread error
	// Cluster is its host's copy of the record of the cluster, and Standing whether that host is cordoned, and who has
	// leases there.
	Cluster  Copy
	Standing Standing
}

// UnreadError is Unread, of the VM.
func (vm ListedVM) UnreadError() *UnlistedError {
	return &UnlistedError{Name: vm.Location.Domain.Name, UUID: vm.Location.Domain.UUID, Err: vm.Unread}
}

// UnlistedError is a VM of which a list cannot say where it is, or what its record says.
type UnlistedError struct {
	Name, UUID string
	Err        error
}

func (e *UnlistedError) Error() string { return fmt.Sprintf("VM %s (%s): %v", e.Name, e.UUID, e.Err) }

// Unwrap gives why.
func (e *UnlistedError) Unwrap() error { return e.Err }

// VMs yields the wanted VMs, each once, on its home. Those that run are yielded as soon as
// their host has answered, all others once every host has: a definition or a paused copy may
// be what a VM has left behind. It takes every answer anew. An error is that of a host that
// cannot be asked, an *UnlistedError, or that two hosts are one: a *SameHostError or a
// *SameUUIDError.
func (f *Fleet) VMs(ctx context.Context, wanted func(migration.Domain) bool) iter.Seq2[ListedVM, error] {
	return func(yield func(ListedVM, error) bool) {
		l := vmList{fleet: f, wanted: wanted, listed: map[string]string{}, pending: map[string]string{}}
		call := func(ctx context.Context, h *host.Host) roll { return callRoll(ctx, h, wanted) }
		for _, r := range answers(ctx, f.hosts, call) {
			l.rolls = append(l.rolls, r)
			if r.err != nil && !yield(ListedVM{}, r.err) {
				return
			}
			for _, vm := range l.settled(r) {
				if !yield(vm, nil) {
					return
				}
			}
		}
		for vm, err := range l.rest(ctx) {
			if !yield(vm, err) {
				return
			}
		}
	}
}

// vmList is a list that is being made.
type vmList struct {
	fleet  *Fleet
	wanted func(migration.Domain) bool
	rolls  []roll
	// listed are the hosts of the VMs that were yielded, by UUID; pending are the names of
	// those of which the host alone does not tell that it is their home.
	listed, pending map[string]string
}

// settled are the VMs that a host's answer alone tells to be at home.
func (l *vmList) settled(r roll) []ListedVM {
	if r.err != nil {
		return nil
	}
	var vms []ListedVM
	for _, d := range r.sorted() {
		if !l.wanted(d.Domain) {
			continue
		}
		record, read := r.records[d.UUID]
		unread := r.failures[d.UUID]
		_, twice := l.listed[d.UUID]
		runs := d.State == migration.StateRunning || d.State == migration.StateAsleep
		if !runs || twice || !read && unread == nil {
			l.pending[d.UUID] = d.Name
			continue
		}
		l.listed[d.UUID] = r.host.Name()
		vms = append(vms, ListedVM{
			Location: Location{Host: r.host.Name(), Domain: d.Domain}, VCPUs: d.VCPUs, Autostart: d.Autostart,
			Record: record, Unread: unread, Cluster: r.cluster, Standing: r.standing,
		})
	}
	return vms
}

// rest yields all others, once every host has answered. Where there are several hosts, they
// are asked again: they did not answer at the same instant, and a VM that has moved in between
// may have been on none, or on two.
func (l *vmList) rest(ctx context.Context) iter.Seq2[ListedVM, error] {
	return func(yield func(ListedVM, error) bool) {
		if len(l.rolls) > 1 {
			if same := identify(ctx, l.fleet.hosts).same; same != nil {
				yield(ListedVM{}, same) // each of its VMs would be on two hosts
				return
			}
			l.askAgain(ctx)
		}
		for _, uuid := range l.byName() {
			vm, err := l.locate(ctx, uuid)
			switch home := l.listed[uuid]; {
			case isGone(err) || isNotFound(err):
				continue // it has ended meanwhile
			case err == nil && (home != "" || !l.wanted(vm.Location.Domain)):
				continue
			}
			if err != nil {
				err = &UnlistedError{Name: l.pending[uuid], UUID: uuid, Err: err}
			}
			if !yield(vm, err) {
				return
			}
		}
	}
}

// byName are the UUIDs of the pending VMs in the order of their names.
func (l *vmList) byName() []string {
	return slices.SortedFunc(maps.Keys(l.pending), func(a, b string) int {
		return cmp.Or(cmp.Compare(l.pending[a], l.pending[b]), cmp.Compare(a, b))
	})
}

// askAgain lists the domains of all hosts that answered once more, without records.
func (l *vmList) askAgain(ctx context.Context) {
	none := func(migration.Domain) bool { return false }
	again := each(l.fleet.hosts, func(h *host.Host) roll {
		first := l.rolls[slices.IndexFunc(l.rolls, func(r roll) bool { return r.host == h })]
		if first.err != nil {
			return first
		}
		r := callRoll(ctx, h, none)
		r.records, r.failures, r.cluster, r.standing = first.records, first.failures, first.cluster, first.standing
		return r
	})
	for _, r := range again {
		for _, d := range r.domains {
			if _, known := l.listed[d.UUID]; !known && l.wanted(d.Domain) {
				l.pending[d.UUID] = d.Name
			}
		}
	}
	l.rolls = again
}

// locate finds the home of a VM from what the hosts have said, or asks them for it alone.
func (l *vmList) locate(ctx context.Context, uuid string) (ListedVM, error) {
	w := migration.Whereabouts{VM: uuid}
	var silent []error
	for _, r := range l.rolls {
		o := r.observation(uuid)
		if !o.Known() {
			silent = append(silent, o.Err)
		}
		w.Hosts = append(w.Hosts, o)
	}
	location, trust, err := locate(w, "", silent)
	if trust != certain {
		if location, err = l.fleet.FindUUID(ctx, uuid, ""); err != nil {
			return ListedVM{}, err
		}
	}
	if err != nil {
		return ListedVM{}, err
	}
	i := slices.IndexFunc(l.rolls, func(r roll) bool { return r.host.Name() == location.Host })
	r := l.rolls[i]
	d := r.domains[uuid]
	vm := ListedVM{
		Location: location, Cluster: r.cluster, Standing: r.standing,
		VCPUs: d.VCPUs, Autostart: d.Autostart, Unread: r.failures[uuid],
	}
	record, read := r.records[uuid]
	switch {
	case read && record.active() == location.Domain.Active():
		record.Location = location
		vm.Record = record
	case vm.Unread == nil:
		if vm.Record, vm.Unread = l.fleet.readVM(ctx, location); isGone(vm.Unread) {
			return ListedVM{}, vm.Unread
		}
	}
	if vm.Cluster.Host == "" {
		var standing error
		vm.Standing, standing = standingOf(ctx, r.host)
		vm.Cluster, err = clusterOf(ctx, r.host)
		err = cmp.Or(err, standing)
	}
	return vm, err
}

// clusterOf is a host's copy of the record of its cluster. A host without libvirt's secret
// driver is in none.
func clusterOf(ctx context.Context, h *host.Host) (Copy, error) {
	c, err := hostCopy(ctx, h, host.Cluster)
	if errors.Is(err, host.ErrNoSecretDriver) {
		return Copy{Host: h.Name()}, nil
	}
	return c, err
}

// isGone tells whether a VM is no longer on the host that was asked.
func isGone(err error) bool { return errors.Is(err, migration.ErrNoDomain) }
