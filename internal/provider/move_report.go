package provider

import (
	"errors"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/report"
)

// reportDirectoryVariable overrides report_directory, for one run.
const reportDirectoryVariable = "VIRT_REPORT_DIRECTORY"

// reportDirectory is where reports of moves are written; empty for nowhere.
func (m configModel) reportDirectory() string {
	if directory := os.Getenv(reportDirectoryVariable); directory != "" {
		return directory
	}
	return m.ReportDirectory.ValueString()
}

// moveReport collects what a move does, and writes its report, where there is a directory
// for it.
type moveReport struct {
	directory string
	recorder  *report.Recorder
}

func newMoveReport(directory string) *moveReport {
	return &moveReport{directory: directory, recorder: report.NewRecorder()}
}

// reading is for fleet.Move.
func (r *moveReport) reading(reading migration.Reading) { r.recorder.Reading(reading) }

// watching passes progress on, and records it.
func (r *moveReport) watching(tell func(fleet.Progress)) func(fleet.Progress) {
	return func(p fleet.Progress) {
		tell(p)
		r.progress(p)
	}
}

func (r *moveReport) progress(p fleet.Progress) {
	switch {
	case p.Waiting.Kind != places.NoWait:
		r.recorder.Event("waiting", p.Phase, "", explain.Line(p))
	case p.Choice != nil:
		r.recorder.Event("chosen", p.Phase, "", explain.Line(p))
	case p.Forecast != nil:
		r.recorder.Event("forecast", p.Phase, "", explain.Line(p))
	case len(p.Unleased) > 0:
		r.recorder.Event("unleased", p.Phase, "", explain.Line(p))
	case len(p.Unchecked) > 0:
		for _, u := range p.Unchecked {
			r.recorder.Unchecked(report.Unchecked{Check: string(u.Check), Reason: explain.Unchecked(u)})
		}
	case p.Notice.Kind != migration.NoNotice:
		if p.Notice.Finding != nil {
			r.finding(*p.Notice.Finding)
		}
		r.recorder.Event(string(p.Notice.Kind), p.Phase, p.Notice.Cause, explain.Line(p))
	}
}

func (r *moveReport) finding(f migration.Finding) {
	severity := preflight.Errors
	if f.Warning {
		severity = preflight.Warnings
	}
	advised := explain.Advise(f)
	r.recorder.Finding(report.Finding{
		Check: string(f.Check), Host: f.Host, Severity: string(severity), Summary: explain.Summary(f),
		Detail: advised.Detail, Remedy: advised.Remedy,
	})
}

// write writes the report of a move that has ended with err and diags, where there was
// one to be made. What keeps it from being written is a warning.
func (r *moveReport) write(moved fleet.Moved, err error, diags diag.Diagnostics) diag.Diagnostics {
	if r.directory == "" || moved.Entry.ID == "" {
		return nil
	}
	var refused *migration.PreflightError
	if errors.As(err, &refused) {
		for _, f := range refused.Findings {
			r.finding(f)
		}
	}
	for _, d := range diags {
		severity := preflight.Errors
		if d.Severity() == diag.SeverityWarning {
			severity = preflight.Warnings
		}
		r.recorder.Message(report.Message{Severity: string(severity), Summary: d.Summary(), Detail: d.Detail()})
	}
	vm := moved.Location.Domain
	document := r.recorder.Document(report.VM{UUID: vm.UUID, Name: vm.Name}, moved.Entry)
	if _, err := report.Write(r.directory, document); err != nil {
		return warned(explain.ReportNotWritten(vm.Name, r.directory, err))
	}
	return nil
}
