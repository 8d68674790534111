package fleet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Evacuate cordons a host, if that is asked for, and empties it: what is to be done next is decided from what the
// hosts say each time that something has ended, so that a run that goes on where another was killed does the same.
// Nothing is begun, and the host is not cordoned, where a VM is stuck from the beginning, unless it is to go on with
// others. report is never called after Evacuate has returned.
//
// The error is an *EvacuationError where the host may have been changed; of Evacuated only what holds then is filled
// in.
func (f *Fleet) Evacuate(ctx context.Context, e Evacuation, report func(EvacuationProgress)) (Evacuated, error) {
	defer f.census.forget()
	ev, err := f.evacuator(ctx, e)
	if err != nil {
		return Evacuated{}, err
	}
	defer f.shunned.add(e.Host)()
	id := uuid.NewString()
	present, err := cordonOf(ctx, ev.host)
	if err != nil {
		return Evacuated{}, err
	}
	if e.Cordon && present.Evacuation != "" {
		id = present.Evacuation
	}
	failed := func(c *crew, stuck []StuckVM, cause error) (Evacuated, error) {
		var opened *OpenedError
		present.Cordoned = present.Cordoned && !errors.As(cause, &opened)
		failure := &EvacuationError{Host: e.Host, Cordoned: present.Cordoned, Stuck: stuck, Err: cause}
		if e.Cordon {
			failure.Evacuation = present.Evacuation
		}
		if c != nil {
			failure.Done, failure.Failures = c.done, c.failures
		}
		return Evacuated{Host: ev.member, Evacuation: id, Cordoned: present.Cordoned}, failure
	}
	if !e.Leave && !e.GoOn {
		plan, err := ev.planChecked(ctx, true)
		if err != nil {
			return Evacuated{}, err
		}
		if len(plan.Stuck) > 0 {
			return failed(nil, plan.Stuck, nil)
		}
	}
	if e.Cordon {
		if present, err = f.cordon(ctx, e, id, ev.member.UUID); err != nil {
			return Evacuated{}, err
		}
	}
	if e.Leave {
		return ev.evacuated(ctx, id, present, EvacuationPlan{}, nil)
	}
	c := newCrew(e.Host, f.promises, f.places.Outgoing, e.GoOn, report)
	last, err := ev.empty(ctx, c, id)
	if err != nil || !e.GoOn && len(c.failures)+len(last.Stuck) > 0 {
		return failed(c, last.Stuck, err)
	}
	return ev.evacuated(context.WithoutCancel(ctx), id, present, last, c.failures)
}

// cordon notes that the host takes no VMs, and for which evacuation; hostUUID is the host's.
func (f *Fleet) cordon(ctx context.Context, e Evacuation, id, hostUUID string) (cordon.Record, error) {
	return f.ChangeCordon(ctx, e.Host, func(r cordon.Record) (cordon.Record, error) {
		if !r.Cordoned {
			r.Cordoned, r.Since = true, time.Now()
		}
		if r.Evacuation == "" {
			r.Evacuation, r.Host = id, hostUUID
		}
		r.Why = e.Why
		return r, nil
	})
}

// empty does what is to be done, and returns what was left to be done at the end.
func (e *evacuator) empty(ctx context.Context, c *crew, id string) (last EvacuationPlan, err error) {
	e.failed = c.failed
	c.again = func(t task, err error) bool { return t.do == DeedMove && e.again(t.vm, t.to, err) }
	err = c.work(ctx, func(ctx context.Context) ([]task, error) {
		if err := e.fleet.places.Open(); err != nil {
			return nil, err
		}
		if last, err = e.look(ctx); err != nil {
			return nil, err
		}
		if e.Cordon && last.open {
			return nil, &OpenedError{e.Host}
		}
		if !e.GoOn && len(last.Stuck) > 0 {
			return nil, nil
		}
		return e.tasks(c, last, id), nil
	})
	last.Moves, last.Stops = nil, nil
	c.failures = append(c.failures, e.unwritten.write(ctx, e.write)...)
	return last, err
}

