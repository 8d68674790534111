package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// versionsCheck looks whether both hosts are new enough for the policy. An unknown version
// refuses nothing.
type versionsCheck struct{}

// VersionTooOld is a Program too old for Feature: version Have, where Need is needed, as
// libvirt encodes them.
type VersionTooOld struct {
	Program, Feature string
	Need, Have       uint64
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
		host string
		is   migration.Identity
	}{{s.source(), source}, {s.destination(), destination}} {
		for _, fact := range s.outdated(end.is) {
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

// outdated are the programs of a host that are too old for the policy.
func (s *scope) outdated(host migration.Identity) []VersionTooOld {
	var old []VersionTooOld
	require := func(program, feature string, have, need uint64) {
		if have != 0 && have < need {
			old = append(old, VersionTooOld{Program: program, Feature: feature, Need: need, Have: have})
		}
	}
	for _, need := range s.Move.Policy.Requirements() {
		require("libvirt", need.Feature, host.LibvirtVersion, need.Release.Libvirt)
		require("QEMU", need.Feature, host.QEMUVersion, need.Release.QEMU)
	}
	return old
}
