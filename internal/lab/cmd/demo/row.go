package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// notConverged is how the provider calls a move that made no progress.
const notConverged = "Migration Did Not Converge"

// outputs are those of the configuration, as far as the table needs them.
type outputs struct {
	Effective     resolved
	LastMigration *lastMigration `json:"last_migration"`
}

// resolved is a policy with what decided each of its fields.
type resolved struct {
	Policy struct {
		AutoConverge bool `json:"auto_converge"`
		Compression  bool
	}
	Origins map[string]string
}

// lastMigration is the provider's report of a move that arrived.
type lastMigration struct {
	Source, Destination string
	DurationMS          int64  `json:"duration_ms"`
	DowntimeMS          *int64 `json:"downtime_ms"`
	MemoryTransferred   int64  `json:"memory_transferred_bytes"`
	Throttle            *int64
}

// row is how one move went.
type row struct {
	step step
	resolved
	// failures are what Terraform reported as errors.
	failures []diagnostic
	// report is the provider's; nil when the VM did not arrive.
	report *lastMigration
	// pulse is the VM's heartbeat meanwhile, hosts where it ran afterwards.
	pulse lab.Record
	hosts []string
}

func newRow(s step, failures []diagnostic, said outputs, pulse lab.Record, hosts []string) row {
	r := row{step: s, resolved: said.Effective, failures: failures, pulse: pulse, hosts: hosts}
	if len(failures) == 0 && said.LastMigration != nil {
		r.report = said.LastMigration
	}
	return r
}

func (r row) arrived() bool { return r.report != nil }

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

// A move that did not arrive has no report. What there is to know of it, the provider says in its error.
var (
	cancelledAfter = regexp.MustCompile(`cancelled after ([\dhms.]+),`)
	sentInAll      = regexp.MustCompile(`, ([\d.]+ \w+) in all`)
)

func (r row) duration() string {
	if r.report != nil {
		return seconds(r.report.duration())
	}
	d, err := time.ParseDuration(r.told(cancelledAfter))
	if err != nil {
		return none
	}
	return seconds(d)
}

func (m lastMigration) duration() time.Duration {
	return time.Duration(m.DurationMS) * time.Millisecond
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func (r row) sent() string {
	if r.report == nil {
		return r.told(sentInAll)
	}
	return fmt.Sprintf("%d MiB", r.report.MemoryTransferred/mib)
}

// told finds a figure in the provider's error.
func (r row) told(figure *regexp.Regexp) string {
	for _, failure := range r.failures {
		if found := figure.FindStringSubmatch(failure.Detail); found != nil {
			return found[1]
		}
	}
	return none
}

// none is a missing figure in the table.
const none = "-"

func (r row) downtime() string {
	if r.report == nil || r.report.DowntimeMS == nil {
		return none
	}
	return fmt.Sprintf("%d ms", *r.report.DowntimeMS)
}

func (r row) throttle() string {
	if r.report == nil || r.report.Throttle == nil {
		return none
	}
	return fmt.Sprintf("%d %%", *r.report.Throttle)
}

// decided is a switch with the level that it comes from.
func (r resolved) decided(value bool, field string) string {
	word := "off"
	if value {
		word = "on"
	}
	return fmt.Sprintf("%s (%s)", word, r.Origins[field])
}
