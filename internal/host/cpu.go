package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// CompareCPU asks whether a guest with that CPU can run here; if not, the error is a
// *preflight.CPUError. It accepts what libvirt cannot judge: a CPU without a model
// (host-passthrough, maximum, no <cpu>) and one of an architecture it does not compare.
func (h *Host) CompareCPU(ctx context.Context, guest preflight.CPU) error {
	if guest.Mode != "custom" && guest.Mode != "host-model" {
		return nil
	}
	_, err := read(ctx, h, "compare the guest's CPU", rpc.Patient, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.ConnectCompareHypervisorCPU(optional(guest.Emulator), optional(guest.Arch),
			optional(guest.Machine), optional(guest.VirtType), guest.XML, uint32(failIncompatible))
	})
	if errors.Is(err, ErrUnsupported) {
		return nil
	}
	return incompatible(err)
}

func optional(s string) libvirt.OptString {
	if s == "" {
		return nil
	}
	return libvirt.OptString{s}
}

// CompareHostCPU asks whether this host's CPU has all that another host's, as its
// capabilities have it, has (virConnectCompareCPU). The error is a *preflight.CPUError
// when it has not.
func (h *Host) CompareHostCPU(ctx context.Context, cpu string) error {
	_, err := read(ctx, h, "compare the hosts' CPUs", rpc.Quick, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.ConnectCompareCPU(cpu, failIncompatible)
	})
	return incompatible(err)
}

// failIncompatible has libvirt answer with an error that names the missing features.
const failIncompatible = libvirt.ConnectCompareCPUFailIncompatible

// incompatible turns that error into a *preflight.CPUError.
func incompatible(err error) error {
	var e *Error
	if answered(err, libvirt.ErrCPUIncompatible) && errors.As(err, &e) {
		return &preflight.CPUError{Reason: e.Message}
	}
	return err
}
