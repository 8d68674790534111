package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// failIncompatible is VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE: libvirt answers with an
// error that names the missing features.
const failIncompatible = 1

// CompareCPU asks whether a guest with that CPU can run here; if not, the error is a
// *preflight.CPUError. It accepts what libvirt cannot judge: a CPU without a model
// (host-passthrough, maximum, no <cpu>) and one of an architecture it does not compare.
func (h *Host) CompareCPU(ctx context.Context, guest preflight.CPU) error {
	if guest.Mode != "custom" && guest.Mode != "host-model" {
		return nil
	}
	_, err := read(ctx, h, "compare the guest's CPU", rpc.Patient, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.ConnectCompareHypervisorCPU(optional(guest.Emulator), optional(guest.Arch),
			optional(guest.Machine), optional(guest.VirtType), guest.XML, failIncompatible)
	})
	var e *Error
	switch {
	case errors.Is(err, ErrUnsupported):
		return nil
	case errors.As(err, &e) && libvirt.ErrorNumber(e.Code) == libvirt.ErrCPUIncompatible:
		return &preflight.CPUError{Reason: e.Message}
	}
	return err
}

func optional(s string) libvirt.OptString {
	if s == "" {
		return nil
	}
	return libvirt.OptString{s}
}
