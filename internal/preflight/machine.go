package preflight

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// machineCheck looks whether the destination has the guest's emulator, machine type and
// accelerator.
type machineCheck struct{}

// EmulatorMissing is a host where the guest's emulator is not, or cannot be executed.
type EmulatorMissing struct{ Emulator string }

// Problem implements migration.Fact.
func (EmulatorMissing) Problem() string { return "no such emulator" }

// MachineTypeMissing is an emulator that does not have the guest's machine type.
type MachineTypeMissing struct{ Type, Emulator string }

// Problem implements migration.Fact.
func (MachineTypeMissing) Problem() string { return "no such machine type" }

// AcceleratorMissing is a host that cannot run guests of the VM's type, such as "kvm".
type AcceleratorMissing struct{ VirtType string }

// Problem implements migration.Fact.
func (AcceleratorMissing) Problem() string { return "no such accelerator" }

func (machineCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	_, err := s.Destination.DomainCapabilities(ctx, s.guest.machine())
	var emulator *EmulatorError
	var machine *MachineError
	var accelerator *AcceleratorError
	var fact migration.Fact
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &emulator):
		fact = EmulatorMissing{emulator.Emulator}
	case errors.As(err, &machine):
		fact = MachineTypeMissing{machine.Machine.Type, machine.Machine.Emulator}
	case errors.As(err, &accelerator):
		fact = AcceleratorMissing{accelerator.VirtType}
	default:
		return nil, unasked(s.destination(), s.guest.Machine, err)
	}
	return []migration.Finding{{Fact: fact, Host: s.destination(), Err: err}}, nil
}

// machine is what the destination must be able to run.
func (g *Guest) machine() Machine {
	return Machine{Emulator: g.Emulator, Arch: g.Arch, Type: g.Machine, VirtType: g.VirtType}
}

// capabilities is what the destination can give the guest. It is not known where it can
// give nothing, of which machineCheck tells.
func (s *scope) capabilities(ctx context.Context) (c DomainCapabilities, known bool, err error) {
	c, err = s.Destination.DomainCapabilities(ctx, s.guest.machine())
	if givesNothing(err) {
		return c, false, nil
	}
	return c, err == nil, err
}
