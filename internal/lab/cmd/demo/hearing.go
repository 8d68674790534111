package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
)

// event is a line of Terraform's machine-readable output.
// Documented at developer.hashicorp.com/terraform/internals/machine-readable-ui.
type event struct {
	Type    string
	Message string `json:"@message"`
	Hook    struct {
		Message string
	}
	Diagnostic diagnostic
}

// diagnostic is an error or a warning.
type diagnostic struct {
	Severity, Summary, Detail string
}

// String is the diagnostic as Terraform shows it.
func (d diagnostic) String() string {
	severity := "Error"
	if d.Severity != "error" {
		severity = "Warning"
	}
	return strings.TrimSpace(severity + ": " + d.Summary + "\n\n" + d.Detail)
}

// hearing reads the two output streams of an apply and passes on what is worth seeing.
type hearing struct {
	show func(string)

	mutex sync.Mutex
	// failures are the errors so far.
	failures []diagnostic
	// unknown is output that is not JSON: the reason if Terraform could not start.
	unknown strings.Builder
}

// visible are the types of events that are passed on unchanged.
var visible = map[string]bool{
	"planned_change":            true,
	"planned_action_invocation": true,
	"change_summary":            true,
	"apply_complete":            true,
	"apply_errored":             true,
}

// event takes a line of the standard output.
func (h *hearing) event(line []byte) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		h.unknown.Write(append(line, '\n'))
		return
	}
	switch {
	case e.Type == "action_progress":
		h.show("  " + e.Hook.Message)
	case e.Type == "diagnostic":
		if e.Diagnostic.Severity == "error" {
			h.failures = append(h.failures, e.Diagnostic)
		}
		h.show("\n" + wrap(e.Diagnostic.String()) + "\n")
	case visible[e.Type] && !strings.HasPrefix(e.Message, "data."):
		h.show(e.Message)
	}
}

// logLine is an entry of the provider in Terraform's log: the message, then the entry's fields in any order.
var logLine = regexp.MustCompile(`\[INFO\] +provider\.terraform-provider-virt\S*: (.*?): ([@\w]+=.*)`)

// moveField marks the log entries in which the provider reports the progress of a resource's move.
const moveField = "tf_resource_type=virt_vm_live_migration"

// log takes a line of the standard error.
func (h *hearing) log(line []byte) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if entry := logLine.FindStringSubmatch(string(line)); entry != nil && strings.Contains(entry[2], moveField) {
		h.show("  " + entry[1])
	}
}
