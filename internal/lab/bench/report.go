package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Report is the result of a run.
type Report struct {
	// Commit is that of the provider, Measured is when it was.
	Commit   string    `json:"commit"`
	Measured time.Time `json:"measured"`
	// Processors is the number that the run had; Rounds is how often what stands beside each other took turns.
	Processors int      `json:"processors"`
	Rounds     int      `json:"rounds"`
	Figures    []Figure `json:"figures"`
}

// Measure makes the figures of rows. With an error, which tells of the rows that failed, the report has those of all
// others.
func Measure(ctx context.Context, b *Bench, rows []Row) (*Report, error) {
	report := &Report{Measured: time.Now().UTC().Truncate(time.Second), Processors: runtime.NumCPU(), Rounds: b.Rounds}
	var failed error
	for _, row := range rows {
		b.Say("row %s", row.Name())
		figures, err := row.Measure(ctx, b)
		if err != nil {
			err = fmt.Errorf("row %s: %w", row.Name(), err)
			b.Say("%s", err)
			failed = errors.Join(failed, err)
			continue
		}
		for _, figure := range figures {
			figure.Row = row.Name()
			b.Say("%s", figure)
			report.Figures = append(report.Figures, figure)
		}
	}
	return report, failed
}

// Write writes the table to w and to bench.md in a directory, and all of the report to bench.json there.
func (r *Report) Write(w io.Writer, directory string) error {
	var table bytes.Buffer
	fmt.Fprintf(&table, "Commit %s, on %d processors, medians of %d rounds.\n\n", r.Commit, r.Processors, r.Rounds)
	writeTable(&table, r.Figures)
	document, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(table.Bytes())
	return errors.Join(err,
		os.MkdirAll(directory, 0o755),
		os.WriteFile(filepath.Join(directory, "bench.md"), table.Bytes(), 0o644),
		os.WriteFile(filepath.Join(directory, "bench.json"), append(document, '\n'), 0o644))
}

func writeTable(w io.Writer, figures []Figure) {
	fmt.Fprintln(w, "| what | ours | against | theirs | ratio | to reach |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, figure := range figures {
		fmt.Fprintln(w, figure)
	}
}
