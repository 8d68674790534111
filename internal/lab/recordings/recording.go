package recordings

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// The sets of recordings, by the names of their files.
const (
	// Development is what the constants of the model were chosen on.
	Development = "development"
	// Independent is what nothing of the model was chosen on: other guests over other links, on a quiet machine.
	Independent = "independent"
	// Earlier was that for an earlier model, and the model was mended on it since.
	Earlier = "earlier"
	// Loaded is Earlier, too, but of guests that were moved six at a time on a machine that had much else to do.
	Loaded = "loaded"
)

// Recording is one move.
type Recording struct {
	// Set is one of these.
	Set string `json:"-"`
	// Guest is the name of the guest's load as command record has it, and Boot tells one start of it from another.
	Guest string `json:"guest"`
	Boot  string `json:"boot"`
	// Measured is what was measured of the guest since it was started, before its first move.
	Measured forecast.Measurement `json:"measured"`
	// Move is what the VM's history has of the move.
	Move history.Entry `json:"move"`
	// Passes are the job at the first reading of each pass over memory, and at the last reading.
	Passes []Pass `json:"passes"`
	// GapMS is the longest time between two heartbeats of the guest during the move, of which there are ten a second; 0
	// where it was not looked at.
	GapMS int64 `json:"gap_ms,omitempty"`
}

// Pass is a reading of the job.
type Pass struct {
	Pass      uint64 `json:"pass"`
	ElapsedMS int64  `json:"elapsed_ms"`
	// SentBytes and RemainingBytes are of memory.
	SentBytes      uint64 `json:"sent_bytes"`
	RemainingBytes uint64 `json:"remaining_bytes"`
	// Throttle is in percent.
	Throttle int64 `json:"throttle,omitempty"`
}

//go:embed testdata/*.jsonl
var recorded embed.FS

// Recorded are the committed recordings, in the order in which they were made: one JSON document on each line of a
// file.
func Recorded() ([]Recording, error) {
	files, err := recorded.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var all []Recording
	for _, file := range files {
		content, err := recorded.ReadFile(path.Join("testdata", file.Name()))
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(content) {
			var r Recording
			if err := json.Unmarshal(line, &r); err != nil {
				return nil, fmt.Errorf("%s: %w", file.Name(), err)
			}
			r.Set = strings.TrimSuffix(file.Name(), ".jsonl")
			all = append(all, r)
		}
	}
	return all, nil
}
