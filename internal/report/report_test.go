package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/report"
)

// refused is the report of a move that was not started.
func refused() report.Document {
	d := busy()
	d.Move.Outcome, d.Move.Figures, d.Move.Mode, d.Move.Phase = history.Refused, nil, "", ""
	d.Samples, d.Events = nil, nil
	d.Preflight.Findings = []report.Finding{{Check: "bridge", Host: "kvm2", Severity: "error", Summary: "No Bridge", Detail: "kvm2 has no br7."}}
	return d
}

// copying is the report of a move that copies disks first.
func copying() report.Document {
	d := busy()
	for i := range 10 {
		d.Samples[i].Phase, d.Samples[i].DiskTotal, d.Samples[i].DiskRemaining = "mirroring", 64<<20, uint64(64-6*i)<<20
	}
	d.Move.Figures.DiskTotalBytes, d.Move.Figures.DiskTransferredBytes = 64<<20, 70<<20
	return d
}

// TestMetricsOfDisks wants them of a move that copied disks, and of no other.
func TestMetricsOfDisks(t *testing.T) {
	t.Parallel()
	for want, d := range map[bool]report.Document{true: copying(), false: busy()} {
		text := string(d.Metrics())
		for _, metric := range []string{"virt_migration_last_disk_total_bytes{", "virt_migration_last_disk_transferred_bytes{"} {
			if strings.Contains(text, metric) != want {
				t.Errorf("metric %s is there: %t", metric, !want)
			}
		}
	}
}

func TestRecorderTakesDisks(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder()
	r.Reading(migration.Reading{Phase: migration.PhaseMirroring, Job: migration.Job{DiskTotal: 9, DiskProcessed: 4, DiskRemaining: 5}})
	s := r.Document(report.VM{}, history.Entry{}).Samples[0]
	if s.Phase != "mirroring" || s.DiskTotal != 9 || s.DiskTransferred != 4 || s.DiskRemaining != 5 {
		t.Errorf("the sample is %+v", s)
	}
}

// TestRecorder wants the samples of a long move to be spread evenly, with the last one.
func TestRecorder(t *testing.T) {
	t.Parallel()
	r := report.NewRecorder()
	started := time.Now()
	const readings = 5*report.MaxSamples + 3
	for i := range readings {
		r.Reading(migration.Reading{Phase: migration.PhasePreCopy, Job: migration.Job{Iteration: uint64(i)}})
	}
	for range report.MaxEvents + 5 {
		r.Event("queued", migration.PhaseStarting, migration.NoCause, "another job")
	}
	r.Event("cancelling", migration.PhaseCancelling, migration.CausedByTimeout, "too long")
	d := r.Document(report.VM{}, history.Entry{StartedAt: started})
	if n := len(d.Samples); n < report.MaxSamples/2 || n > report.MaxSamples {
		t.Fatalf("%d samples", n)
	}
	for i, s := range d.Samples[:len(d.Samples)-1] {
		if want := uint64(i) * 8; s.Pass != want {
			t.Fatalf("sample %d is reading %d, want %d", i, s.Pass, want)
		}
	}
	if last := d.Samples[len(d.Samples)-1]; last.Pass != readings-1 || last.ElapsedMS < 0 || last.ElapsedMS > time.Since(started).Milliseconds() {
		t.Errorf("the last sample is %+v", last)
	}
	if n := len(d.Events); n != report.MaxEvents || d.Events[n-1].Cause != "timeout" {
		t.Errorf("%d events, the last one %+v", n, d.Events[n-1])
	}
}

