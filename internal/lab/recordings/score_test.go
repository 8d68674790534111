package recordings_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
)

func recorded(t *testing.T) []recordings.Recording {
	t.Helper()
	all, err := recordings.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRecordings: each of them says all that the score takes.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for i, r := range recorded(t) {
		switch {
		case r.Guest == "" || r.Boot == "" || len(r.Measured.Samples) == 0 || len(r.Passes) == 0:
			t.Errorf("move %d is recorded in part: %+v", i+1, r)
		case r.Move.Verdict() == forecast.Unknown:
			t.Errorf("move %d, of the guest %s, ended as %s, which says nothing", i+1, r.Guest, r.Move.Outcome)
		}
	}
}

// TestScore: the model is no worse than it was when these moves were recorded.
func TestScore(t *testing.T) {
	t.Parallel()
	for set, least := range map[string]recordings.Summary{
		recordings.Independent: {Moves: 72, Right: 0.9, Held: 0.95, Off: 0.37},
		recordings.Earlier:     {Moves: 41, Right: 0.95, Held: 0.9, Off: 0.15},
		recordings.Loaded:      {Moves: 48, Right: 0.93, Held: 0.9, Off: 0.57},
		recordings.Development: {Moves: 103, Right: 0.96, Held: 0.95, Off: 0.23},
	} {
		got := recordings.Summarize(recordings.Only(set, recorded(t)))
		if got.Moves < least.Moves || got.Right < least.Right || got.Held < least.Held || got.Off > least.Off {
			t.Errorf("%s: %+v, want no worse than %+v", set, got, least)
		}
	}
}

// TestPicture is a document that is read to its end.
func TestPicture(t *testing.T) {
	t.Parallel()
	decoder := xml.NewDecoder(strings.NewReader(recordings.Picture(recorded(t))))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLines shows each move, for who works on the model: go test -v -run Lines.
func TestLines(t *testing.T) {
	t.Parallel()
	all := recorded(t)
	lines := recordings.Lines(all)
	if strings.Count(lines, "\n") != len(all) {
		t.Errorf("%d moves have these lines", len(all))
	}
	t.Log("\n" + lines)
}
