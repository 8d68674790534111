//go:build lab

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// tableVariable names the file that the table is written to; none when it is empty.
const tableVariable = "VIRT_FAULTS_TABLE"

// table collects what happened, in the order of the scenarios however they end.
type table struct {
	mutex  sync.Mutex
	rows   map[string]row
	order  []string
	notRun []string
}

// row is one scenario in one mode.
type row struct {
	fault, mode, asked string
	verdict            verdict
	failed             bool
}

func newTable() *table { return &table{rows: map[string]row{}} }

// expect keeps a line for the row of a scenario.
func (t *table) expect(name string) { t.order = append(t.order, name) }

// skip notes a scenario that is not run.
func (t *table) skip(name string) { t.notRun = append(t.notRun, name) }

func (t *table) add(name string, r row) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.rows[name] = r
}

var headings = []string{
	"Fault", "Mode", "Asked by", "Terraform said", "Its last line", "Exit", "VM in the end", "Copies running",
	"Heartbeat", "Fault to end", "Next apply",
}

// String is the table in Markdown.
func (t *table) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var text strings.Builder
	line := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	line(headings)
	line(strings.Split(strings.Repeat("---,", len(headings)-1)+"---", ","))
	for _, name := range t.order {
		if r, ok := t.rows[name]; ok {
			line(r.cells())
		} else {
			line(append([]string{name, "did not end"}, make([]string, len(headings)-2)...))
		}
	}
	return text.String()
}

func (r row) cells() []string {
	v := r.verdict
	fault := r.fault
	if r.failed {
		fault = "**FAILED** " + fault
	}
	if len(v.crashed) > 0 {
		fault += " (libvirtd crashed of itself: " + strings.Join(v.crashed, ", ") + ")"
	}
	summary, line, code := v.claim.summary, v.claim.line, fmt.Sprint(v.code)
	switch {
	case v.code == codeKilled:
		summary, line, code = "(killed)", "", "killed"
	case v.code == 0 && line == "":
		summary = "success"
	case v.code == 0:
		summary = "success"
		line, _, _ = strings.Cut(line, ": moved from")
	}
	return []string{
		fault, strings.ReplaceAll(r.mode, "_", "-"), r.asked, summary, line, code, string(v.last.whereabouts()),
		fmt.Sprint(v.last.copies()), v.beats(), fmt.Sprintf("%.1f s", v.took.Seconds()), v.next,
	}
}

// beats sums the heartbeat up.
func (v verdict) beats() string {
	p := v.pulse
	text := "beats on"
	if v.last.copies() == 0 {
		text = "ended with the guest"
	}
	if len(p.Lost)+len(p.Repeated) > 0 {
		text += fmt.Sprintf(", %d lost, %d repeated", len(p.Lost), len(p.Repeated))
	}
	if text == "beats on" || len(p.Lost)+len(p.Repeated) > 0 {
		text += fmt.Sprintf(", longest gap %.1f s", p.LongestGap.Seconds())
	}
	return text
}

// publish prints the table and writes it to the file that was asked for.
func (t *table) publish(tb testing.TB, took time.Duration) {
	tb.Helper()
	text := t.String()
	fmt.Printf("\n%s\n%d scenarios in %s\n", text, len(t.order), took.Round(time.Second))
	if len(t.notRun) > 0 {
		fmt.Printf("Not run, because only `make faults` (%s=%s) runs them: %s\n", chosenVariable, chosenAll, strings.Join(t.notRun, "; "))
	}
	if path := os.Getenv(tableVariable); path != "" {
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte("# Moves under faults\n\n"+text), 0o644)
		}
		if err != nil {
			tb.Errorf("write the table: %v", err)
		}
	}
}
