package host

import (
	"context"
	"encoding/xml"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// failIncompatible is VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE: libvirt answers with an
// error that names the missing features.
const failIncompatible = 1

// guestCPU is the part of a domain's definition that CompareCPU needs.
type guestCPU struct {
	VirtType string `xml:"type,attr"`
	Type     struct {
		Arch    string `xml:"arch,attr"`
		Machine string `xml:"machine,attr"`
	} `xml:"os>type"`
	Emulator string `xml:"devices>emulator"`
	CPU      *struct {
		Mode  string     `xml:"mode,attr"`
		Attrs []xml.Attr `xml:",any,attr"`
		Inner string     `xml:",innerxml"`
	} `xml:"cpu"`
}

// CompareCPU asks whether the guest with this definition can run here; if not, the error
// is a *migration.CPUError. It accepts what libvirt cannot judge: a CPU without a model
// (host-passthrough, maximum, no <cpu>) and one of an architecture it does not compare.
func (h *Host) CompareCPU(ctx context.Context, domainXML string) error {
	const op = "compare the guest's CPU"
	var guest guestCPU
	if err := xml.Unmarshal([]byte(domainXML), &guest); err != nil {
		return h.fail(op, err)
	}
	if guest.CPU == nil || guest.CPU.Mode != "custom" && guest.CPU.Mode != "host-model" {
		return nil
	}
	cpu, err := guest.element()
	if err != nil {
		return h.fail(op, err)
	}
	_, err = read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (int32, error) {
		return lv.ConnectCompareHypervisorCPU(optional(guest.Emulator), optional(guest.Type.Arch),
			optional(guest.Type.Machine), optional(guest.VirtType), cpu, failIncompatible)
	})
	var e *Error
	switch {
	case errors.Is(err, ErrUnsupported):
		return nil
	case errors.As(err, &e) && libvirt.ErrorNumber(e.Code) == libvirt.ErrCPUIncompatible:
		return &migration.CPUError{Reason: e.Message}
	}
	return err
}

// element is the <cpu> element of the definition.
func (g guestCPU) element() (string, error) {
	type cpu struct {
		XMLName xml.Name   `xml:"cpu"`
		Mode    string     `xml:"mode,attr"`
		Attrs   []xml.Attr `xml:",any,attr"`
		Inner   string     `xml:",innerxml"`
	}
	b, err := xml.Marshal(cpu{Mode: g.CPU.Mode, Attrs: g.CPU.Attrs, Inner: g.CPU.Inner})
	return string(b), err
}

func optional(s string) libvirt.OptString {
	if s == "" {
		return nil
	}
	return libvirt.OptString{s}
}
