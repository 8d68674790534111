package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// versionsCheck looks whether the hosts are new enough for the policy, and for what the
// provider's configuration says of the destination. An unknown version refuses nothing.
type versionsCheck struct{}

// VersionTooOld is a Program too old for Feature: version Have, where Need is needed, as
// libvirt encodes them.
type VersionTooOld struct {
	Program, Feature string
	Need, Have       uint64
	// Source is true where only the host that the VM leaves needs it.
	Source bool
}

// Problem implements migration.Fact.
func (VersionTooOld) Problem() string { return "version too old" }

// QEMUOlder is a destination whose QEMU is older than the source's.
type QEMUOlder struct{ Source, Destination uint64 }

// Problem implements migration.Fact.
func (QEMUOlder) Problem() string { return "older QEMU" }

func (versionsCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	source, destination := s.assessed.Identities()
	for _, end := range []struct {
		host   string
		is     migration.Identity
		source bool
	}{{s.source(), source, true}, {s.destination(), destination, false}} {
		for _, fact := range s.outdated(end.is, end.source) {
			found = append(found, migration.Finding{Fact: fact, Host: end.host, Lasting: !s.Unsettled})
		}
	}
	if destination.QEMUVersion != 0 && destination.QEMUVersion < source.QEMUVersion {
		found = append(found, migration.Finding{
			Fact: QEMUOlder{source.QEMUVersion, destination.QEMUVersion}, Host: s.destination(), Warning: true,
		})
	}
	return found, nil
}

// outdated are the programs of a host that are too old for the move.
func (s *scope) outdated(host migration.Identity, source bool) []VersionTooOld {
	var old []VersionTooOld
	require := func(fact VersionTooOld) {
		if fact.Have != 0 && fact.Have < fact.Need {
			old = append(old, fact)
		}
	}
	for _, need := range s.Move.Requirements() {
		require(VersionTooOld{
			Program: "libvirt", Feature: need.Feature, Need: need.Release.Libvirt, Have: host.LibvirtVersion,
		})
		require(VersionTooOld{Program: "QEMU", Feature: need.Feature, Need: need.Release.QEMU, Have: host.QEMUVersion})
		if source {
			require(VersionTooOld{
				Program: "QEMU", Feature: need.Feature, Need: need.Release.SourceQEMU, Have: host.QEMUVersion, Source: true,
			})
		}
	}
	return old
}
