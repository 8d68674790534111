package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// changesCheck says which devices are called otherwise on the destination though the move does
// not ask for that, and what it asks for and the VM does not have. Whether the guest sees the
// same by the changed definition, the source's verdict says.
type changesCheck struct{}

// DeviceChanged is a device that the destination's part of the configuration changes, or that
// gets back what an earlier move has changed.
type DeviceChanged struct{ definition.Applied }

// Problem implements migration.Fact.
func (DeviceChanged) Problem() string { return "device is changed" }

// ChangeUnused is a change that is asked for and fits nothing in the VM's definition.
type ChangeUnused struct{ definition.Unused }

// Problem implements migration.Fact.
func (u ChangeUnused) Problem() string {
	if u.Pathless {
		return "disk has no path"
	}
	return "nothing to change"
}

func (changesCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	for _, c := range s.changed.Changes {
		if c.Origin != definition.ByMove {
			found = append(found, migration.Finding{
				Fact: DeviceChanged{c}, Host: s.destination(), Device: changedDevice(c.Change), Warning: true,
			})
		}
	}
	for _, u := range s.changed.Unused {
		found = append(found, migration.Finding{Fact: ChangeUnused{u}, Host: s.source()})
	}
	return found, nil
}

// changedDevice is a device as findings call it.
func changedDevice(c definition.Change) string {
	switch c.Device {
	case definition.Interface, definition.Disk:
		return string(c.Device) + " " + c.Key
	case definition.Graphics:
		return "graphics " + c.Key
	case definition.NVRAM:
		return "NVRAM"
	case definition.Emulator:
	}
	return string(c.Device)
}
