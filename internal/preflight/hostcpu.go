package preflight

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// hostCPUCheck looks whether a guest that has the CPU of its host finds the same one on
// the destination. libvirt does not: it starts the guest there on what CPU there is.
type hostCPUCheck struct{}

// CPUModeMissing is a host that cannot give a guest a CPU of a mode.
type CPUModeMissing struct{ Mode string }

// Problem implements migration.Fact.
func (CPUModeMissing) Problem() string { return "CPU mode not available" }

// HostCPULess is a host whose CPU lacks something of the source's, for Reason.
type HostCPULess struct{ Mode, Reason string }

// Problem implements migration.Fact.
func (HostCPULess) Problem() string { return "lesser host CPU" }

func (hostCPUCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	mode := s.guest.CPU.Mode
	if mode != "host-passthrough" && mode != "maximum" {
		return nil, nil
	}
	c, known, err := s.capabilities(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	if supported, told := c.CPUModes[mode]; known && told && !supported {
		return []migration.Finding{{Fact: CPUModeMissing{mode}, Host: s.destination()}}, nil
	}
	if s.guest.VirtType != "kvm" { // QEMU makes it up, each version another one
		source, destination := s.assessed.Identities()
		if source.QEMUVersion != destination.QEMUVersion {
			return nil, unknowable(s.destination(), "the emulated CPU of another QEMU")
		}
		return nil, nil
	}
	source, err := s.Source.Capabilities(ctx)
	if err != nil {
		return nil, unasked(s.source(), "", err)
	}
	if source.CPU == "" {
		return nil, unknowable(s.source(), "host CPU")
	}
	err = s.Destination.CompareHostCPU(ctx, source.CPU)
	var less *CPUError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &less):
		return []migration.Finding{{
			Fact: HostCPULess{mode, less.Reason}, Host: s.destination(), Warning: true, Err: err,
		}}, nil
	}
	return nil, unasked(s.destination(), "", err)
}