// tasks are what can be begun now.
func (e *evacuator) tasks(c *crew, p EvacuationPlan, id string) []task {
	var tasks []task
	for _, vm := range p.Stops {
		tasks = append(tasks, task{vm: vm, do: DeedStop, run: func(ctx context.Context) error {
			return e.fleet.stop(ctx, e.host, vm, history.Stop{
				Evacuation: id, By: vm.By, At: time.Now().UTC().Truncate(time.Second),
				Host: history.Host{UUID: e.member.UUID, Label: e.member.Name},
			})
		}})
	}
	for _, move := range p.Moves {
		if move.Stage > 0 {
			continue // others have to arrive first
		}
		run := func(ctx context.Context) error { return e.run(ctx, move, id, c.report) }
		tasks = append(tasks, task{
			vm: move.VM, do: DeedMove, to: move.To, why: move.Why, takes: promise{host: move.To}, run: run,
		})
	}
	return tasks
}

// run moves one VM. Where its destination refuses it before anything is sent, or something has come between, the next
// look may find it another one.
func (e *evacuator) run(ctx context.Context, move EvacuationMove, id string, report func(EvacuationProgress)) error {
	moved, err := e.carry(ctx, e.move(move.VM, move.To, id), func(p Progress) {
		report(EvacuationProgress{Host: e.Host, VM: move.VM, Doing: DeedMove, To: move.To, Move: &p})
	})
	if err == nil && e.unwritten.note(move.VM, moved) {
		report(EvacuationProgress{Host: e.Host, VM: move.VM, Doing: DeedMove, To: move.To, Unwritten: moved.HistoryErr})
	}
	return pausedAfter(ctx, asMoved(move.To, moved, err))
}

// evacuated is how far the host is emptied.
func (e *evacuator) evacuated(
	ctx context.Context, id string, record cordon.Record, last EvacuationPlan, failures []VMFailure,
) (Evacuated, error) {
	done, err := e.fleet.evacuationState(ctx, evacuatedBy(id, e.member, record))
	if err != nil {
		return Evacuated{}, &EvacuationError{Host: e.Host, Evacuation: id, Cordoned: record.Cordoned, Err: err}
	}
	done.Cordoned, done.Stays, done.Stuck, done.Failures = record.Cordoned, last.Stays, last.Stuck, failures
	return done, nil
}

// Maintenance is how far a host is emptied that has a record of an evacuation; ok is false for one that has none.
func (f *Fleet) Maintenance(ctx context.Context, name string) (state Evacuated, ok bool, err error) {
	record, err := f.Cordon(ctx, name)
	if err != nil || !record.Cordoned && record.Evacuation == "" {
		return Evacuated{}, false, err
	}
	member, err := f.Member(ctx, name)
	if err != nil {
		return Evacuated{}, false, err
	}
	state, err = f.evacuationState(ctx, evacuatedBy(record.Evacuation, member, record))
	state.Cordoned, state.Why = record.Cordoned, record.Why
	return state, true, err
}

// evacuationState is what an evacuation has done so far, as the hosts and the histories of the VMs say.
func (f *Fleet) evacuationState(ctx context.Context, e evacuatedHost) (Evacuated, error) {
	m := f.muster(ctx, func(*host.Host, migration.Domain) bool { return false })
	if _, err := f.Unanswered(m.silent); err != nil {
		return Evacuated{}, err
	}
	member := e.host
	state := Evacuated{Host: member, Evacuation: e.id, Moved: map[string]string{}, Stopped: map[string]policy.Evacuation{}}
	vms, _ := f.evacuated(ctx, m, e)
	for _, vm := range vms {
		switch {
		case vm.Past.Stopped != "" && vm.Host == member.Name && !vm.Active:
			state.Stopped[vm.UUID] = vm.Past.Stopped
		case vm.Past.MovedTo != "" && !vm.Past.MovedOn && vm.Host == vm.Past.MovedTo:
			state.Moved[vm.UUID] = vm.Host
		}
	}
	for _, d := range m.of(member.Name).sorted() {
		if vm := evacuationVM(member.Name, d); vm.Active && (m.bound[d.UUID] == "" || m.bound[d.UUID] == member.Name) {
			state.Remaining = append(state.Remaining, d.UUID)
		}
	}
	slices.Sort(state.Remaining)
	return state, nil
}
