package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// metric is one of the metrics of a move; all are gauges of the VM's last one.
type metric struct {
	name, help string
	// value is nil where it was not measured.
	value *float64
}

// Metrics is the VM's last move in the text format that OpenMetrics and Prometheus share,
// for the textfile collector of node_exporter.
func (d Document) Metrics() []byte {
	var b strings.Builder
	labels := fmt.Sprintf(`vm="%s",uuid="%s"`, label(d.VM.Name), label(d.VM.UUID))
	move := fmt.Sprintf(`%s,source="%s",destination="%s"`, labels, label(d.Move.From.Label), label(d.Move.To.Label))
	const outcome = "virt_migration_last_outcome"
	fmt.Fprintf(&b, "# HELP %s Whether the last move of the VM had this outcome.\n# TYPE %s gauge\n", outcome, outcome)
	for _, o := range history.Outcomes() {
		is := 0
		if o == d.Move.Outcome {
			is = 1
		}
		fmt.Fprintf(&b, "%s{%s,outcome=\"%s\"} %d\n", outcome, move, o, is)
	}
	for _, m := range d.metrics() {
		if m.value == nil {
			continue
		}
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n%s{%s} %s\n", m.name, m.help, m.name, m.name, labels,
			strconv.FormatFloat(*m.value, 'f', -1, 64))
	}
	b.WriteString("# EOF\n")
	return []byte(b.String())
}

func (d Document) metrics() []metric {
	const prefix = "virt_migration_last_"
	started := float64(d.Move.StartedAt.UnixMilli()) / 1000
	all := []metric{{prefix + "started_timestamp_seconds", "Start of the last move of the VM, as Unix time.", &started}}
	seconds := func(ms *int64) *float64 {
		if ms == nil {
			return nil
		}
		return new(float64(*ms) / 1000)
	}
	if d.Guest != nil {
		paused, lost := seconds(&d.Guest.PausedMS), seconds(&d.Guest.ThrottleLossMS)
		all = append(
			all,
			metric{prefix + "paused_seconds", "Part of the downtime in which on_timeout had paused the guest.", paused},
			metric{prefix + "throttle_loss_seconds", "Time that auto-converge took from the guest's vCPUs.", lost},
		)
	}
	f := d.Move.Figures
	if f == nil {
		return all
	}
	count := func(n *int64) *float64 {
		if n == nil {
			return nil
		}
		return new(float64(*n))
	}
	some := func(bytes uint64) *float64 { // of a move that copied disks
		if bytes == 0 {
			return nil
		}
		return new(float64(bytes))
	}
	return append(
		all,
		metric{prefix + "duration_seconds", "Duration of the last migration job of the VM.", seconds(&f.DurationMS)},
		metric{prefix + "downtime_seconds", "Downtime of the guest in its last switch-over.", seconds(f.DowntimeMS)},
		metric{prefix + "memory_total_bytes", "Memory of the guest.", new(float64(f.MemoryTotalBytes))},
		metric{prefix + "memory_transferred_bytes", "Memory that was sent.", new(float64(f.MemoryTransferredBytes))},
		metric{prefix + "disk_total_bytes", "Capacity of the disks that were copied.", some(f.DiskTotalBytes)},
		metric{prefix + "disk_transferred_bytes", "What was copied of the disks.", some(f.DiskTransferredBytes)},
		metric{prefix + "passes", "Passes over the guest's memory.", new(float64(f.Iterations))},
		metric{prefix + "throttle_percent", "Highest throttle of the guest's vCPUs.", count(f.Throttle)},
		metric{prefix + "compression_pages", "Pages that were sent compressed.", count(f.CompressionPages)},
		metric{prefix + "compression_cache_misses", "Pages that were not in the cache.", count(f.CompressionCacheMisses)},
	)
}

// label escapes the value of a label.
func label(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value)
}
