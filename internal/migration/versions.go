package migration

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"

// requirement is the oldest version a feature works with, in libvirt's encoding.
// 0 is any.
type requirement struct {
	feature       string
	asked         func(policy.Effective) bool
	libvirt, qemu uint64
}

// requirements holds for both ends. Sources: libvirt's news (VIR_MIGRATE_POSTCOPY
// 1.3.3, VIR_MIGRATE_TLS 3.2.0, VIR_MIGRATE_PARALLEL 5.2.0) and QEMU's change log
// (multifd 4.0); QEMU before 10.1 refuses multifd with post-copy, or ends with
// the guest shut off on the destination.
var requirements = []requirement{
	{
		"post_copy", func(e policy.Effective) bool { return e.PostCopy },
		version(1, 3, 3), version(2, 6, 0),
	},
	{
		"encryption", func(e policy.Effective) bool { return e.Encryption },
		version(3, 2, 0), version(2, 7, 0),
	},
	{
		"parallel_connections", func(e policy.Effective) bool { return e.ParallelConnections > 0 },
		version(5, 2, 0), version(4, 0, 0),
	},
	{
		"post_copy together with parallel_connections", func(e policy.Effective) bool { return e.PostCopy && e.ParallelConnections > 0 },
		0, version(10, 1, 0),
	},
}

func version(major, minor, release uint64) uint64 { return major*1000000 + minor*1000 + release }

// checkVersions looks whether both hosts are new enough for what the policy asks
// for. A version that is not known refuses nothing. What a host lacks beside,
// such as its TLS certificates, only libvirt's refusal of the migration tells.
func (a *Assessment) checkVersions(r Request, source, destination Identity) {
	for _, end := range []struct {
		host     string
		identity Identity
	}{{r.Source.Name(), source}, {r.Destination.Name(), destination}} {
		for _, need := range requirements {
			if need.asked(r.Policy) {
				a.requireVersion(end.host, "libvirt", end.identity.LibvirtVersion, need.libvirt, need)
				a.requireVersion(end.host, "QEMU", end.identity.QEMUVersion, need.qemu, need)
			}
		}
	}
	if destination.QEMUVersion != 0 && destination.QEMUVersion < source.QEMUVersion {
		a.add(Finding{
			Check: CheckVersions, Problem: QEMUOlder, Host: r.Destination.Name(), Warning: true, Lasting: true,
			Have: destination.QEMUVersion, Need: source.QEMUVersion,
		})
	}
}

func (a *Assessment) requireVersion(host, program string, have, want uint64, need requirement) {
	if have == 0 || have >= want {
		return
	}
	a.add(Finding{
		Check: CheckVersions, Problem: VersionTooOld, Host: host, Lasting: true,
		Feature: need.feature, Program: program, Need: want, Have: have,
	})
}
