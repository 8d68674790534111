package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// EndMaintenance opens a host and, where restore is true, brings back what its evacuation has taken from it: the
// histories of the VMs tell what that is. What comes back has its room before the host is opened, and a VM for which
// there is none any more stays where it is. The record goes once all has been done; until then the same can be asked
// for again. Where goOn is true, what fails is left where it is.
//
// VMs that another run is still moving away would be forgotten: where there are any, nothing is changed, and where some
// have begun since, the record stays.
//
// The error is an *EvacuationError where something was changed, else a *StillLeavingError among others.
func (f *Fleet) EndMaintenance(
	ctx context.Context, name string, restore, goOn bool, report func(EvacuationProgress),
) (Return, []VMFailure, error) {
	defer f.census.forget()
	present, err := f.Cordon(ctx, name)
	if err != nil {
		return Return{}, nil, err
	}
	r, err := f.returner(ctx, name, present)
	if err != nil {
		return Return{}, nil, err
	}
	defer r.release()
	if restore {
		back, err := r.reserve(ctx)
		if err != nil {
			return Return{}, nil, err
		}
		if len(back.Leaving) > 0 {
			return Return{}, nil, &StillLeavingError{Host: name, VMs: back.Leaving}
		}
	}
	record, err := f.open(ctx, name, restore)
	if err == nil {
		f.shunned.open(name)
	}
	if err != nil || record.Evacuation == "" {
		return Return{Host: r.member}, nil, err
	}
	r.of = evacuatedBy(record.Evacuation, r.member, record)
	c := newCrew(name, f.promises, f.places.Into(name), goOn, report)
	last, err := r.bringBack(ctx, c)
	failures := append(c.failures, last.Unclear...)
	switch {
	case err != nil:
	case len(last.Leaving) > 0:
		err = &StillLeavingError{Host: name, VMs: last.Leaving, Opened: true}
	case len(last.Silent) > 0 && goOn: // VMs that went to a host which does not answer come back once it does
		return last, failures, nil
	case len(last.Silent) > 0:
		err = errors.Join(last.Silent...)
	case goOn || len(failures)+len(last.Stuck) == 0:
		if err = f.endEvacuation(ctx, name, record.Evacuation); err == nil {
			return last, failures, nil
		}
	}
	return last, nil, &EvacuationError{
		Host: name, Evacuation: record.Evacuation, Returning: true, Done: c.done, Failures: failures, Stuck: last.Stuck,
		Err: err,
	}
}

// open takes the cordon from a host's own record, and all of it where nothing is to come back.
func (f *Fleet) open(ctx context.Context, name string, restore bool) (cordon.Record, error) {
	return f.ChangeCordon(ctx, name, func(r cordon.Record) (cordon.Record, error) {
		if !restore {
			return cordon.Record{Unknown: r.Unknown}, nil
		}
		r.Cordoned, r.Since, r.Why = false, time.Time{}, ""
		return r, nil
	})
}

// endEvacuation takes an evacuation from a host's own record.
func (f *Fleet) endEvacuation(ctx context.Context, name, id string) error {
	_, err := f.ChangeCordon(context.WithoutCancel(ctx), name, func(r cordon.Record) (cordon.Record, error) {
		if r.Evacuation == id {
			r.Evacuation, r.Host = "", ""
		}
		return r, nil
	})
	return err
}

// reserve promises the host to all that comes back, before anybody else can choose it, and tells what that is. Where
// the hosts do not say it, nothing is promised: the return itself tells why. The error is the context's.
func (r *returner) reserve(ctx context.Context) (Return, error) {
	release, err := r.fleet.promises.alone(ctx)
	if err != nil {
		return Return{}, err
	}
	defer release()
	back, off, err := r.look(ctx)
	if err == nil {
		r.promise(back, off)
	}
	return back, nil
}

// promise promises the host to all that comes back.
func (r *returner) promise(back Return, off map[string]placement.VM) {
	keep := func(vm evacuation.VM, to promise) {
		if !r.failed[vm.UUID] {
			r.unbegun = append(r.unbegun, r.fleet.promises.keep(vm.UUID, to))
		}
	}
	for _, vm := range back.Move {
		keep(vm, promise{host: r.member.Name})
	}
	for _, vm := range back.Start {
		keep(vm, r.starting(off[vm.UUID]))
	}
}

// starting is the promise to a VM that is off.
func (r *returner) starting(vm placement.VM) promise { return promise{host: r.member.Name, off: &vm} }

// release ends what is promised to VMs that have not begun to come back.
func (r *returner) release() {
	for _, forget := range r.unbegun {
		forget()
	}
	r.unbegun = nil
}

// bringBack does what is to be done, and returns what was left at the end.
func (r *returner) bringBack(ctx context.Context, c *crew) (last Return, err error) {
	r.report, r.failed = c.report, c.failed
	c.again = func(t task, err error) bool {
		var lapsed *LapsedChoiceError
		if !errors.As(err, &lapsed) {
			return false
		}
		r.lapsed[t.vm.UUID]++
		return r.lapsed[t.vm.UUID] <= mostLapses
	}
	err = c.work(ctx, func(ctx context.Context) ([]task, error) {
		if err := r.fleet.places.Open(); err != nil {
			return nil, err
		}
		r.release() // nobody else chooses until all of it is promised again
		var off map[string]placement.VM
		if last, off, err = r.look(ctx); err != nil {
			return nil, err
		}
		r.promise(last, off)
		return r.tasks(last, off), nil
	})
	return last, err
}

// tasks are what can be begun now.
func (r *returner) tasks(back Return, off map[string]placement.VM) []task {
	var tasks []task
	for _, vm := range back.Start {
		tasks = append(tasks, task{
			vm: vm, do: DeedStart, takes: r.starting(off[vm.UUID]),
			run: func(ctx context.Context) error { return r.fleet.start(ctx, r.host, vm) },
		})
	}
	for _, vm := range back.Back {
		if vm.Past.Stopped != "" { // somebody has started it
			tasks = append(tasks, task{vm: vm, do: DeedStart, run: func(ctx context.Context) error {
				return forgetStop(ctx, r.host, vm.UUID)
			}})
		}
	}
	for _, vm := range back.Move {
		tasks = append(tasks, task{
			vm: vm, do: DeedMove, to: r.member.Name, takes: promise{host: r.member.Name},
			run: func(ctx context.Context) error { return r.run(ctx, vm) },
		})
	}
	return tasks
}

// run moves one VM back.
func (r *returner) run(ctx context.Context, vm evacuation.VM) error {
	_, err := r.carry(ctx, Move{
		VM: vm.UUID, UUID: vm.UUID, Last: vm.Host, Destination: r.member.Name, Mode: migration.Auto,
		IfShutOff: ShutOffMoveDefinition, Evacuation: r.of.id, chosen: true,
	}, func(p Progress) {
		r.report(EvacuationProgress{Host: r.member.Name, VM: vm, Doing: DeedMove, To: r.member.Name, Move: &p})
	})
	return pausedAfter(ctx, err)
}
