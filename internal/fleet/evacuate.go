package fleet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
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
	id := uuid.NewString()
	present, err := cordonOf(ctx, ev.host)
	if err != nil {
		return Evacuated{}, err
	}
	if e.Cordon && present.Evacuation != "" {
		id = present.Evacuation
	}
	failed := func(c *crew, stuck []StuckVM, cause error) (Evacuated, error) {
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
		plan, err := ev.look(ctx)
		if err != nil {
			return Evacuated{}, err
		}
		if len(plan.Stuck) > 0 {
			return failed(nil, plan.Stuck, nil)
		}
	}
	if e.Cordon {
		if present, err = f.cordon(ctx, e, id); err != nil {
			return Evacuated{}, err
		}
	}
	if e.Leave {
		return ev.evacuated(ctx, id, present.Cordoned, EvacuationPlan{}, nil)
	}
	c := newCrew(e.Host, f.slots.maxOutgoing, e.GoOn, report)
	last, err := ev.empty(ctx, c, id)
	if err != nil || !e.GoOn && len(c.failures)+len(last.Stuck) > 0 {
		return failed(c, last.Stuck, err)
	}
	return ev.evacuated(context.WithoutCancel(ctx), id, present.Cordoned, last, c.failures)
}

// cordon notes that the host takes no VMs, and for which evacuation.
func (f *Fleet) cordon(ctx context.Context, e Evacuation, id string) (cordon.Record, error) {
	return f.ChangeCordon(ctx, e.Host, func(r cordon.Record) (cordon.Record, error) {
		if !r.Cordoned {
			r.Cordoned, r.Since = true, time.Now()
		}
		if r.Evacuation == "" {
			r.Evacuation = id
		}
		r.Why = e.Why
		return r, nil
	})
}

// empty does what is to be done, and returns what was left to be done at the end.
func (e *evacuator) empty(ctx context.Context, c *crew, id string) (last EvacuationPlan, err error) {
	e.failed = c.failed
	c.again = func(t task, err error) bool { return t.do == DeedMove && e.refusedBy(t.vm, t.to, err) }
	err = c.work(ctx, func(ctx context.Context) ([]task, error) {
		if err := e.fleet.slots.open(); err != nil {
			return nil, err
		}
		if last, err = e.look(ctx); err != nil {
			return nil, err
		}
		if !e.GoOn && len(last.Stuck) > 0 {
			return nil, nil
		}
		return e.tasks(c, last, id), nil
	})
	last.Moves, last.Stops = nil, nil
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
		tasks = append(tasks, task{vm: move.VM, do: DeedMove, to: move.To, why: move.Why, run: run})
	}
	return tasks
}

// run moves one VM. Where its destination refuses it before anything is sent, the next look may find it another one.
func (e *evacuator) run(ctx context.Context, move EvacuationMove, id string, report func(EvacuationProgress)) error {
	e.fleet.promises.promise(move.VM.UUID, move.To)
	defer e.fleet.promises.forget(move.VM.UUID)
	_, err := e.fleet.Move(ctx, e.move(move.VM, move.To, id), func(p Progress) {
		report(EvacuationProgress{Host: e.Host, VM: move.VM, Doing: DeedMove, To: move.To, Move: &p})
	})
	return err
}

// evacuated is how far the host is emptied.
func (e *evacuator) evacuated(
	ctx context.Context, id string, cordoned bool, last EvacuationPlan, failures []VMFailure,
) (Evacuated, error) {
	done, err := e.fleet.evacuationState(ctx, e.member, id)
	if err != nil {
		return Evacuated{}, &EvacuationError{Host: e.Host, Evacuation: id, Cordoned: cordoned, Err: err}
	}
	done.Cordoned, done.Stays, done.Stuck, done.Failures = cordoned, last.Stays, last.Stuck, failures
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
	state, err = f.evacuationState(ctx, member, record.Evacuation)
	state.Cordoned, state.Why = record.Cordoned, record.Why
	return state, true, err
}

