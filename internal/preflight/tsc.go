package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// tscCheck looks whether a guest that relies on the frequency of its time stamp counter
// (CPU feature invtsc) can be moved, and has that frequency on the destination.
type tscCheck struct{}

// InvariantTSC is a guest with the CPU feature invtsc and no frequency set: QEMU does not
// migrate it.
type InvariantTSC struct{}

// Problem implements migration.Fact.
func (InvariantTSC) Problem() string { return "CPU feature that cannot be migrated" }

// TSCDiffers is a host whose time stamp counter has another frequency and cannot be
// scaled: Need and Have in Hz.
type TSCDiffers struct{ Need, Have uint64 }

// Problem implements migration.Fact.
func (TSCDiffers) Problem() string { return "other TSC frequency" }

// tscTolerance is the part of a frequency by which QEMU and libvirt let two differ (250
// ppm).
const tscTolerance = 4000

func (tscCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	need := s.guest.TSCHz
	switch policy := s.guest.CPU.Features["invtsc"]; {
	case s.guest.VirtType != "kvm": // the counter is emulated
		return nil, nil
	case need == 0 && (policy == "require" || policy == "force"):
		if s.refused(ctx, refusal.InvariantTSC) {
			return nil, nil
		}
		return []migration.Finding{{Fact: InvariantTSC{}, Host: s.source(), Device: "cpu"}}, nil
	case need == 0:
		return nil, nil
	}
	host, err := s.Destination.Capabilities(ctx)
	switch {
	case err != nil:
		return nil, unasked(s.destination(), "", err)
	case host.TSC.Scaling:
		return nil, nil
	case host.TSC.Hz == 0:
		return nil, unknowable(s.destination(), "TSC frequency")
	}
	if difference := max(need, host.TSC.Hz) - min(need, host.TSC.Hz); difference <= need/tscTolerance {
		return nil, nil
	}
	return []migration.Finding{{
		Fact: TSCDiffers{need, host.TSC.Hz}, Host: s.destination(), Device: "timer tsc",
	}}, nil
}
