//go:build lab

package provider_test

import (
	"encoding/json"
	"encoding/xml"
	"path/filepath"
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// reportsOf is a directory for reports of what the workspace moves, by the environment.
func reportsOf(t *testing.T, w *workspace) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "reports")
	w.environment = append(w.environment, "VIRT_REPORT_DIRECTORY="+directory)
	return directory
}

// requireReport wants one report of a move of the guest: of its outcome, with what was
// measured and what happened, a picture and metrics. One that is cancelled in its first
// seconds may have been measured by nobody.
func requireReport(t *testing.T, directory string, guest *lab.Guest, outcome string) {
	t.Helper()
	for pattern, want := range map[string]int{
		"*Z-" + guest.Name + "-" + guest.UUID + ".json": 1, "*Z-" + guest.Name + "-" + guest.UUID + ".svg": 1,
		guest.UUID + ".prom": 1, "*": 3, ".*": 0,
	} {
		if found, err := filepath.Glob(filepath.Join(directory, pattern)); err != nil || len(found) != want {
			t.Errorf("%d files are %s, want %d: %v, %v", len(found), pattern, want, found, err)
		}
	}
	found, err := filepath.Glob(filepath.Join(directory, "*.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("reports %v, %v", found, err)
	}
	var got struct {
		Version int
		VM      struct{ UUID, Name string }
		Move    struct {
			Outcome string
			From    struct{ UUID, Label string }
			Figures *struct {
				Total uint64 `json:"memory_total_bytes"`
			}
			Policy, Origins map[string]any
		}
		Events []struct {
			Event, Message string
			Elapsed        int64 `json:"elapsed_ms"`
		}
		Samples []struct {
			Elapsed int64  `json:"elapsed_ms"`
			Total   uint64 `json:"memory_total_bytes"`
		}
	}
	if err := json.Unmarshal([]byte(readText(t, found[0])), &got); err != nil {
		t.Fatal(err)
	}
	measured := got.Move.Figures != nil || outcome == "completed"
	if got.Version != 1 || got.VM.UUID != guest.UUID || got.VM.Name != guest.Name || got.Move.Outcome != outcome ||
		got.Move.From.Label != "kvm1" || got.Move.From.UUID == "" || measured && (got.Move.Figures == nil || got.Move.Figures.Total == 0) ||
		got.Move.Policy["on_timeout"] != "abort" || got.Move.Origins["bandwidth_mib_per_second"] != "run" {
		t.Errorf("the report is %+v", got)
	}
	started := false
	for _, e := range got.Events {
		started = started || e.Event == "started" && e.Message != "" && e.Elapsed >= 0 && e.Elapsed < 5000
	}
	if !started {
		t.Errorf("the events are %+v", got.Events)
	}
	if n := len(got.Samples); measured && (n == 0 || got.Samples[0].Total == 0 || got.Samples[n-1].Elapsed <= 0) {
		t.Errorf("the samples are %+v", got.Samples)
	}
}

// requireHistory wants moves of these outcomes in the guest's history, newest first.
func requireHistory(t *testing.T, guest *lab.Guest, on string, want ...history.Outcome) {
	t.Helper()
	past := movesOf(t, guest, on)
	var got []history.Outcome
	for _, e := range past.Entries {
		got = append(got, e.Outcome)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the history on %s has moves %q, want %q: %+v", on, got, want, past)
	}
}

// lastMove is the newest entry of the guest's history on a host.
func lastMove(t *testing.T, guest *lab.Guest, on string) history.Entry {
	t.Helper()
	past := movesOf(t, guest, on)
	if len(past.Entries) == 0 {
		t.Fatalf("%s has no history on %s", guest.Name, on)
	}
	return past.Entries[0]
}

func movesOf(t *testing.T, guest *lab.Guest, on string) history.History {
	t.Helper()
	shown := testLab(t).Host(on).MustVirsh(t, "metadata", guest.UUID, "urn:virt:migration-history:1")
	var element struct {
		Document string `xml:",chardata"`
	}
	if err := xml.Unmarshal([]byte(shown), &element); err != nil {
		t.Fatalf("%v: %s", err, shown)
	}
	past, err := history.Decode([]byte(element.Document))
	if err != nil {
		t.Fatalf("%v: %s", err, shown)
	}
	return past
}
