package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// The checks, beside those that the engine itself makes. Their names are identifiers that
// programs match; explain has the words.
const (
	CheckCordon      migration.Check = "cordon"
	CheckPolicy      migration.Check = "policy"
	CheckMode        migration.Check = "mode"
	CheckVersions    migration.Check = "versions"
	CheckVerdict     migration.Check = "source_verdict"
	CheckHostname    migration.Check = "destination_name"
	CheckUserfaultfd migration.Check = "userfaultfd"
	CheckCertificate migration.Check = "certificate"
	CheckCPU         migration.Check = "guest_cpu"
	CheckMemory      migration.Check = "memory"
	CheckSave        migration.Check = "managed_save_image"
	CheckPass        migration.Check = "time_of_one_pass"
	CheckRDMA        migration.Check = "rdma"
	CheckLocked      migration.Check = "locked_memory"
	CheckChanges     migration.Check = "destination_changes"
)

// Needs is what has to be known before a check can be made.
type Needs int

// What checks need; each includes the ones before it.
const (
	// NeedsRequest is what is asked for.
	NeedsRequest Needs = iota
	// NeedsHosts is two hosts that answer.
	NeedsHosts
	// NeedsGuest is a VM that runs on the source without a job, and its definition.
	NeedsGuest
)

// Severity is what the findings of a check are.
type Severity string

// The severities. An error refuses the move, a warning does not.
const (
	Errors   Severity = "error"
	Warnings Severity = "warning"
	Either   Severity = "error or warning"
	// Unknown is a check that libvirt has no question for. It says so where it would matter.
	Unknown Severity = "nothing, libvirt does not report it"
)

// Allows tells whether a finding of a check of that severity may be a warning, or an error.
func (s Severity) Allows(warning bool) bool {
	return s == Either || warning && s == Warnings || !warning && s == Errors
}

// Row is one check of the catalogue.
type Row struct {
	Check migration.Check
	// About is what it makes sure of, in a few words.
	About string
	// Asks is what it asks, in libvirt's terms.
	Asks  string
	Needs Needs
	// Severity is what its findings are.
	Severity Severity
	// Outlook is what a plan makes of those that are errors.
	Outlook Outlook
	// Calls is how many calls to libvirt it costs for one VM, beside those that all checks
	// share and those about a host, which are made once.
	Calls int
	// OfDefinition is not nil for a check that is made, too, before the definition of a VM
	// moves that is shut off: what a plan makes of its errors then.
	OfDefinition *Outlook
	// Attribute is the one of a move that its findings are about. A finding about a policy
	// field is about that.
	Attribute string

	// check makes it; nil for one that the engine makes.
	check check
}

// check makes one check. The runner adds the subject and the name to its findings. An
// error says why it could not be made, or not in all parts (unasked, unknowable,
// needsThorough, or several joined); its findings count all the same.
type check interface {
	find(ctx context.Context, s *scope) ([]migration.Finding, error)
}

// ofDefinition makes the check, too, before a definition moves. A plan makes of its errors
// what it does otherwise, unless an outlook of its own is given.
func (r Row) ofDefinition(own ...Outlook) Row {
	r.OfDefinition = &r.Outlook
	if len(own) > 0 {
		r.OfDefinition = &own[0]
	}
	return r
}

// applies tells whether the check is made for a move, and what a plan makes of its errors.
func (r Row) applies(m migration.Request) (Outlook, bool) {
	if !m.Definition {
		return r.Outlook, true
	}
	if r.OfDefinition == nil {
		return Outlook{}, false
	}
	return *r.OfDefinition, true
}

// Engine tells whether the engine itself makes the check, first of all.
func (r Row) Engine() bool { return r.check == nil }

// Table is the catalogue of all checks, in the order of their findings.
func Table() []Row {
	return slices.Concat(engineTable(), moveTable(), guestTable(), destinationTable())
}

// engineTable is the part of the catalogue that the engine itself makes.
func engineTable() []Row {
	row := func(c migration.Check, about, asks string, needs Needs, o Outlook, calls int, attribute string) Row {
		return Row{c, about, asks, needs, Errors, o, calls, &o, attribute, nil}
	}
	return []Row{
		row(migration.CheckAnswers, "libvirt on both hosts answers", "virConnectGetHostname, virConnectGetLibVersion",
			NeedsRequest, curable("the host may answer again"), 0, "destination"),
		row(migration.CheckHosts, "source and destination are two hosts", "host UUID of virConnectGetCapabilities",
			NeedsHosts, lasts("a host keeps its UUID"), 0, "destination"),
		row(migration.CheckState, "the VM runs on its source, and can be moved", "virDomainGetState",
			NeedsHosts, curable("the same apply may start the VM"), 2, "vm"),
		row(migration.CheckOneHome, "the destination does not run the VM, too", "virDomainGetState",
			NeedsHosts, curable("the same apply may end one of the two"), 0, "vm"),
		row(migration.CheckJob, "no other job runs on the VM", "virDomainGetJobStats",
			NeedsHosts, curable("a job ends"), 1, "vm"),
	}
}

