package preflight

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// changesCheck says which devices are called otherwise on the destination though the move does
// not ask for that, what it asks for and the VM does not have, what the changed persistent definition of a VM
// that runs lacks there, and whether the definition can be read at all. Whether the guest sees
// the same by the changed definitions, the source's verdict says.
type changesCheck struct{}

// DeviceChanged is a device that the destination's part of the configuration changes, or that
// gets back what an earlier move has changed.
type DeviceChanged struct {
	definition.Applied

	// Config is true for one that is changed so only in the persistent definition of a VM that runs.
	Config bool
}

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

// DiskTypeDiffers is a file in the place of a block device, or a block device in that of a file: the
// type of a disk stays, and QEMU opens neither as the other.
type DiskTypeDiffers struct {
	Path string
	// Block is true for a block device at Path.
	Block bool
}

// Problem implements migration.Fact.
func (DiskTypeDiffers) Problem() string { return "disk is of another type" }

// ConfigLacks is what the destination lacks of what the changed persistent definition of a VM that runs names:
// it runs there, and cannot be started again.
type ConfigLacks struct{ migration.Finding }

// Problem implements migration.Fact.
func (c ConfigLacks) Problem() string { return "next start: " + c.Fact.Problem() }

// DefinitionDenied is a login that may not read the VM's definition in the form meant for migration,
// and with its secrets, such as the password of a console.
type DefinitionDenied struct{}

// Problem implements migration.Fact.
func (DefinitionDenied) Problem() string { return "definition cannot be read, nor changed" }

func (changesCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	told := map[definition.Change]bool{}
	tell := func(changed definition.Result, config bool) {
		for _, c := range changed.Changes {
			if c.Origin != definition.ByMove && !told[c.Change] {
				told[c.Change] = true
				found = append(found, migration.Finding{
					Fact: DeviceChanged{c, config}, Host: s.destination(), Device: changedDevice(c.Change), Warning: true,
				})
			}
		}
	}
	tell(s.changed, false)
	if s.config != nil {
		tell(s.config.changed, true)
	}
	for _, u := range s.changed.Unused {
		if s.config == nil || slices.Contains(s.config.changed.Unused, u) {
			found = append(found, migration.Finding{Fact: ChangeUnused{u}, Host: s.source()})
		}
	}
	types, err := s.diskTypes(ctx)
	return slices.Concat(found, types, s.configLacks(ctx)), err
}

// diskTypes looks at what the destination has at the new path of each disk.
func (s *scope) diskTypes(ctx context.Context) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []error
	for _, c := range s.changed.Changes {
		i := slices.IndexFunc(s.guest.Disks, func(d Disk) bool { return d.Target == c.Key })
		if c.Device != definition.Disk || i < 0 {
			continue
		}
		there, err := s.Destination.VolumeByPath(ctx, c.New)
		if err != nil && reason(err) != Unsupported {
			unknown = append(unknown, unasked(s.destination(), changedDevice(c.Change), err))
		}
		// Where no pool lists it, its path tells of a device; a device may have another path, too.
		block := there != nil && there.Block || there == nil && isDevice(c.New)
		if disk := s.guest.Disks[i]; block != disk.Block && (block || there != nil) {
			found = append(found, migration.Finding{
				Fact: DiskTypeDiffers{c.New, block}, Host: s.destination(), Device: changedDevice(c.Change),
			})
		}
	}
	return found, errors.Join(unknown...)
}

// isDevice tells of a path below /dev, but for that of shared memory, where files are.
func isDevice(path string) bool {
	return strings.HasPrefix(path, "/dev/") && !strings.HasPrefix(path, "/dev/shm/")
}

// unread tells of a definition that the login may not read: without it nothing can be changed. Another login may
// make the move than the one that plans it.
func (changesCheck) unread(s *scope, err error) []migration.Finding {
	if s.Changes.Empty() || !errors.Is(err, migration.ErrDenied) {
		return nil
	}
	return []migration.Finding{{Fact: DefinitionDenied{}, Host: s.source(), Err: err, Warning: !s.Fresh}}
}

// configLacks is what the destination lacks of the changed persistent definition, and not of the one that moves. What
// it does not tell, it does not tell of the other one either, which the checks say.
func (s *scope) configLacks(ctx context.Context) []migration.Finding {
	if s.config == nil || len(s.config.changed.Changes) == 0 {
		return nil
	}
	s.verdict(ctx) // which decides about the disks, too: both are kept for all checks, and are of what moves
	config := *s
	config.see(*s.config)
	var lacks []migration.Finding
	for _, c := range []check{machineCheck{}, firmwareCheck{}, bridgeCheck{}, networkCheck{}, listenCheck{}, pathCheck{}} {
		found, _ := c.find(ctx, &config)
		if len(found) == 0 {
			continue
		}
		same, _ := c.find(ctx, s)
		for _, f := range found {
			known := slices.ContainsFunc(same, func(other migration.Finding) bool {
				return other.Device == f.Device && reflect.DeepEqual(other.Fact, f.Fact)
			})
			if !known {
				f.Subject = s.Move.Subject()
				lacks = append(lacks, migration.Finding{Fact: ConfigLacks{f}, Host: f.Host, Device: f.Device, Warning: true})
			}
		}
	}
	return lacks
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
