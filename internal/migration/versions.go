package migration

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"

// checkVersions checks whether both hosts are new enough for the policy. An unknown
// version refuses nothing. Whatever else a host lacks, such as TLS certificates, only
// libvirt's refusal of the migration tells.
func (a *Assessment) checkVersions(r Request, source, destination Identity) {
	for _, end := range []struct {
		host     string
		identity Identity
	}{{r.Source.Name(), source}, {r.Destination.Name(), destination}} {
		for _, need := range r.Policy.Requirements() {
			a.requireVersion(end.host, "libvirt", end.identity.LibvirtVersion, need.Release.Libvirt, need)
			a.requireVersion(end.host, "QEMU", end.identity.QEMUVersion, need.Release.QEMU, need)
		}
	}
	if destination.QEMUVersion != 0 && destination.QEMUVersion < source.QEMUVersion {
		a.add(Finding{
			Check: CheckVersions, Problem: QEMUOlder, Host: r.Destination.Name(), Warning: true, Lasting: true,
			Have: destination.QEMUVersion, Need: source.QEMUVersion,
		})
	}
}

func (a *Assessment) requireVersion(host, program string, have, want uint64, need policy.Requirement) {
	if have == 0 || have >= want {
		return
	}
	a.add(Finding{
		Check: CheckVersions, Problem: VersionTooOld, Host: host, Lasting: true,
		Feature: need.Feature, Program: program, Need: want, Have: have,
	})
}
