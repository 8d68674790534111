package migration

import "fmt"

// Check names one thing that is looked at before a migration starts: an identifier that
// programs match, in lower case with underscores.
type Check string

// The checks that the engine itself makes. Package preflight has the others, and the table
// of all of them.
const (
	CheckAnswers Check = "libvirt_answers"
	CheckHosts   Check = "different_hosts"
	CheckState   Check = "domain_state"
	CheckOneHome Check = "runs_on_one_host"
	CheckJob     Check = "no_other_job"
)

// Fact is what a check has found: a type of its own for each problem, beside its check,
// with what there is to be said of it.
type Fact interface {
	// Problem names it in a few words, without a name of a host or a device.
	Problem() string
}

// Finding is one thing that speaks against a migration.
type Finding struct {
	Subject

	Check Check
	Fact  Fact
	// Host is the host at fault; empty when it is none.
	Host string
	// Device is the guest's device that it is about, such as "disk vda"; empty when it is
	// about none.
	Device string
	// Warning is true when the migration may well succeed nevertheless.
	Warning bool
	// Lasting is true for an error that nothing cures until the move is made later, so that a
	// plan can refuse it (preflight.Outlook has the rule).
	Lasting bool
	// Err is the host's error behind it, or nil.
	Err error
}

// String is the finding as one line: the check, the problem, the device and the host.
func (f Finding) String() string {
	line := fmt.Sprintf("%s: %s", f.Check, f.Fact.Problem())
	if f.Device != "" {
		line += ", " + f.Device
	}
	if f.Host != "" {
		line += " on " + f.Host
	}
	if f.Err != nil {
		line += fmt.Sprintf(": %v", f.Err)
	}
	return line
}
