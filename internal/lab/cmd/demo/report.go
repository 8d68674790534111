package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is what the provider has written of a move (report_directory), as far as the table needs it.
type report struct {
	Move struct {
		StartedAt time.Time `json:"started_at"`
		EndedAt   time.Time `json:"ended_at"`
		Outcome   string
		// Figures is nil where nothing was measured, and Forecast where nothing could be foretold.
		Figures  *figures
		Forecast *foretold
	}
	// Guest is what the guest felt by libvirt's figures; nil where no job was seen.
	Guest *struct {
		ThrottleLossMS int64 `json:"throttle_loss_ms"`
	}
	// picture is the name of the picture beside it.
	picture string
}

// figures is what was measured of a move, whether it arrived or not.
type figures struct {
	DurationMS        int64  `json:"duration_ms"`
	DowntimeMS        *int64 `json:"downtime_ms"`
	MemoryTransferred int64  `json:"memory_transferred_bytes"`
	Throttle          *int64
}

// Outcomes of moves.
const (
	completed    = "completed"
	notConverged = "not_converged"
)

func (f figures) duration() time.Duration { return time.Duration(f.DurationMS) * time.Millisecond }

// reports are the reports in a directory, the oldest first: their names begin with the time.
func reports(directory string) ([]string, error) {
	return filepath.Glob(filepath.Join(directory, "*.json"))
}

// newestReport reads the newest report in a directory that had some before; nil where it has no more than those.
func newestReport(directory string, before int) (*report, error) {
	paths, err := reports(directory)
	if err != nil || len(paths) <= before {
		return nil, err
	}
	path := paths[len(paths)-1]
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &report{picture: strings.TrimSuffix(filepath.Base(path), ".json") + ".svg"}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
