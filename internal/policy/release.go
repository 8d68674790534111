package policy

import (
	"fmt"
	"strings"
)

// Release is the oldest release of libvirt and of QEMU that something works
// with, as libvirt encodes them: 1,000,000 * major + 1,000 * minor + micro. 0 is
// any.
type Release struct {
	// Libvirt and QEMU are needed on both hosts, SourceQEMU only where the VM is.
	Libvirt, QEMU, SourceQEMU uint64
}

// String names the releases, such as "libvirt 9.4 and QEMU 5.0"; empty for any.
func (r Release) String() string {
	var programs []string
	for _, p := range []struct {
		program string
		oldest  uint64
		where   string
	}{{"libvirt", r.Libvirt, ""}, {"QEMU", r.QEMU, ""}, {"QEMU", r.SourceQEMU, " where the VM is"}} {
		if p.oldest > 0 {
			const major, minor = 1_000_000, 1_000
			programs = append(programs, fmt.Sprintf("%s %d.%d%s", p.program, p.oldest/major, p.oldest%major/minor, p.where))
		}
	}
	return strings.Join(programs, " and ")
}

// Requirement is what the hosts of a migration need.
type Requirement struct {
	// Feature is the field that needs it, or two that need it together.
	Feature string
	Release Release
}

// Requirements lists what hosts need for what libvirt is told of the policy.
func (e Effective) Requirements() []Requirement {
	var all []Requirement
	for _, d := range table {
		if d.needs != (Release{}) && !d.dormant(&e.Policy) && !d.tell(&e.Policy).Empty() {
			all = append(all, Requirement{string(d.Field), d.needs})
		}
	}
	if e.PostCopy() && e.ParallelConnections() > 0 {
		// Before, QEMU refuses it, or ends with the guest shut off on the destination.
		all = append(all, Requirement{"post_copy together with parallel_connections", Release{QEMU: 10_001_000}})
	}
	return all
}

// Supported lists the fields that a host with that libvirt and QEMU can apply, to VMs that
// leave it, too, in the order of Fields.
func Supported(by Release) []Field {
	var fields []Field
	for i := range table {
		if needs := table[i].needs; by.Libvirt >= needs.Libvirt && by.QEMU >= max(needs.QEMU, needs.SourceQEMU) {
			fields = append(fields, table[i].Field)
		}
	}
	return fields
}
