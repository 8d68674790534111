package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// refusals are the hosts that turned out to refuse VMs, with what was found, by the UUID of the VM.
type refusals map[string]map[string]fmt.Stringer

func (r refusals) add(uuid, host string, finding fmt.Stringer) {
	if r[uuid] == nil {
		r[uuid] = map[string]fmt.Stringer{}
	}
	r[uuid][host] = finding
}

// evacuator empties one host.
type evacuator struct {
	fleet *Fleet
	Evacuation
	host   *host.Host
	member Member
	among  []string
	// refused are the hosts that turned out to refuse VMs, and failed the VMs that are not tried again.
	refused refusals
	failed  map[string]bool
	// lapsed is how often what was chosen for a VM did not hold, by its UUID.
	lapsed map[string]int
	// expected is how long moves are expected to last, by the UUID of the VM; 0 for those of which that is not known.
	expected map[string]time.Duration

	unwritten unwritten

	// see asks the hosts, carry moves a VM, and write writes what its history lacks.
	see   func(context.Context) (emptying, error)
	carry func(context.Context, Move, func(Progress)) (Moved, error)
	write func(context.Context, unwrittenMove) error
}

// emptying is what the hosts say at one time for an evacuation: of the VMs of the host that is emptied, and of all that
// a choice needs. silent is why hosts could not be asked.
type emptying struct {
	vms    []evacuation.VM
	world  placement.World
	silent []error
	// lasts is how long moves of the VMs are expected to last, by UUID, as far as that is known.
	lasts map[string]time.Duration
}

func (f *Fleet) evacuator(ctx context.Context, e Evacuation) (*evacuator, error) {
	h, err := f.host(e.Host)
	if err != nil {
		return nil, err
	}
	member, err := f.Member(ctx, e.Host)
	if err != nil {
		return nil, err
	}
	among, err := f.among(ctx, e)
	if err != nil {
		return nil, err
	}
	ev := &evacuator{
		fleet: f, Evacuation: e, host: h, member: member, among: among, refused: refusals{},
		lapsed: map[string]int{}, expected: map[string]time.Duration{}, carry: f.Move, write: f.writeMove,
	}
	ev.see = ev.ask
	return ev, nil
}

// ask asks the hosts, for all at once: no move begins before they have answered.
func (e *evacuator) ask(ctx context.Context) (emptying, error) {
	var w placement.World
	var gathering sync.WaitGroup
	gathering.Go(func() {
		w = e.fleet.gather(ctx, e.fleet.promises.toOthers(""))
		e.fleet.group(ctx, w.VMs)
	})
	defer gathering.Wait()
	m := e.fleet.muster(ctx, func(h *host.Host, d migration.Domain) bool { return d.Active() && h == e.host })
	vms, policies, err := e.fleet.leaving(ctx, m, e.host)
	if err != nil {
		return emptying{}, err
	}
	lasts := e.expect(ctx, m, policies)
	gathering.Wait()
	return emptying{vms, w, m.silent, lasts}, nil
}

// look says what is to be done, as the hosts say now.
func (e *evacuator) look(ctx context.Context) (EvacuationPlan, error) {
	seen, err := e.see(ctx)
	if err != nil {
		return EvacuationPlan{}, err
	}
	w, vms := seen.world, seen.vms
	pace(w.VMs, seen.lasts)
	for i, vm := range w.VMs {
		w.VMs[i].Refused = e.refused[vm.UUID]
	}
	e.bind(vms, w)
	vms = slices.DeleteFunc(vms, func(vm evacuation.VM) bool { return e.failed[vm.UUID] })
	p := e.plan(evacuation.Leave(e.Host, vms), w, seen)
	p.open = slices.ContainsFunc(w.Hosts, func(h placement.Host) bool {
		return h.Name == e.Host && !h.Silent && !h.Cordoned
	})
	return p, nil
}

// bind has VMs go where the world has them bound for: by a promise, or by a lease, which a run that was killed may have
// left. Neither moves a VM that is to be stopped or to stay, or of which that is not known.
func (e *evacuator) bind(vms []evacuation.VM, w placement.World) {
	bound := map[string]string{}
	for _, vm := range w.VMs {
		bound[vm.UUID] = vm.BoundFor
	}
	for i, vm := range vms {
		goes := vm.By == policy.EvacuateLive && vm.Unread == nil
		if goes && vm.BoundFor == "" && bound[vm.UUID] != e.Host {
			vms[i].BoundFor = bound[vm.UUID]
		}
	}
}

// plan puts together what leaves the host and where there is room.
func (e *evacuator) plan(l evacuation.Leaving, w placement.World, seen emptying) EvacuationPlan {
	p := EvacuationPlan{Host: e.member, Stops: l.Stop, Stays: l.Stay, Silent: seen.silent}
	byUUID, movers := map[string]evacuation.VM{}, []string{}
	for _, vm := range l.Move {
		byUUID[vm.UUID] = vm
		if vm.BoundFor != "" {
			p.Moves = append(p.Moves, EvacuationMove{VM: vm, To: vm.BoundFor})
			continue
		}
		movers = append(movers, vm.UUID)
	}
	drain := placement.PlanDrain(w, placement.Drain{Host: e.Host, Among: e.among, VMs: movers})
	for _, step := range drain.Steps {
		p.Moves = append(p.Moves, EvacuationMove{
			VM: byUUID[step.VM], To: step.To, Why: step.Candidate.Reasons, Stage: step.Stage, Lasts: seen.lasts[step.VM],
		})
	}
	for _, stuck := range drain.Stuck {
		if way, moves := stuck.Binding.(placement.OnItsWay); moves { // it is given a host, by this run or another
			p.Moves = append(p.Moves, EvacuationMove{VM: byUUID[stuck.VM], To: way.To})
			continue
		}
		p.Stuck = append(p.Stuck, StuckVM{
			VM: byUUID[stuck.VM], Binding: stuck.Binding, Host: stuck.Host, Would: would(stuck, w),
		})
	}
	for _, stuck := range l.Stuck {
		p.Stuck = append(p.Stuck, StuckVM{VM: stuck.VM, Why: stuck.Why})
	}
	p.Stuck = append(p.Stuck, e.overlooked(movers, byUUID, w)...)
	slices.SortFunc(p.Stuck, func(a, b StuckVM) int { return cmp.Compare(a.VM.Name, b.VM.Name) })
	return p
}

