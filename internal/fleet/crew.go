package fleet

import (
	"context"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// task is what is to be done with one VM.
type task struct {
	vm  evacuation.VM
	do  Deed
	to  string
	why []placement.Reason
	// takes is where the VM will take memory, which counts from the moment at which the task is begun; the zero value
	// for a task that takes none.
	takes promise
	run   func(ctx context.Context) error
}

// crew does tasks side by side. It asks what is to be done next whenever one has ended, so that each answer is of the
// world as it is then. Nobody else of this run chooses a host from that question until what was begun is promised.
type crew struct {
	host     string
	promises *promises
	// most is how many moves, and as many other tasks, are done at a time.
	most   int
	goOn   bool
	report func(EvacuationProgress)
	// again tells whether what has failed may be tried otherwise; nil for never.
	again func(t task, err error) bool

	busy     map[string]task // by the UUID of the VM
	failed   map[string]bool
	failures []VMFailure
	done     []VMDeed
}

func newCrew(host string, p *promises, most int, goOn bool, report func(EvacuationProgress)) *crew {
	var one sync.Mutex
	return &crew{
		host: host, promises: p, most: most, goOn: goOn, busy: map[string]task{}, failed: map[string]bool{},
		report: func(p EvacuationProgress) {
			one.Lock()
			defer one.Unlock()
			report(p)
		},
	}
}

// ended is the end of a task.
type ended struct {
	task task
	err  error
}

// work does what next says until there is no more. After a failure, unless it is to go on, after the end of ctx and
// after an error of next it begins nothing more; it returns once all that was begun has ended. The error is that of
// next, or of ctx.
func (c *crew) work(ctx context.Context, next func(context.Context) ([]task, error)) error {
	ends := make(chan ended)
	var failure error
	for {
		if failure == nil && ctx.Err() != nil {
			failure = context.Cause(ctx)
		}
		if failure == nil && (c.goOn || len(c.failures) == 0) {
			failure = c.ask(ctx, next, ends)
		}
		if len(c.busy) == 0 {
			return failure
		}
		c.end(<-ends)
	}
}

// ask asks what is to be done next, and begins it.
func (c *crew) ask(ctx context.Context, next func(context.Context) ([]task, error), ends chan<- ended) error {
	release, err := c.promises.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	tasks, err := next(ctx)
	if err == nil {
		c.begin(ctx, tasks, ends)
	}
	return err
}

// begin starts tasks, in their order, as long as there are hands for them.
func (c *crew) begin(ctx context.Context, tasks []task, ends chan<- ended) {
	moves, others := 0, 0
	for _, t := range c.busy {
		if t.do == DeedMove {
			moves++
		} else {
			others++
		}
	}
	for _, t := range tasks {
		if c.spent(t.vm) {
			continue
		}
		hands := &others
		if t.do == DeedMove {
			hands = &moves
		}
		if *hands >= c.most {
			continue
		}
		*hands++
		c.busy[t.vm.UUID] = t
		c.report(EvacuationProgress{Host: c.host, VM: t.vm, Doing: t.do, To: t.to, Why: t.why})
		forget := func() {}
		if t.takes.host != "" {
			forget = c.promises.keep(t.vm.UUID, t.takes)
		}
		go func() {
			err := t.run(ctx)
			forget()
			ends <- ended{t, err}
		}()
	}
}

// spent tells whether a VM is being cared for, or has failed: it is not tried again.
func (c *crew) spent(vm evacuation.VM) bool {
	_, busy := c.busy[vm.UUID]
	return busy || c.failed[vm.UUID]
}

func (c *crew) end(e ended) {
	delete(c.busy, e.task.vm.UUID)
	c.report(EvacuationProgress{
		Host: c.host, VM: e.task.vm, Doing: e.task.do, To: e.task.to, Ended: true, Err: e.err,
	})
	if e.err == nil {
		c.done = append(c.done, VMDeed{e.task.vm, e.task.do, e.task.to})
		return
	}
	if c.again != nil && c.again(e.task, e.err) {
		return
	}
	c.failed[e.task.vm.UUID] = true
	c.failures = append(c.failures, VMFailure{e.task.vm, e.err})
}
