package preflight

import (
	"errors"
	"fmt"
	"slices"
)

// Machine is what virConnectGetDomainCapabilities is asked about. Empty is the host's
// default.
type Machine struct{ Emulator, Arch, Type, VirtType string }

// DomainCapabilities is what a host can give a guest of one machine type.
type DomainCapabilities struct {
	// MaxVCPUs is how many vCPUs the machine type can have; 0 where it is not told.
	MaxVCPUs uint
	// CPUModes tells of "host-passthrough", "maximum", "host-model" and "custom" whether a
	// guest can have it.
	CPUModes map[string]bool
	// Loaders are the firmware files that the host offers.
	Loaders []string
	// Devices are the kinds of devices by libvirt's element, such as "graphics".
	Devices map[string]DeviceCapabilities
}

// DeviceCapabilities is what a host can give of one kind of device.
type DeviceCapabilities struct {
	// Supported is false where the guest cannot have such a device at all.
	Supported bool
	// Values are what each enumeration may be, such as "type": "vnc", "spice".
	Values map[string][]string
}

// Has tells whether a guest can have a device whose enumeration has that value. What the
// host's libvirt does not tell of, it may have.
func (c DomainCapabilities) Has(device, enumeration, value string) bool {
	d, told := c.Devices[device]
	if !told {
		return true
	}
	values, told := d.Values[enumeration]
	return d.Supported && (!told || slices.Contains(values, value))
}

// EmulatorError says that an emulator cannot be run on a host: it is not there, or is not
// executable.
type EmulatorError struct{ Emulator string }

func (e *EmulatorError) Error() string {
	return fmt.Sprintf("emulator %s cannot be run there", e.Emulator)
}

// MachineError says that an emulator does not have a machine type.
type MachineError struct{ Machine Machine }

func (e *MachineError) Error() string {
	return fmt.Sprintf("the emulator there has no machine type %s", e.Machine.Type)
}

// AcceleratorError says that a host cannot run guests of a type, such as "kvm".
type AcceleratorError struct{ VirtType string }

func (e *AcceleratorError) Error() string {
	return fmt.Sprintf("guests of type %s cannot be run there", e.VirtType)
}

// givesNothing tells whether a host answered that it can give a guest nothing.
func givesNothing(err error) bool {
	var emulator *EmulatorError
	var machine *MachineError
	var accelerator *AcceleratorError
	return errors.As(err, &emulator) || errors.As(err, &machine) || errors.As(err, &accelerator)
}
