// Command growthchart draws how a plan grows with the numbers of VMs and hosts, as an SVG, from the figures of the
// benchmark in bench.json.
//
//	go run -C internal/tools/growthchart . BENCH.JSON CHART.SVG
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: growthchart BENCH.JSON CHART.SVG")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "Unable to Draw the Chart:", err)
		os.Exit(1)
	}
}

// figure is a figure of the benchmark; those with a number of VMs are points of the chart.
type figure struct {
	Ours, Theirs float64 // seconds of CPU, with the provider and without any
	VMs, Hosts   int
}

func run(from, to string) error {
	document, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var report struct{ Figures []figure }
	if err := json.Unmarshal(document, &report); err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	points := slices.DeleteFunc(report.Figures, func(f figure) bool { return f.VMs == 0 })
	if len(points) == 0 {
		return errors.New("no figure is a point of the chart: run the row growth")
	}
	chart, err := draw(points)
	if err != nil {
		return err
	}
	return chart.Save(18*vg.Centimeter, 11*vg.Centimeter, to)
}

// draw has a line for each number of hosts, and one for what Terraform takes by itself.
func draw(points []figure) (*plot.Plot, error) {
	lines, floor := map[int]plotter.XYs{}, map[int]float64{}
	for _, p := range points {
		lines[p.Hosts] = append(lines[p.Hosts], plotter.XY{X: float64(p.VMs), Y: p.Ours})
		if least, seen := floor[p.VMs]; !seen || p.Theirs < least {
			floor[p.VMs] = p.Theirs
		}
	}
	chart := plot.New()
	chart.Title.Text = "terraform plan, nothing to change"
	chart.X.Label.Text, chart.Y.Label.Text = "VMs", "seconds of CPU, Terraform and the provider"
	chart.X.Scale, chart.Y.Scale = plot.LogScale{}, plot.LogScale{}
	chart.X.Tick.Marker, chart.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	chart.Legend.Left, chart.Legend.Top = true, true
	chart.Add(plotter.NewGrid())

	var drawn []any
	for _, hosts := range sorted(lines) {
		label := fmt.Sprintf("%d hosts", hosts)
		if hosts == 1 {
			label = "1 host"
		}
		drawn = append(drawn, label, lines[hosts])
	}
	var alone plotter.XYs
	for _, vms := range sorted(floor) {
		alone = append(alone, plotter.XY{X: float64(vms), Y: floor[vms]})
	}
	drawn = append(drawn, "Terraform without a provider", alone)
	return chart, plotutil.AddLinePoints(chart, drawn...)
}

func sorted[V any](m map[int]V) []int {
	var keys []int
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
