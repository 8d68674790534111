package lab

import (
	"context"
	"sync"
	"time"
)

// Watch sees what hosts do with guests from outside: by their QEMUs alone, whatever libvirt and leases say.
type Watch struct {
	stop    context.CancelFunc
	looking sync.WaitGroup
	seen    census
}

// watchPeriod is how often it looks.
const watchPeriod = 50 * time.Millisecond

// Peak is the most that a host had at a time.
type Peak struct {
	// Out and In are the guests that left and entered it, MemoryMiB what the guests were promised whose QEMUs it had.
	Out, In, MemoryMiB int
}

// Watch begins to look. None of the guests may be on its way by then.
func (w *World) Watch(ctx context.Context, guests []*Guest) *Watch {
	ctx, stop := context.WithCancel(ctx)
	watch := &Watch{stop: stop, seen: newCensus(guests)}
	watch.looking.Go(func() {
		for ticks := time.NewTicker(watchPeriod); ; {
			watch.seen.add(w.Processes())
			select {
			case <-ctx.Done():
				ticks.Stop()
				return
			case <-ticks.C:
			}
		}
	})
	return watch
}

// Stop ends the watch, and returns the peaks of hosts by name.
func (w *Watch) Stop() map[string]Peak {
	w.stop()
	w.looking.Wait()
	return w.seen.peaks
}

// census counts QEMUs. Only those that two looks have found, one after the other, count: a look takes some time, and
// one of its QEMUs may have ended before another one began, but those of both looks were there together in between.
type census struct {
	memory map[string]int // MiB of the guests, by UUID
	last   map[int]bool   // the process IDs of the last look
	// home are the process IDs of the QEMUs that guests ran in before they moved, by UUID.
	home  map[string]int
	peaks map[string]Peak
}

func newCensus(guests []*Guest) census {
	c := census{memory: map[string]int{}, last: map[int]bool{}, home: map[string]int{}, peaks: map[string]Peak{}}
	for _, g := range guests {
		c.memory[g.UUID] = g.Spec.MemoryMiB
	}
	return c
}

// add counts what a look has found.
func (c *census) add(found []Process) {
	of, now := map[string][]Process{}, map[int]bool{}
	for _, p := range found {
		if _, watched := c.memory[p.UUID]; !watched {
			continue
		}
		now[p.PID] = true
		if c.last[p.PID] {
			of[p.UUID] = append(of[p.UUID], p)
		}
	}
	c.last = now
	counted := map[string]Peak{}
	for uuid, qemus := range of {
		if len(qemus) == 1 {
			c.home[uuid] = qemus[0].PID
		}
		for _, p := range qemus {
			at := counted[p.Host]
			at.MemoryMiB += c.memory[uuid]
			switch {
			case len(qemus) == 1:
			case p.PID == c.home[uuid]:
				at.Out++
			default:
				at.In++
			}
			counted[p.Host] = at
		}
	}
	for host, at := range counted {
		peak := c.peaks[host]
		c.peaks[host] = Peak{max(peak.Out, at.Out), max(peak.In, at.In), max(peak.MemoryMiB, at.MemoryMiB)}
	}
}
