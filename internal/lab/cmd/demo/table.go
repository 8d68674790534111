package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// table shows how the moves went: what they were, what was forecast of them, and what the VM felt.
func table(rows []row) string {
	var text strings.Builder
	const moves = "step\tauto_converge\tcompression\toutcome\tduration\tmemory sent\tthrottle"
	columns(&text, moves, rows, func(r row) []string {
		return []string{
			r.decided(r.Policy.AutoConverge, "auto_converge"), r.decided(r.Policy.Compression, "compression"), r.outcome(),
			r.duration(), r.sent(), r.throttle(),
		}
	})
	text.WriteString("\n")
	columns(&text, "step\tforecast before the move\tlasted\toff by", rows, func(r row) []string {
		return []string{r.forecast(), r.duration(), r.off()}
	})
	text.WriteString("\n")
	const felt = "step\tdowntime (libvirt)\tblackout (VM)\tthrottle took (libvirt)\twork lost (VM)"
	columns(&text, felt, rows, func(r row) []string {
		return []string{r.downtime(), r.blackout(), r.throttled(), r.lost()}
	})
	text.WriteString(`
In brackets: the level that decided; who says so. The blackout is the longest
time between two heartbeats of the VM in its move, less the usual 100 ms. The
work lost is what it would have written besides, had it not been moved, as the
time that it takes for it then: blackout, throttle, and what the migration
itself takes from it.`)
	return text.String()
}

// columns writes a table with a line for each row.
func columns(text *strings.Builder, header string, rows []row, of func(row) []string) {
	w := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, header)
	for i, r := range rows {
		fmt.Fprintf(w, "%d\t%s\n", i+1, strings.Join(of(r), "\t"))
	}
	w.Flush()
}
