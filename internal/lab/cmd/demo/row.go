package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// outputs are those of the configuration, as far as the table needs them.
type outputs struct {
	Effective resolved
}

// resolved is a policy with what decided each of its fields.
type resolved struct {
	Policy struct {
		AutoConverge bool `json:"auto_converge"`
		Compression  bool
	}
	Origins map[string]string
}

// row is how one move went.
type row struct {
	step step
	resolved
	// failures are what Terraform reported as errors.
	failures []diagnostic
	// report is the provider's; nil when no move was tried.
	report *report
	// pulse is the VM's heartbeat meanwhile, felt what it felt of the move itself, hosts where it ran afterwards.
	pulse lab.Record
	felt  lab.Felt
	hosts []string
}

func (r row) arrived() bool { return len(r.failures) == 0 && r.ended(completed) }

// ended tells whether the move had that outcome.
func (r row) ended(outcome string) bool { return r.report != nil && r.report.Move.Outcome == outcome }

func (r row) outcome() string {
	where := strings.Join(r.hosts, " and ")
	switch {
	case r.arrived():
		return "arrived on " + where
	case len(r.failures) == 0:
		return "was not moved, is on " + where
	}
	return strings.ToLower(strings.TrimPrefix(r.failures[0].Summary, "Migration ")) + ", is on " + where
}

// none is a missing figure in the table.
const none = "-"

// figure shows a figure of the move, where anything was measured.
func (r row) figure(show func(figures) string) string {
	if r.report == nil || r.report.Move.Figures == nil {
		return none
	}
	return show(*r.report.Move.Figures)
}

func (r row) duration() string {
	return r.figure(func(f figures) string { return seconds(f.duration()) })
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func (r row) sent() string {
	return r.figure(func(f figures) string { return fmt.Sprintf("%d MiB", f.MemoryTransferred/mib) })
}

func (r row) downtime() string {
	return r.figure(func(f figures) string { return optional(f.DowntimeMS, "ms") })
}

// lost is the work that the VM did not do in the move, throttled the time that auto-converge took from it by libvirt's
// figures.
func (r row) lost() string { return r.figure(func(figures) string { return seconds(r.felt.Lost) }) }

func (r row) throttled() string {
	if r.report == nil || r.report.Guest == nil {
		return none
	}
	return seconds(time.Duration(r.report.Guest.ThrottleLossMS) * time.Millisecond)
}

func (r row) blackout() string {
	return r.figure(func(figures) string { return fmt.Sprintf("%d ms", r.felt.Blackout.Milliseconds()) })
}

func (r row) throttle() string {
	return r.figure(func(f figures) string { return optional(f.Throttle, "%") })
}

func optional(value *int64, unit string) string {
	if value == nil {
		return none
	}
	return fmt.Sprintf("%d %s", *value, unit)
}

// decided is a switch with the level that it comes from.
func (r resolved) decided(value bool, field string) string {
	word := "off"
	if value {
		word = "on"
	}
	return fmt.Sprintf("%s (%s)", word, r.Origins[field])
}
