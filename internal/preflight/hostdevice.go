package preflight

import (
	"context"
	"errors"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// hostDeviceCheck looks whether the destination has the PCI devices that the guest has of
// its host. Others cannot be looked up by what the guest knows of them.
type hostDeviceCheck struct{}

// HostDeviceMissing is a host without a device at an address.
type HostDeviceMissing struct{ Type, Name string }

// Problem implements migration.Fact.
func (HostDeviceMissing) Problem() string { return "no such host device" }

func (hostDeviceCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if s.refused(ctx, refusal.HostDevice) {
		return nil, nil
	}
	var found []migration.Finding
	var unknown []error
	for _, d := range s.guest.HostDevices {
		device := strings.TrimSpace(d.Type + " " + d.Name)
		if d.Type != "pci" {
			unknown = append(unknown, unknowable(s.destination(), device))
			continue
		}
		node := "pci_" + strings.NewReplacer(":", "_", ".", "_").Replace(d.Name)
		has, err := s.Destination.HasNodeDevice(ctx, node)
		switch {
		case err != nil:
			unknown = append(unknown, unasked(s.destination(), device, err))
		case !has:
			found = append(found, migration.Finding{
				Fact: HostDeviceMissing(d), Host: s.destination(), Device: "hostdev " + d.Name,
			})
		}
	}
	return found, errors.Join(unknown...)
}