// evacuationState is what an evacuation has done so far, as the hosts and the histories of the VMs say.
func (f *Fleet) evacuationState(ctx context.Context, member Member, id string) (Evacuated, error) {
	m := f.muster(ctx, func(*host.Host, migration.Domain) bool { return false })
	if _, err := f.Unanswered(m.silent); err != nil {
		return Evacuated{}, err
	}
	state := Evacuated{Host: member, Evacuation: id, Moved: map[string]string{}, Stopped: map[string]policy.Evacuation{}}
	vms, _ := f.evacuated(ctx, m, member, id)
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

// Return is what becomes of VMs that an evacuation has taken from a host, as the hosts say now.
type Return struct {
	Host Member
	evacuation.Returning

	// Unclear are VMs that do not say where they are, or what was done with them.
	Unclear []VMFailure
	// Silent is why hosts could not be asked: VMs that are there do not come back.
	Silent []error
}

// PlanReturn says what would come back to a host, and changes nothing.
func (f *Fleet) PlanReturn(ctx context.Context, name string) (Return, error) {
	record, err := f.Cordon(ctx, name)
	if err != nil {
		return Return{}, err
	}
	member, err := f.Member(ctx, name)
	if err != nil {
		return Return{}, err
	}
	return f.returning(ctx, member, record.Evacuation)
}

func (f *Fleet) returning(ctx context.Context, member Member, id string) (Return, error) {
	r := Return{Host: member}
	if id == "" {
		return r, nil
	}
	m := f.muster(ctx, func(*host.Host, migration.Domain) bool { return false })
	var err error
	if r.Silent, err = f.Unanswered(m.silent); err != nil {
		return r, err
	}
	vms, unclear := f.evacuated(ctx, m, member, id)
	r.Returning, r.Unclear = evacuation.Return(member.Name, vms), unclear
	if len(r.Silent) > 0 { // one of them may run it
		for _, vm := range r.Start {
			r.Unclear = append(r.Unclear, VMFailure{vm, errors.Join(r.Silent...)})
		}
		r.Start = nil
	}
	memory := map[string]uint64{}
	for _, roll := range m.rolls {
		for uuid, d := range roll.domains {
			memory[uuid] = max(memory[uuid], d.MemoryBytes)
		}
	}
	largestFirst := func(a, b evacuation.VM) int { return cmp.Compare(memory[b.UUID], memory[a.UUID]) }
	slices.SortStableFunc(r.Move, largestFirst)
	return r, nil
}

// EndMaintenance opens a host and, where restore is true, brings back what its evacuation has taken from it: the
// histories of the VMs tell what that is. The record goes once all has been done; until then the same can be asked
// for again. Where goOn is true, what fails is left where it is.
//
// The error is an *EvacuationError where something was changed.
func (f *Fleet) EndMaintenance(
	ctx context.Context, name string, restore, goOn bool, report func(EvacuationProgress),
) (Return, []VMFailure, error) {
	defer f.census.forget()
	member, err := f.Member(ctx, name)
	if err != nil {
		return Return{}, nil, err
	}
	record, err := f.ChangeCordon(ctx, name, func(r cordon.Record) (cordon.Record, error) {
		if !restore {
			return cordon.Record{Unknown: r.Unknown}, nil
		}
		r.Cordoned, r.Since, r.Why = false, time.Time{}, ""
		return r, nil
	})
	if err != nil || record.Evacuation == "" {
		return Return{Host: member}, nil, err
	}
	c := newCrew(name, f.slots.limitIncoming(name), goOn, report)
	last, err := f.bringBack(ctx, c, member, record.Evacuation)
	if err == nil && len(last.Silent) > 0 { // VMs that went to a host which does not answer come back once it does
		if goOn {
			return last, append(c.failures, last.Unclear...), nil
		}
		err = errors.Join(last.Silent...)
	}
	if err == nil && (goOn || len(c.failures)+len(last.Unclear) == 0) {
		_, err = f.ChangeCordon(context.WithoutCancel(ctx), name, func(r cordon.Record) (cordon.Record, error) {
			if r.Evacuation == record.Evacuation {
				r.Evacuation = ""
			}
			return r, nil
		})
		if err == nil {
			return last, append(c.failures, last.Unclear...), nil
		}
	}
	return last, nil, &EvacuationError{
		Host: name, Evacuation: record.Evacuation, Returning: true, Done: c.done,
		Failures: append(c.failures, last.Unclear...), Err: err,
	}
}

// bringBack does what is to be done, and returns what was left at the end.
func (f *Fleet) bringBack(ctx context.Context, c *crew, member Member, id string) (last Return, err error) {
	h, err := f.host(member.Name)
	if err != nil {
		return Return{}, err
	}
	err = c.work(ctx, func(ctx context.Context) ([]task, error) {
		if err := f.slots.open(); err != nil {
			return nil, err
		}
		if last, err = f.returning(ctx, member, id); err != nil {
			return nil, err
		}
		var tasks []task
		for _, vm := range last.Start {
			run := func(ctx context.Context) error { return f.start(ctx, h, vm) }
			tasks = append(tasks, task{vm: vm, do: DeedStart, run: run})
		}
		for _, vm := range last.Back {
			if vm.Past.Stopped != "" { // somebody has started it
				tasks = append(tasks, task{vm: vm, do: DeedStart, run: func(ctx context.Context) error {
					return forgetStop(ctx, h, vm.UUID)
				}})
			}
		}
		for _, vm := range last.Move {
			tasks = append(tasks, task{vm: vm, do: DeedMove, to: member.Name, run: func(ctx context.Context) error {
				_, err := f.Move(ctx, Move{
					VM: vm.UUID, UUID: vm.UUID, Last: vm.Host, Destination: member.Name, Mode: migration.Auto,
					IfShutOff: ShutOffMoveDefinition, Evacuation: id,
				}, func(p Progress) {
					c.report(EvacuationProgress{Host: member.Name, VM: vm, Doing: DeedMove, To: member.Name, Move: &p})
				})
				return err
			}})
		}
		return tasks, nil
	})
	return last, err
}
