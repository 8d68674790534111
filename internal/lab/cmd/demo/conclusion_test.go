//go:build lab

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// told are the rows of a story that came true.
func told() []row {
	origins := func(autoConverge, compression string) map[string]string {
		return map[string]string{"auto_converge": autoConverge, "compression": compression}
	}
	moved := func(outcome string, f figures) *report {
		r := &report{}
		r.Move.Outcome, r.Move.Figures = outcome, &f
		return r
	}
	off := row{
		step: steps[0], resolved: resolved{Origins: origins("global", "global")}, hosts: []string{"kvm1"},
		failures: []diagnostic{{Severity: "error", Summary: "Migration Did Not Converge"}},
		report:   moved(notConverged, figures{DurationMS: 62000, MemoryTransferred: 530 * mib}),
	}
	converge := row{step: steps[1], hosts: []string{"kvm2"}, report: moved(completed, figures{
		DurationMS: 53100, DowntimeMS: new(int64(321)), MemoryTransferred: 1155 * mib, Throttle: new(int64(80)),
	})}
	converge.Policy.AutoConverge, converge.Origins = true, origins("cluster", "global")
	compress := row{
		step: steps[2], hosts: []string{"kvm1"},
		report: moved(completed, figures{DurationMS: 13100, MemoryTransferred: 260 * mib}),
	}
	compress.Policy.AutoConverge, compress.Policy.Compression, compress.Origins = true, true, origins("cluster", "vm")
	alone := row{
		step: steps[3], hosts: []string{"kvm2"},
		report: moved(completed, figures{DurationMS: 14200, MemoryTransferred: 270 * mib}),
	}
	alone.Policy.Compression, alone.Origins = true, origins("cluster", "vm")
	return []row{off, converge, compress, alone}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		happen func(rows []row)
		want   string // part of the first contradiction; empty: the story came true
	}{
		"as told":                {func([]row) {}, ""},
		"the first move arrived": {func(r []row) { r[0].failures = nil; r[0].report = r[1].report }, "step 1 was to end"},
		"the first move timed out": {func(r []row) {
			r[0].failures[0].Summary, r[0].report.Move.Outcome = "Migration Timed Out", "timed_out"
		}, "it timed out"},
		"the first move left two VMs":  {func(r []row) { r[0].hosts = []string{"kvm1", "kvm2"} }, "runs on kvm1 and kvm2"},
		"auto-converge did not arrive": {func(r []row) { r[1].report = nil }, "step 2 was to arrive"},
		"another level decided":        {func(r []row) { r[1].Origins["auto_converge"] = "global" }, "from the cluster"},
		"compression took as long":     {func(r []row) { r[2].report.Move.Figures.DurationMS = 53100 }, "sooner"},
		"both were on at last":         {func(r []row) { r[3].Policy.AutoConverge = true }, "only compression"},
		"the VM is elsewhere":          {func(r []row) { r[2].hosts = []string{"kvm2"} }, "after step 3"},
		"a heartbeat was lost":         {func(r []row) { r[1].pulse.Lost = []uint64{7} }, "lost 1 heartbeats"},
		"a heartbeat came twice":       {func(r []row) { r[1].pulse.Repeated = []uint64{7} }, "two copies"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := told()
			tc.happen(rows)
			got := contradictions(rows)
			switch {
			case tc.want == "" && len(got) > 0, tc.want != "" && (len(got) == 0 || !strings.Contains(got[0], tc.want)):
				t.Errorf("got %q, want one with %q", got, tc.want)
			}
		})
	}
}

func TestTableShowsWhatTheProviderSaid(t *testing.T) {
	t.Parallel()
	rows := told()
	rows[1].report.Move.Forecast = &foretold{"ends_throttled", [3]float64{30000, 59472, 90000}}
	rows[1].felt = lab.Felt{Blackout: 350 * time.Millisecond, Lost: 9 * time.Second}
	lines := strings.Split(table(rows), "\n")
	for i, want := range []string{
		"step auto_converge compression outcome duration memory sent throttle",
		"1 off (global) off (global) did not converge, is on kvm1 62.0 s 530 MiB -",
		"2 on (cluster) off (global) arrived on kvm2 53.1 s 1155 MiB 80 %",
		"3 on (cluster) on (vm) arrived on kvm1 13.1 s 260 MiB -",
		"4 off (cluster) on (vm) arrived on kvm2 14.2 s 270 MiB -",
		"",
		"step forecast before the move lasted off by",
		"1 unknown 62.0 s -",
		"2 ends throttled, 59.5 s (30.0 s to 90.0 s) 53.1 s +12 %",
		"3 unknown 13.1 s -",
		"4 unknown 14.2 s -",
		"",
		"step downtime (libvirt) blackout (VM) throttle took (libvirt) work lost (VM)",
		"1 - 0 ms - 0.0 s",
		"2 321 ms 350 ms - 9.0 s",
	} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
			t.Errorf("line %d is %q, want %q", i, got, want)
		}
	}
}