// would are the moves of other VMs that would make room for one.
func would(stuck placement.Stuck, w placement.World) []EvacuationMove {
	var moves []EvacuationMove
	for _, step := range stuck.Would {
		for _, vm := range w.VMs {
			if vm.UUID == step.VM {
				moves = append(moves, EvacuationMove{VM: evacuation.VM{UUID: vm.UUID, Name: vm.Name, Host: step.From}, To: step.To})
			}
		}
	}
	return moves
}

// overlooked are movers that the world does not have on the host: nobody has decided anything of them. Those that no
// host has any more have ended meanwhile.
func (e *evacuator) overlooked(movers []string, byUUID map[string]evacuation.VM, w placement.World) []StuckVM {
	at := map[string]string{}
	for _, vm := range w.VMs {
		at[vm.UUID] = vm.Host
	}
	silent := slices.ContainsFunc(w.Hosts, func(h placement.Host) bool { return h.Name == e.Host && h.Silent })
	var stuck []StuckVM
	for _, uuid := range movers {
		switch on, there := at[uuid]; {
		case there && on != e.Host:
			stuck = append(stuck, StuckVM{VM: byUUID[uuid], Why: evacuation.Doubled})
		case !there && silent:
			stuck = append(stuck, StuckVM{VM: byUUID[uuid], Binding: placement.Silent{}, Host: e.Host})
		}
	}
	return stuck
}

// PlanEvacuation says what an evacuation would do now, and changes nothing.
func (f *Fleet) PlanEvacuation(ctx context.Context, e Evacuation) (EvacuationPlan, error) {
	evacuator, err := f.evacuator(ctx, e)
	if err != nil {
		return EvacuationPlan{}, err
	}
	record, err := cordonOf(ctx, evacuator.host)
	if err != nil {
		return EvacuationPlan{}, err
	}
	plan := EvacuationPlan{Host: evacuator.member}
	if !e.Leave {
		if plan, err = evacuator.planChecked(ctx, false); err != nil {
			return EvacuationPlan{}, err
		}
	}
	plan.GoesOn, plan.Cordoned, plan.Since, plan.Why = e.GoOn, record.Cordoned, record.Since, record.Why
	if e.Cordon {
		plan.Evacuation = record.Evacuation
	}
	return plan, nil
}

// planChecked plans until the checks of moves refuse no host that is chosen. Those that a plan does not make, because
// they change something for a moment, are made where thorough is true.
func (e *evacuator) planChecked(ctx context.Context, thorough bool) (EvacuationPlan, error) {
	for {
		plan, err := e.look(ctx)
		if err != nil || !e.check(ctx, plan, thorough) {
			return plan, err
		}
	}
}

// checkers is how many moves are checked at a time.
const checkers = 4

// check makes the checks of each planned move, and notes the hosts that would refuse it as things are, and what could
// not be checked. It is false where none does.
func (e *evacuator) check(ctx context.Context, p EvacuationPlan, thorough bool) bool {
	var mu sync.Mutex
	var checking sync.WaitGroup
	found, next := false, make(chan *EvacuationMove)
	for range checkers {
		checking.Go(func() {
			for planned := range next {
				move := e.move(planned.VM, planned.To, "")
				move.Thorough = thorough
				_, assessment, err := e.fleet.Assess(ctx, move)
				if err != nil {
					continue // the move itself tells it, if it is still so
				}
				planned.Unchecked = assessment.Unseen()
				if errs := assessment.Errors(); len(errs) > 0 && !assessment.Passing() {
					mu.Lock()
					e.refused.add(planned.VM.UUID, planned.To, errs[0])
					found = true
					mu.Unlock()
				}
			}
		})
	}
	for i := range p.Moves {
		if p.Moves[i].VM.BoundFor == "" {
			next <- &p.Moves[i]
		}
	}
	close(next)
	checking.Wait()
	return found
}

// move is that of one VM.
func (e *evacuator) move(vm evacuation.VM, to, id string) Move {
	return Move{
		VM: vm.UUID, UUID: vm.UUID, Last: vm.Host, Destination: to, Mode: migration.Auto, IfShutOff: ShutOffIgnore,
		Evacuation: id, chosen: true, fromCordoned: e.Cordon && id != "",
	}
}

// again tells whether the next look is to find a VM another host: where its destination has refused it before anything
// was started, which is noted, or something had come between. False where another error ended the move.
func (e *evacuator) again(vm evacuation.VM, to string, err error) bool {
	var opened *OpenedError
	if errors.As(err, &opened) {
		return true // which the next look sees, too
	}
	var lapsed *LapsedChoiceError
	if errors.As(err, &lapsed) {
		e.lapsed[vm.UUID]++
		return e.lapsed[vm.UUID] <= mostLapses
	}
	var refused *migration.PreflightError
	if !errors.As(err, &refused) || len(refused.Findings) == 0 {
		return false
	}
	e.refused.add(vm.UUID, to, refused.Findings[0])
	return true
}
