package migration

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func versionText(v uint64) string {
	return fmt.Sprintf("%d.%d.%d", v/1000000, v/1000%1000, v%1000)
}

// checkVersions looks whether both hosts are new enough for what the policy asks
// for. A version that is not known refuses nothing. What a host lacks beside,
// such as its TLS certificates, only libvirt's refusal of the migration tells.
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
		a.add(Finding{Check: CheckVersions, Host: r.Destination.Name(), Warning: true, Lasting: true, Detail: fmt.Sprintf(
			"QEMU there is %s, older than %s on %s: it may not understand what it is sent.",
			versionText(destination.QEMUVersion), versionText(source.QEMUVersion), r.Source.Name())})
	}
}

func (a *Assessment) requireVersion(host, program string, have, want uint64, need policy.Requirement) {
	if have == 0 || have >= want {
		return
	}
	a.add(Finding{Check: CheckVersions, Host: host, Lasting: true, Detail: fmt.Sprintf(
		"%s needs %s %s or newer on both hosts, and %s has %s.", need.Feature, program, versionText(want), host, versionText(have))})
}
