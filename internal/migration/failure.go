package migration

import (
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Diagnosis is every error that Run returns: a *PreflightError,
// *CancelledError, *TimedOutError, *NotConvergedError or *FailedError. Its Error
// is the whole text for people, in sentences; its last line says where the VM
// is, in the form `VM NAME is running on HOST`.
type Diagnosis interface {
	error
	// Summary is the title.
	Summary() string
	// Where is what both hosts said of the VM after all was over.
	Where() Outcome
	// Common is what all errors of a move have in common.
	Common() *Failure
}

var (
	_ Diagnosis = (*PreflightError)(nil)
	_ Diagnosis = (*CancelledError)(nil)
	_ Diagnosis = (*TimedOutError)(nil)
	_ Diagnosis = (*NotConvergedError)(nil)
	_ Diagnosis = (*FailedError)(nil)
)

// Failure is what all errors of a move have in common.
type Failure struct {
	// Happened says what happened, in sentences.
	Happened string
	// Advice says what would have helped, most promising first.
	Advice []Advice
	// Notes are further sentences that an operator should know.
	Notes []string
	// Outcome is where the VM was seen afterwards.
	Outcome Outcome

	cause error
}

// Error implements error.
func (f *Failure) Error() string {
	parts := []string{f.Happened}
	if len(f.Advice) > 0 {
		lines := []string{"What would help:"}
		for _, a := range f.Advice {
			lines = append(lines, "  - "+a.Text)
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	parts = append(parts, f.Notes...)
	if remedy := f.Outcome.remedy(); remedy != "" {
		parts = append(parts, remedy)
	}
	return strings.Join(append(parts, f.Outcome.String()), "\n\n")
}

// Unwrap gives the error of a host that is behind the failure, if any.
func (f *Failure) Unwrap() error { return f.cause }

// Where implements Diagnosis.
func (f *Failure) Where() Outcome { return f.Outcome }

// Common implements Diagnosis.
func (f *Failure) Common() *Failure { return f }

// PreflightError is a move that was not started.
type PreflightError struct {
	Failure
	// Findings has what speaks against it, at least one.
	Findings []Finding
}

// Summary implements Diagnosis.
func (e *PreflightError) Summary() string { return "Unable to Migrate Virtual Machine" }

// CancelledError is a move that was called off by whoever asked for it, or by
// someone else on the source.
type CancelledError struct {
	Failure
}

// Summary implements Diagnosis.
func (e *CancelledError) Summary() string { return "Migration Cancelled" }

// TimedOutError is a move that a time limit of the policy ended: Limit is
// FieldTimeout, or FieldStallTimeout when no byte was sent for so long.
type TimedOutError struct {
	Failure
	Limit policy.Field
}

// Summary implements Diagnosis.
func (e *TimedOutError) Summary() string { return "Migration Timed Out" }

// NotConvergedError is a move that got no nearer to its end.
type NotConvergedError struct {
	Failure
	// DirtyRate is what the guest dirtied and Bandwidth what was sent, in bytes
	// per second.
	DirtyRate, Bandwidth uint64
	// Throttle is the highest that auto-converge reached, in percent.
	Throttle int64
	// Remaining is the least memory that remained after a pass, in bytes.
	Remaining uint64
	// Passes is how many passes over memory were begun.
	Passes uint64
	// Elapsed is how long the migration took until it was called off.
	Elapsed time.Duration
}

// Summary implements Diagnosis.
func (e *NotConvergedError) Summary() string { return "Migration Did Not Converge" }

// FailedError is a move that libvirt or QEMU ended with an error, or whose end
// could not be seen.
type FailedError struct {
	Failure
}

// Summary implements Diagnosis.
func (e *FailedError) Summary() string { return "Unable to Migrate Virtual Machine" }
