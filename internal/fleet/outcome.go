package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// ExistsError is a record that says something else than what is to be created.
type ExistsError struct {
	Copy       Copy
	Difference Difference
	// Joins is true for a host that is added to those that have the record.
	Joins bool
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s exists and differs: %s", e.Copy, e.Difference)
}

// HeldError is a host that is in another cluster.
type HeldError struct{ Host, Cluster string }

func (e *HeldError) Error() string {
	return fmt.Sprintf("host %s is in cluster %q", e.Host, e.Cluster)
}

// ChangedError is a copy that another has written since the change was planned.
type ChangedError struct{ Drift Drift }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed by another since this was planned: %s", e.Drift.Copy, e.Drift)
}

// Outcome is the result of a change to a record.
type Outcome struct {
	// Written are the hosts that have the record afterwards, or may have it.
	Written []Member
	// Lacking are the hosts that were to have the record, and are in another cluster.
	Lacking []Member
	// Seen are the copies as they were written, by the UUID of the host.
	Seen map[string]Digest
	// Taken are copies of other owners, as they were before they were taken over.
	Taken []Copy
	// Left are copies of other owners that were not removed, Removed those that were.
	Left, Removed []Copy
	// Renamed are hosts that have another name now.
	Renamed []Renaming
	// LetGo are hosts that the configuration no longer has; whatever is recorded
	// there stays there.
	LetGo []Member
}

// PartialError is a change that reached only some hosts.
type PartialError struct {
	// Done are the hosts where the change was made.
	Done []string
	// Unwritten are the hosts that the record could not be written to, Kept
	// those it could not be removed from.
	Unwritten, Kept []string
	// Hidden are recorded hosts that may be behind the Silent ones, which cannot be
	// asked.
	Hidden []Member
	Silent []string
	Err    error
}

func (e *PartialError) Error() string { return e.Err.Error() }

func (e *PartialError) Unwrap() error { return e.Err }

// TakenBackError is a Create that failed after it had written something.
type TakenBackError struct {
	Err error
	// Left says where what was written could not be taken back; nil when nothing
	// of it is left.
	Left error
}

func (e *TakenBackError) Error() string {
	if e.Left != nil {
		return fmt.Sprintf("%v; %v", e.Err, e.Left)
	}
	return e.Err.Error() + "; what was written on other hosts was taken back"
}

func (e *TakenBackError) Unwrap() error { return e.Err }

// OverwrittenError is a record that does not read back as it was written, because
// somebody else wrote it at the same time.
type OverwrittenError struct{ Drift []Drift }

func (e *OverwrittenError) Error() string {
	texts := make([]string, len(e.Drift))
	for i, d := range e.Drift {
		texts[i] = d.String()
	}
	return "the record was changed by another while it was written: " + strings.Join(texts, "; ")
}

// orNil is nil when the change reached every host.
func (e *PartialError) orNil() error {
	if e.Err == nil {
		return nil
	}
	slices.Sort(e.Done)
	return e
}
