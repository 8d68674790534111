package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	// shutDownWithin is how long a guest may take to shut down.
	shutDownWithin = 5 * time.Minute
	// stopPoll is how often it is looked whether a VM is off.
	stopPoll = 250 * time.Millisecond
)

// NotStoppedError is a VM that was to be stopped, and runs.
type NotStoppedError struct {
	Location Location
	By       policy.Evacuation
	// Waited is how long its guest was waited for; zero where it was not asked.
	Waited time.Duration
	// Seen is true where the host has said since how the VM is.
	Seen bool
	// Err is what the host answered; nil where the guest did not shut down.
	Err error
}

func (e *NotStoppedError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("VM %s on %s (%s): %v", e.Location.Domain.Name, e.Location.Host, e.By, e.Err)
	}
	return fmt.Sprintf("the guest of VM %s on %s did not shut down within %s", e.Location.Domain.Name, e.Location.Host,
		e.Waited)
}

func (e *NotStoppedError) Unwrap() error { return e.Err }

// stop shuts a VM down or saves it, as its policy says, and waits until it is off. That it is to start again is noted
// with it before: who goes on after a run that was killed knows of it.
func (f *Fleet) stop(ctx context.Context, h *host.Host, vm evacuation.VM, mark history.Stop) error {
	failed := func(waited time.Duration, err error) error {
		d := migration.Domain{UUID: vm.UUID, Name: vm.Name, State: migration.StateRunning}
		now, unseen := h.Domain(context.WithoutCancel(ctx), vm.UUID)
		if unseen == nil {
			d = now
		}
		return &NotStoppedError{Location{Host: h.Name(), Domain: d}, mark.By, waited, unseen == nil, err}
	}
	defer f.census.forget()
	err := h.UpdateDomainHistory(ctx, vm.UUID, changeHistory(func(past *history.History) bool {
		past.Stopped = &mark
		return true
	}))
	if err != nil {
		return failed(0, err)
	}
	if mark.By == policy.EvacuateManagedSave {
		if err := h.ManagedSave(ctx, vm.UUID); err != nil && !isOff(ctx, h, vm.UUID) {
			return failed(0, err)
		}
		return nil
	}
	began := time.Now()
	if err := h.ShutDown(ctx, vm.UUID); err != nil && !isOff(ctx, h, vm.UUID) {
		return failed(0, err)
	}
	for !isOff(ctx, h, vm.UUID) {
		waited := time.Since(began)
		if waited > f.shutDownWithin {
			return failed(waited, nil)
		}
		if err := wait(ctx, stopPoll); err != nil {
			return failed(waited, err)
		}
	}
	return nil
}

// isOff tells whether a VM is certainly off.
func isOff(ctx context.Context, h *host.Host, uuid string) bool {
	d, err := h.Domain(context.WithoutCancel(ctx), uuid)
	return err == nil && !d.Active()
}

// NotStartedError is a VM that was to start again, and is off.
type NotStartedError struct {
	Location Location
	// Seen is true where the host has said since how the VM is.
	Seen bool
	Err  error
}

func (e *NotStartedError) Error() string {
	return fmt.Sprintf("VM %s on %s: %v", e.Location.Domain.Name, e.Location.Host, e.Err)
}

func (e *NotStartedError) Unwrap() error { return e.Err }

// start starts a VM that an evacuation has stopped, from its saved memory where it was saved.
func (f *Fleet) start(ctx context.Context, h *host.Host, vm evacuation.VM) error {
	defer f.census.forget()
	if err := h.Start(ctx, vm.UUID); err != nil {
		now, seen := h.Domain(context.WithoutCancel(ctx), vm.UUID)
		switch {
		case seen != nil:
			return &NotStartedError{Location{Host: h.Name(), Domain: migration.Domain{UUID: vm.UUID, Name: vm.Name}}, false, err}
		case !now.Active():
			return &NotStartedError{Location{Host: h.Name(), Domain: now}, true, err}
		}
	}
	return forgetStop(ctx, h, vm.UUID)
}

// forgetStop notes that a VM runs again, and succeeds if the VM is gone.
func forgetStop(ctx context.Context, h *host.Host, uuid string) error {
	err := h.UpdateDomainHistory(ctx, uuid, changeHistory(func(past *history.History) bool {
		stopped := past.Stopped != nil
		past.Stopped = nil
		return stopped
	}))
	if errors.Is(err, migration.ErrNoDomain) {
		return nil
	}
	return err
}