// TestDocumentIsComplete wants every member that the guide has, also in a report of
// nothing.
func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()
	text, err := report.NewRecorder().Document(report.VM{UUID: "u", Name: "web"}, busy().Move).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	move, ok := got["move"].(map[string]any)
	if !ok || move["outcome"] != "completed" {
		t.Errorf("the move is %v", got["move"])
	}
	delete(got, "move")
	want := map[string]any{
		"version": 1.0, "vm": map[string]any{"uuid": "u", "name": "web"}, "events": []any{}, "samples": []any{}, "messages": []any{},
		"preflight": map[string]any{"findings": []any{}, "unchecked": []any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// TestSVG wants a picture that is well-formed, needs nothing from elsewhere, and has both
// colors of every color in it.
func TestSVG(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document report.Document
		texts    []string
	}{
		"completed": {busy(), []string{"web & <db>: kvm1 → kvm2, completed", "throttle up to 80 %", "1  31s, pausing: no progress", "MiB remaining", "throttle, %"}},
		"disks":     {copying(), []string{"MiB remaining", "disks"}},
		"refused":   {refused(), []string{"web & <db>: kvm1 → kvm2, refused", "nothing was sent"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			svg, err := tc.document.SVG()
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if text, ok := token.(xml.CharData); ok {
					texts = append(texts, string(text))
				}
			}
			for _, want := range tc.texts {
				if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, want) }) {
					t.Errorf("the picture does not say %q: %q", want, texts)
				}
			}
			if links := regexp.MustCompile(`(href|src|url\()[^>]*`).Find(svg); links != nil {
				t.Errorf("it refers to %s", links)
			}
			_, dark, _ := strings.Cut(string(svg), "@media")
			for _, class := range regexp.MustCompile(`class="([^"]*)"`).FindAllStringSubmatch(string(svg), -1) {
				if !strings.Contains(dark, "."+class[1]+"{") {
					t.Fatalf("%s has no color for dark backgrounds", class[1])
				}
			}
			if left := regexp.MustCompile(`style="[^"]*#[0-9A-Fa-f]+`).Find(svg); left != nil {
				t.Errorf("one color for all backgrounds: %s", left)
			}
		})
	}
}

// TestMetrics has Prometheus' own parser read them, as node_exporter does.
func TestMetrics(t *testing.T) {
	t.Parallel()
	parse := func(d report.Document) map[string]float64 {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(d.Metrics()))
		if err != nil {
			t.Fatalf("%v:\n%s", err, d.Metrics())
		}
		values := map[string]float64{}
		for name, family := range families {
			for _, m := range family.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "vm" && l.GetValue() != d.VM.Name {
						t.Errorf("%s is of VM %q", name, l.GetValue())
					}
					if l.GetName() == "outcome" {
						name = "outcome " + l.GetValue()
					}
				}
				values[name] = m.GetGauge().GetValue()
			}
		}
		return values
	}
	d := busy()
	d.VM.Name = "a\"b\\c\nd"
	const last = "virt_migration_last_"
	want := map[string]float64{
		"outcome completed": 1, "outcome cancelled": 0, "outcome timed_out": 0, "outcome not_converged": 0, "outcome failed": 0, "outcome refused": 0, "outcome unwatched": 0,
		last + "started_timestamp_seconds": 1795694400.123, last + "duration_seconds": 53.1, last + "downtime_seconds": 0.321,
		last + "memory_total_bytes": 257 * mib, last + "memory_transferred_bytes": 1155 * mib, last + "passes": 11, last + "throttle_percent": 80,
	}
	if diff := cmp.Diff(want, parse(d)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if got := parse(refused()); got["outcome refused"] != 1 || len(got) != 8 {
		t.Errorf("of a refused move: %v", got)
	}
}

// TestGuideHasEveryOutcome holds the guide to the one type that reports and histories share.
func TestGuideHasEveryOutcome(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/move-reports.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^. .move\.outcome. .*$`).Find(guide)
	for _, outcome := range history.Outcomes() {
		if !bytes.Contains(row, []byte("`"+string(outcome)+"`")) {
			t.Errorf("the row of the outcome lacks %s: %s", outcome, row)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), "a", "reports")
	d := busy()
	const name = "20261126T120000.123Z-web____db_-0f6f3f57-1a3b-4c5d-8e9f-001122334455"
	path, err := report.Write(directory, d)
	if err != nil || path != filepath.Join(directory, name+".json") {
		t.Fatalf("written to %s, %v", path, err)
	}
	later := d
	later.Move.StartedAt = later.Move.StartedAt.Add(time.Hour)
	later.VM.Name = strings.Repeat("../", 100)
	if _, err := report.Write(directory, later); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o644 || info.Size() == 0 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	cut := "20261126T130000.123Z-" + strings.Repeat(".._", 22)[:64] + "-" + d.VM.UUID
	if diff := cmp.Diff([]string{d.VM.UUID + ".prom", name + ".json", name + ".svg", cut + ".json", cut + ".svg"}, names); diff != "" {
		slices.Sort(names)
		t.Errorf("files (-want +got):\n%s", diff)
	}
	var read struct{ Move struct{ Outcome string } }
	if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &read) != nil || read.Move.Outcome != "completed" {
		t.Errorf("read back %+v, %v", read, err)
	}
}

func TestWriteFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Write(file, busy()); err == nil {
		t.Error("a report was written into a file")
	}
}
