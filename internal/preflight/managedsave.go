package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// managedSaveCheck looks for a managed-save image of the VM, which runs: the image is older
// than its disks, and a start from it would bring old memory to them. libvirt leaves the
// image on the source and forgets it, but starts from it when the VM has come back.
type managedSaveCheck struct{}

// ManagedSave is a managed-save image of a VM that runs.
type ManagedSave struct{}

// Problem implements migration.Fact.
func (ManagedSave) Problem() string { return "old managed-save image" }

// SavedState is a managed-save image of a VM that is shut off: the guest's memory, with which
// it would go on.
type SavedState struct{}

// Problem implements migration.Fact.
func (SavedState) Problem() string { return "its memory is saved on the source" }

func (managedSaveCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	hosts := []Host{s.Source}
	if s.assessed.Destination().Defined() {
		hosts = append(hosts, s.Destination)
	}
	var findings []migration.Finding
	for _, host := range hosts {
		has, err := host.HasManagedSave(ctx, s.Move.UUID)
		if err != nil {
			return findings, unasked(host.Name(), "", err)
		}
		if has {
			findings = append(findings, migration.Finding{Fact: saved(s, host), Host: host.Name()})
		}
	}
	return findings, nil
}

// saved is what an image on a host means.
func saved(s *scope, host Host) migration.Fact {
	if s.Move.Definition && host.Name() == s.source() {
		return SavedState{}
	}
	return ManagedSave{}
}