// moveTable is the part of the catalogue about what is asked for, and about the hosts'
// programs.
func moveTable() []Row {
	row := func(
		c migration.Check, about, asks string, needs Needs, severity Severity, o Outlook, attribute string, check check,
	) Row {
		return Row{c, about, asks, needs, severity, o, 0, nil, attribute, check}
	}
	unforeseen := "while the policy cannot be foreseen, the same apply may change it"
	return []Row{
		row(CheckPolicy, "the effective policy does not contradict itself", "nothing",
			NeedsRequest, Errors, depends(unforeseen), "vm", policyCheck{}),
		row(CheckMode, "peer-to-peer has an address of the destination's libvirt", "nothing",
			NeedsRequest, Errors, lasts("the provider's configuration stays"), "mode", modeCheck{}).ofDefinition(),
		row(CheckCordon, "the destination is not cordoned", "virSecretGetXMLDesc",
			NeedsHosts, Errors, lasts("a cordon stays until somebody opens the host"), "destination",
			cordonCheck{}).ofDefinition(),
		row(CheckVersions,
			"libvirt and QEMU are new enough for the policy and the destination's `listen_address` and `tls_destination`, "+
				"and the destination's QEMU is no older",
			"virConnectGetLibVersion, virConnectGetVersion", NeedsHosts, Either, depends(unforeseen),
			"destination", versionsCheck{}),
		row(CheckHostname,
			"memory has an address to go to: a `migration_uri`, or a host name of its own that is not localhost",
			"virConnectGetHostname", NeedsHosts, Warnings, harmless(), "destination", hostnameCheck{}).ofDefinition(),
		row(CheckUserfaultfd, "QEMU may use userfaultfd on both hosts, for `post_copy`", "nothing",
			NeedsRequest, Unknown, harmless(), "destination", userfaultfdCheck{}),
		row(CheckCertificate, "QEMU's certificates name the address that memory goes to, or `tls_destination`, for "+
			"`encryption`", "nothing",
			NeedsRequest, Unknown, harmless(), "destination", certificateCheck{}),
	}
}

// guestTable is the part of the catalogue about the guest, its memory and its CPU.
func guestTable() []Row {
	row := func(
		c migration.Check, about, asks string, severity Severity, o Outlook, calls int, attribute string, check check,
	) Row {
		return Row{c, about, asks, NeedsGuest, severity, o, calls, nil, attribute, check}
	}
	return []Row{
		row(CheckVerdict, "libvirt on the source would begin the migration", "virDomainMigrateBegin3Params",
			Errors, depends("the VM is taken as it runs, but a block job ends, and what is not known may pass"),
			1, "vm", verdictCheck{}).ofDefinition(),
		row(CheckChanges, "the VM has what `destination_changes` changes, and its changed persistent definition finds all "+
			"there",
			"virDomainGetXMLDesc, virStorageVolGetXMLDesc",
			Either, lasts("the VM is taken as it runs"), 0, "destination_changes", changesCheck{}).ofDefinition(),
		row(CheckCPU, "the destination can run the guest's CPU", "virConnectCompareHypervisorCPU",
			Errors, lasts("a host keeps its CPU"), 1, "destination", cpuCheck{}),
		row(CheckMemory, "the destination has memory for the guest", "virNodeGetMemoryStats",
			Warnings, harmless(), 0, "destination", memoryCheck{}),
		row(CheckPass,
			"a pass over the guest's memory ends within the timeout, at the bandwidth that the policy allows",
			"nothing", Warnings, harmless(), 0, "timeout", passCheck{}),
		row(CheckRDMA, "a VM that is sent by RDMA has the memory limit that libvirt wants", "nothing",
			Errors, lasts("the VM is taken as it runs"), 0, "vm", rdmaCheck{}),
		row(CheckLocked, "QEMU may lock all of the guest's memory, for `zero_copy`", "nothing",
			Warnings, harmless(), 0, "zero_copy", lockedMemoryCheck{}),
		row(CheckSave, "no managed-save image is older than the running VM's disks", "virDomainHasManagedSaveImage",
			Errors, lasts("no resource removes the image"), 1, "vm", managedSaveCheck{}).ofDefinition(),
	}
}

// Attribute is the attribute of a move that findings of a check are about.
func Attribute(name migration.Check) string {
	for _, e := range Table() {
		if e.Check == name {
			return e.Attribute
		}
	}
	return "destination" // a check that is not in the table; a test sees that there is none
}
