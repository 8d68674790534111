package report

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// MaxSamples and MaxEvents are how many of either a report has at most.
const (
	MaxSamples = 1000
	MaxEvents  = 500
)

// Recorder collects what happens in one move. It is used by one goroutine.
type Recorder struct {
	samples []Sample
	// every reading of so many is kept; last is the latest one, kept or not.
	every, readings int
	last            *Sample

	events   []Event
	findings []Finding
	skipped  []Unchecked
	messages []Message
}

// NewRecorder is a recorder of a move that begins now.
func NewRecorder() *Recorder { return &Recorder{every: 1} }

// Reading takes a reading of the running job. Beyond MaxSamples every second one that
// was kept goes, so that what stays is spread evenly.
func (r *Recorder) Reading(reading migration.Reading) {
	job := reading.Job
	s := Sample{
		Phase: string(reading.Phase), Pass: job.Iteration, MemoryTotal: job.MemoryTotal,
		MemoryTransferred: job.MemoryProcessed, MemoryRemaining: job.MemoryRemaining,
		DiskTotal: job.DiskTotal, DiskTransferred: job.DiskProcessed, DiskRemaining: job.DiskRemaining,
		Bandwidth: job.MemoryBandwidth, DirtyRate: job.DirtyRate, Throttle: job.Throttle, Share: reading.Share,
		DowntimeMS: job.Downtime.Milliseconds(), CompressionPages: job.CompressionPages,
		CacheMisses: job.CompressionCacheMisses, PostCopyRequests: job.PostCopyRequests,
		at: time.Now(),
	}
	r.last = &s
	if r.readings%r.every == 0 {
		r.samples = append(r.samples, s)
	}
	r.readings++
	if len(r.samples) == MaxSamples { // the last one is kept besides
		for i := range MaxSamples / 2 {
			r.samples[i] = r.samples[2*i]
		}
		r.samples = r.samples[:MaxSamples/2]
		r.every *= 2
	}
}

// Event takes what has happened, with the words for it. Beyond MaxEvents the last one is
// replaced.
func (r *Recorder) Event(event string, phase migration.Phase, cause migration.Cause, message string) {
	e := Event{Event: event, Phase: string(phase), Cause: string(cause), Message: message, at: time.Now()}
	if len(r.events) == MaxEvents {
		r.events = r.events[:MaxEvents-1]
	}
	r.events = append(r.events, e)
}

// Finding takes the result of a check.
func (r *Recorder) Finding(f Finding) { r.findings = append(r.findings, f) }

// Unchecked takes a check that could not be made.
func (r *Recorder) Unchecked(u Unchecked) { r.skipped = append(r.skipped, u) }

// Message takes a diagnostic that the move has ended with.
func (r *Recorder) Message(m Message) { r.messages = append(r.messages, m) }

// Document is the report of the move, given its entry in the VM's history.
func (r *Recorder) Document(vm VM, move history.Entry) Document {
	d := Document{
		Version: Version, VM: vm, Move: move,
		Preflight: Preflight{Findings: append([]Finding{}, r.findings...), Unchecked: append([]Unchecked{}, r.skipped...)},
		Events:    append([]Event{}, r.events...),
		Samples:   append([]Sample{}, r.samples...),
		Messages:  append([]Message{}, r.messages...),
	}
	if n := len(d.Samples); r.last != nil && (n == 0 || d.Samples[n-1].at != r.last.at) {
		d.Samples = append(d.Samples, *r.last)
	}
	for i := range d.Samples {
		d.Samples[i].ElapsedMS = d.Samples[i].at.Sub(move.StartedAt).Milliseconds()
	}
	if len(d.Samples) > 0 {
		d.Guest = new(feels(d.Samples))
	}
	for i := range d.Events {
		d.Events[i].ElapsedMS = d.Events[i].at.Sub(move.StartedAt).Milliseconds()
	}
	return d
}
