package host

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"slices"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// DomainCapabilities is what the host can give a guest of a machine type. The error is a
// *preflight.EmulatorError, a *preflight.MachineError or a *preflight.AcceleratorError when
// it can give nothing.
func (h *Host) DomainCapabilities(ctx context.Context, m preflight.Machine) (preflight.DomainCapabilities, error) {
	const op = "ask what the emulator can do"
	ask := func(m preflight.Machine) (string, error) {
		return read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (string, error) {
			return lv.ConnectGetDomainCapabilities(
				optional(m.Emulator), optional(m.Arch), optional(m.Type), optional(m.VirtType), 0)
		})
	}
	document, err := ask(m)
	switch {
	case m.Emulator != "" && cannotExecute(err):
		return preflight.DomainCapabilities{}, &preflight.EmulatorError{Emulator: m.Emulator}
	case answered(err, libvirt.ErrInvalidArg):
		// What is invalid is that without which the rest is valid.
		other := m
		if other.Type = ""; valid(ask(other)) {
			return preflight.DomainCapabilities{}, &preflight.MachineError{Machine: m}
		}
		if other.VirtType = ""; valid(ask(other)) {
			return preflight.DomainCapabilities{}, &preflight.AcceleratorError{VirtType: m.VirtType}
		}
	}
	if err != nil {
		return preflight.DomainCapabilities{}, err
	}
	capabilities, err := parseDomainCapabilities(document)
	return capabilities, h.fail(op, err)
}

// cannotExecute tells whether libvirt did not find a program, or may not execute it.
func cannotExecute(err error) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains([]int{noEntry, noPermission, notDirectory, isDirectory}, e.Errno)
}

func valid(_ string, err error) bool { return err == nil }

// supported is the attribute that says whether a guest can have an element.
type supported struct {
	Supported string `xml:"supported,attr"`
}

// parseDomainCapabilities reads libvirt's document.
func parseDomainCapabilities(document string) (preflight.DomainCapabilities, error) {
	var doc struct {
		VCPU struct {
			Max uint `xml:"max,attr"`
		} `xml:"vcpu"`
		Loaders []string `xml:"os>loader>value"`
		Modes   []struct {
			supported
			Name string `xml:"name,attr"`
		} `xml:"cpu>mode"`
		Devices struct {
			All []struct {
				supported
				XMLName xml.Name
				Enums   []struct {
					Name   string   `xml:"name,attr"`
					Values []string `xml:"value"`
				} `xml:"enum"`
			} `xml:",any"`
		} `xml:"devices"`
	}
	if err := xml.Unmarshal([]byte(document), &doc); err != nil {
		return preflight.DomainCapabilities{}, err
	}
	c := preflight.DomainCapabilities{
		MaxVCPUs: doc.VCPU.Max, Loaders: doc.Loaders,
		CPUModes: map[string]bool{}, Devices: map[string]preflight.DeviceCapabilities{},
	}
	for _, mode := range doc.Modes {
		c.CPUModes[mode.Name] = mode.Supported == "yes"
	}
	for _, d := range doc.Devices.All {
		device := preflight.DeviceCapabilities{
			Supported: cmp.Or(d.Supported, "yes") == "yes", Values: map[string][]string{},
		}
		for _, enum := range d.Enums {
			device.Values[enum.Name] = enum.Values
		}
		c.Devices[d.XMLName.Local] = device
	}
	return c, nil
}
