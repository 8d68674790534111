//go:build lab

package lab_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// BenchmarkMigration shows what the switches do to a guest that dirties memory faster than the link carries it, as virsh
// sees it: go test -tags lab -run '^$' -bench Migration -benchtime 1x ./internal/lab. A move that has not converged
// after a minute is cancelled and counts as unfinished.
func BenchmarkMigration(b *testing.B) {
	autoConverge := []string{"--auto-converge"}
	compression := []string{"--compressed", "--comp-methods", "xbzrle", "--comp-xbzrle-cache", strconv.Itoa(256 << 20)}
	busy, untamable := lab.BusyGuest(""), lab.UntamableGuest("")
	for _, bench := range []struct {
		name     string
		guest    lab.GuestSpec
		link     int // MiB/s
		switches []string
	}{
		{name: "idle/none", guest: lab.IdleGuest(""), link: 60},
		{name: "busy/none", guest: busy, link: 60},
		{name: "busy/auto-converge", guest: busy, link: 60, switches: autoConverge},
		{name: "busy/compression", guest: busy, link: 60, switches: compression},
		{name: "busy/both", guest: busy, link: 60, switches: append(compression, autoConverge...)},
		{name: "untamable/auto-converge", guest: untamable, link: 20, switches: autoConverge},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkMigration(b, bench.guest, bench.link, bench.switches)
			}
		})
	}
}

func benchmarkMigration(b *testing.B, spec lab.GuestSpec, link int, switches []string) {
	world := current(b)
	guest := world.StartGuest(b, spec)
	world.HealAfter(b)
	for _, host := range world.Hosts {
		must(b, host.Limit(b.Context(), link))
	}
	undisturbed := time.Now()
	for range 20 {
		next(b, guest)
	}
	start := time.Now()
	b.ReportMetric(guest.Between(undisturbed, start).DirtyRate/1e6, "MB/s-dirtied")

	source, destination := world.Hosts[0], world.Hosts[1]
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	_, err := source.Virsh(ctx, append(migration(guest, destination), switches...)...)
	reported, asked := destination, []string{"domjobinfo", "--completed", guest.UUID}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		reported, asked = source, []string{"domjobinfo", guest.UUID}
		b.ReportMetric(1, "unfinished")
	case err != nil:
		b.Fatal(err)
	}
	job := reported.MustVirsh(b, asked...)
	if ctx.Err() != nil {
		source.MustVirsh(b, "domjobabort", guest.UUID)
	}
	for range 3 {
		next(b, guest)
	}
	record := guest.Between(start, time.Now())
	if len(record.Lost) > 0 || len(record.Repeated) > 0 {
		b.Errorf("beats lost %v, repeated %v, want none", record.Lost, record.Repeated)
	}
	b.ReportMetric(float64(record.LongestGap.Milliseconds()), "ms-longest-gap")
	for field, unit := range map[string]string{
		"Time elapsed": "ms-job", "Iteration": "passes", "Total downtime": "ms-downtime", "Data processed": "MiB-sent",
		"Auto converge throttle": "%-throttle",
	} {
		// What a job that ended, or did not, does not tell is left out.
		if value := jobField(job, field); value > 0 {
			b.ReportMetric(value, unit)
		}
	}
	b.ReportMetric(0, "ns/op")
	must(b, guest.Remove(b.Context()))
}

// jobField reads a number that virsh domjobinfo printed, amounts of data in MiB; 0 when it is not there.
func jobField(job, field string) float64 {
	for line := range strings.Lines(job) {
		name, value, _ := strings.Cut(line, ":")
		words := strings.Fields(value)
		if name != field || len(words) == 0 {
			continue
		}
		number, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			return 0
		}
		unit := ""
		if len(words) > 1 {
			unit = words[1]
		}
		return number * map[string]float64{"": 1, "ms": 1, "KiB": 1. / 1024, "MiB": 1, "GiB": 1024, "B": 1. / (1 << 20)}[unit]
	}
	return 0
}
