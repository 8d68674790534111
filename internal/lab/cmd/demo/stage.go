package main

import (
	"context"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

const (
	vmName = "web"
	// warmUp is how long the VM is watched before the link is set by what it dirties.
	warmUp = 4 * time.Second
	// aliveTimeout bounds the wait for a heartbeat of a VM that runs. It is long because emulation is slow where others
	// use the processors too.
	aliveTimeout = 20 * time.Second
	mib          = 1 << 20
)

// stage is where the story happens: two hosts, a link between them, and a VM that dirties memory faster than the link
// carries it.
type stage struct {
	world *lab.World
	vm    *lab.Guest
	// undisturbed is how the VM beats and works when it is not moved; linkMiB what the link carries, in MiB/s.
	undisturbed lab.Record
	linkMiB     int
}

// newStage starts the VM and makes the link half as fast as the VM dirties memory, whatever this machine's speed is.
func newStage(ctx context.Context, world *lab.World) (*stage, error) {
	vm, err := world.Start(ctx, lab.BusyGuest(vmName))
	if err != nil {
		return nil, err
	}
	s := &stage{world: world, vm: vm}
	from := time.Now()
	for time.Since(from) < warmUp {
		if err := s.alive(ctx); err != nil {
			return nil, err
		}
	}
	s.undisturbed = vm.Between(from, time.Now())
	s.linkMiB = max(1, int(s.undisturbed.DirtyRate/2/mib))
	for _, host := range world.Hosts {
		if err := host.Limit(ctx, s.linkMiB); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// alive waits for a heartbeat of the VM.
func (s *stage) alive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, aliveTimeout)
	defer cancel()
	if _, err := s.vm.NextBeat(ctx); err != nil {
		return fmt.Errorf("VM %s gives no sign of life: %w", s.vm.Name, err)
	}
	return nil
}
