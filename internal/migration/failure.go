package migration

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Diagnosis is every error that Run itself makes: a *PreflightError,
// *CancelledError, *TimedOutError, *NotConvergedError, *FailedError or *DefinitionError. It is a
// fact of one line; package explain has the words for an operator.
type Diagnosis interface {
	error
	// Common is what all errors of a move have in common.
	Common() *Failure
}

var (
	_ Diagnosis = (*PreflightError)(nil)
	_ Diagnosis = (*CancelledError)(nil)
	_ Diagnosis = (*TimedOutError)(nil)
	_ Diagnosis = (*NotConvergedError)(nil)
	_ Diagnosis = (*FailedError)(nil)
	_ Diagnosis = (*DefinitionError)(nil)
)

// Failure is what all errors of a move have in common.
type Failure struct {
	// Course is how the migration went; zero when it was not started.
	Course Course
	// Outcome is what both hosts said of the VM afterwards.
	Outcome Outcome
	// Elsewhere is what other hosts said of it, where that matters: they were asked
	// because neither of the two was seen to run the VM.
	Elsewhere []Observation
	// Unfound is why the VM could not be found in a move that was cancelled before its
	// source was known; else nil.
	Unfound error
	// Downtime is the longest pause for a switch-over that could not be restored; nil
	// when it was, or did not have to be.
	Downtime *StaleDowntime
	// Lost is what was not carried to a destination that has the VM, or may have it.
	Lost []Warning
}

// StaleDowntime is max_downtime_ms that a move has left set in the guest's QEMU.
type StaleDowntime struct {
	// Milliseconds is what the move has set, Before what was set before.
	Milliseconds int64
	Before       uint64
	Err          error
}

// Unwrap gives the errors of hosts that are behind the failure, if any.
func (f *Failure) Unwrap() error { return errors.Join(f.Course.Err, f.Unfound) }

// Common implements Diagnosis.
func (f *Failure) Common() *Failure { return f }

// Whereabouts is what all hosts said that were asked after the end.
func (f *Failure) Whereabouts() Whereabouts {
	w := f.Outcome.Whereabouts()
	if f.Outcome.Source.Host == "" {
		w.Hosts = nil // no more is known of the destination than its name
	}
	w.Hosts = append(w.Hosts, f.Elsewhere...)
	if f.MayGoOn() {
		w.BoundFor = f.Outcome.Destination.Host
	}
	return w
}

// MayGoOn tells whether the migration may still be under way, so that the VM may move.
func (f *Failure) MayGoOn() bool {
	o := f.Outcome
	if o.Untouched || o.Foreign {
		return false
	}
	switch o.Place() {
	case OnSource, PausedOnSource, Unknown:
		return o.MayMigrate() || f.Course.Unseen != nil && !o.Source.Known() && !o.Withheld
	default:
		return false
	}
}

// line is the failure as one line.
func (f *Failure) line(what string) string {
	o := f.Outcome
	way := "to " + o.Destination.Host
	if o.Source.Host != "" {
		way = fmt.Sprintf("from %s %s", o.Source.Host, way)
	}
	return fmt.Sprintf("migration of VM %s %s: %s", o.Name, way, what)
}

// PreflightError is a move that was not started.
type PreflightError struct {
	Failure
	// Findings has what speaks against it, at least one.
	Findings []Finding
}

func (e *PreflightError) Error() string {
	lines := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		lines[i] = f.String()
	}
	return e.line("not started: " + strings.Join(lines, "; "))
}

// Unwrap gives the errors of hosts that are behind the findings.
func (e *PreflightError) Unwrap() error {
	errs := make([]error, len(e.Findings))
	for i, f := range e.Findings {
		errs[i] = f.Err
	}
	return errors.Join(errs...)
}

// CancelledError is a move that was cancelled by whoever asked for it, or by
// someone else on the source.
type CancelledError struct {
	Failure
	// Err is why it was not started: the context's error, or that of a caller which
	// starts no more moves; nil when it was.
	Err error
}

func (e *CancelledError) Error() string { return e.line("cancelled") }

// Unwrap gives the errors behind it.
func (e *CancelledError) Unwrap() []error { return []error{e.Err, e.Failure.Unwrap()} }

// TimedOutError is a move that a time limit of the policy ended: Limit is
// FieldTimeout, or FieldStallTimeout when no byte was sent for so long.
type TimedOutError struct {
	Failure
	Limit policy.Field
}

func (e *TimedOutError) Error() string {
	return e.line(fmt.Sprintf("timed out after %s (%s)", e.Course.Elapsed.Round(time.Second), e.Limit))
}

// NotConvergedError is a move that made no progress; Course.Figures says how fast the
// guest dirtied memory, and how fast that was sent; or, where the cause is CausedByMirror, how
// fast it wrote to its disks, and how fast they were copied.
type NotConvergedError struct {
	Failure
}

func (e *NotConvergedError) Error() string {
	return e.line(fmt.Sprintf("did not converge in %s", e.Course.Elapsed.Round(time.Second)))
}

// FailedError is a move that libvirt or QEMU ended with an error, or whose end
// could not be seen.
type FailedError struct {
	Failure
}

func (e *FailedError) Error() string {
	if err := errors.Join(e.Course.Err, e.Course.Unseen); err != nil {
		return e.line("failed: " + strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return e.line("failed")
}

// DefinitionError is a move of a definition that did not succeed. Outcome has what each host
// keeps of the VM now, Course.Err what libvirt answered.
type DefinitionError struct {
	Failure
}

func (e *DefinitionError) Error() string {
	if e.Course.Err != nil {
		return e.line("the definition was not moved: " + strings.ReplaceAll(e.Course.Err.Error(), "\n", "; "))
	}
	return e.line("the definition was not seen to have moved")
}

// Holders are the hosts beside the two of the move that hold the VM: somebody else
// has moved it there, or started it.
func (f *Failure) Holders() []Observation {
	return f.others(func(o Observation) bool {
		return o.Known() && !o.Gone() && !o.Is(StateIncoming, StatePostCopySource)
	})
}

// Receivers are the hosts beside the two of the move that hold an incoming domain of the
// VM: somebody else is about to move it there.
func (f *Failure) Receivers() []Observation {
	return f.others(func(o Observation) bool { return o.Is(StateIncoming) })
}

func (f *Failure) others(which func(Observation) bool) []Observation {
	var found []Observation
	for _, o := range f.Elsewhere {
		if which(o) {
			found = append(found, o)
		}
	}
	return found
}
