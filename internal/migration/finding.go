package migration

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Check names one thing that is looked at before a migration starts.
type Check string

// The checks.
const (
	CheckPolicy   Check = "policy"
	CheckMode     Check = "mode"
	CheckAnswers  Check = "libvirt answers"
	CheckHosts    Check = "different hosts"
	CheckState    Check = "domain state"
	CheckOneHome  Check = "runs on one host"
	CheckJob      Check = "no other job"
	CheckCPU      Check = "guest CPU"
	CheckMemory   Check = "memory"
	CheckVersions Check = "versions"
)

// Problem is what a check has found.
type Problem string

// The problems.
const (
	// PolicyConflict is a contradiction in the policy, Conflict, of a field whose Value
	// comes from Origin.
	PolicyConflict Problem = "policy conflict"
	// NoPeerURI is a destination that other hosts' libvirt cannot reach.
	NoPeerURI Problem = "no peer_uri"
	// NoAnswer is a host whose libvirt does not answer, for the reason in Err.
	NoAnswer Problem = "no answer"
	// SameHost is one host under two names, with Identity.
	SameHost Problem = "same host"
	// NotRunning is a VM that does not run on the source, where Seen was seen.
	NotRunning Problem = "not running"
	// BrokenPostCopy is a post-copy that has lost its link and left Outcome.
	BrokenPostCopy Problem = "post-copy lost its link"
	// Stranded is a guest that a lost client has left paused; its other copy may run on
	// Other.
	Stranded Problem = "stranded"
	// TwoHomes is a VM that is on the source as in Outcome and on the destination, too.
	TwoHomes Problem = "on both hosts"
	// JobUnknown is a source that does not say whether a job runs, for the reason in Err.
	JobUnknown Problem = "job not known"
	// IncomingLeft is an incoming domain of a migration that has ended.
	IncomingLeft Problem = "incoming domain left"
	// OtherJob is another job on the VM.
	OtherJob Problem = "another job"
	// RivalMigration is a migration of which more than one host holds an incoming domain,
	// OtherMigration one of which the destination holds none.
	RivalMigration Problem = "several incoming domains"
	OtherMigration Problem = "another migration"
	// DefinitionUnread is a definition that could not be read, for the reason in Err.
	DefinitionUnread Problem = "definition not read"
	// CPUMissing is a guest CPU that the destination cannot run, for Reason. CPUUnknown
	// is one that could not be compared, for the reason in Err.
	CPUMissing Problem = "CPU not available"
	CPUUnknown Problem = "CPU not compared"
	// MemoryTooSmall is a host that has less memory than the guest, Have of Need bytes,
	// MemoryShort one that has less available. MemoryUnknown is one that does not say,
	// for the reason in Err.
	MemoryTooSmall Problem = "host too small"
	MemoryShort    Problem = "memory short"
	MemoryUnknown  Problem = "memory not known"
	// VersionTooOld is a Program too old for Feature: version Have, where Need is needed.
	// QEMUOlder is a destination whose QEMU, Have, is older than the source's, Need.
	VersionTooOld Problem = "version too old"
	QEMUOlder     Problem = "older QEMU"
)

// Finding is one thing that speaks against a migration.
type Finding struct {
	Subject

	Check   Check
	Problem Problem
	// Host is the host it was found on; empty when it is on none.
	Host string
	// Warning is true when the migration may well succeed nevertheless.
	Warning bool
	// Lasting is true when it will be just the same when the move is made later,
	// so that a plan can refuse it.
	Lasting bool
	// Err is the host's error behind it, or nil.
	Err error

	// What each problem says of itself.
	Conflict   policy.Problem
	Value      string
	Origin     policy.Origin
	Identity   Identity
	Seen       Observation
	Outcome    Outcome
	Other      OtherCopy
	Reason     string
	Program    string
	Feature    string
	Need, Have uint64
}

// String is the finding as one line.
func (f Finding) String() string {
	line := fmt.Sprintf("%s: %s", f.Check, f.Problem)
	if f.Host != "" {
		line += " on " + f.Host
	}
	if f.Err != nil {
		line += fmt.Sprintf(": %v", f.Err)
	}
	return line
}
