//go:build lab

package defects

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// defects are all.
func defects() []defect {
	return slices.Concat(networkDefects(), storageDefects(), fileDefects(), machineDefects(), consoleDefects(),
		guestDefects(), bindingDefects(), hostDefects(), moveDefects())
}

// Every defect is found before the move, at the right host and device; when the remedy was followed, nothing is found.
func TestDefects(t *testing.T) {
	began := time.Now()
	var rows [][]string
	counts := map[string]int{}
	for _, d := range defects() {
		if !d.short && !all() {
			continue
		}
		r := row{defect: d.name, failed: true, foundBy: "did not end"}
		ran := false // -run may leave it out
		t.Run(d.name, func(t *testing.T) {
			ran = true
			defer func() { counts[r.foundBy]++ }()
			r = d.try(t)
		})
		if ran {
			rows = append(rows, r.cells())
		}
	}
	counted := fmt.Sprintf("\n%d defects in %s: the plan finds %d, and %d more where it is thorough, as before the start of a move.\n",
		len(rows), time.Since(began).Round(time.Second), counts[byPlan], counts[byThorough])
	publish(t, "Planted defects", markdown(headings, rows)+counted)
}
