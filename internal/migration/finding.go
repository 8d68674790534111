package migration

import "fmt"

// Check names one thing that is looked at before a migration starts.
type Check string

// The checks that the engine itself makes. Package preflight has the others, and the table
// of all of them.
const (
	CheckAnswers Check = "libvirt answers"
	CheckHosts   Check = "different hosts"
	CheckState   Check = "domain state"
	CheckOneHome Check = "runs on one host"
	CheckJob     Check = "no other job"
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
	// Lasting is true when it will be just the same when the move is made later,
	// so that a plan can refuse it.
	Lasting bool
	// Err is the host's error behind it, or nil.
	Err error
}

// Summary is the finding as a title: the check, the problem, the device and the host.
func (f Finding) Summary() string {
	line := fmt.Sprintf("%s: %s", f.Check, f.Fact.Problem())
	if f.Device != "" {
		line += ", " + f.Device
	}
	if f.Host != "" {
		line += " on " + f.Host
	}
	return line
}

// String is the finding as one line.
func (f Finding) String() string {
	if f.Err != nil {
		return fmt.Sprintf("%s: %v", f.Summary(), f.Err)
	}
	return f.Summary()
}
