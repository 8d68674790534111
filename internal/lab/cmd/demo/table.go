package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// table shows how the moves went.
func table(rows []row) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "step\tauto_converge\tcompression\toutcome\tduration\tdowntime\tVM silent\tmemory sent\tthrottle")
	for i, r := range rows {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i+1,
			r.decided(r.Policy.AutoConverge, "auto_converge"), r.decided(r.Policy.Compression, "compression"),
			r.outcome(), r.duration(), r.downtime(), fmt.Sprintf("%d ms", r.pulse.LongestGap.Milliseconds()), r.sent(),
			r.throttle())
	}
	w.Flush()
	text.WriteString(`
In brackets: the level that decided. Downtime is libvirt's. "VM silent" is the
longest time between two heartbeats of the VM during the step; the VM sends one
every 100 ms, so subtract 100 ms.`)
	return text.String()
}
