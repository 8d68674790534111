package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// decision is an event that a picture marks.
type decision struct {
	seconds float64
	message string
}

// text is the line below the panels that tells of it.
func (d decision) text(i int) string {
	line := []rune(fmt.Sprintf("%d  %s", i+1, strings.ReplaceAll(d.message, "\n", " ")))
	if len(line) > longestLine {
		line = append(line[:longestLine-1], '…')
	}
	return string(line)
}

// mostDecisions is how many a picture marks.
const mostDecisions = 12

// unmarked are events that are no decisions, or show otherwise: the start of a move is the
// origin of the axis.
var unmarked = map[string]bool{
	"": true, "waiting": true, "unchecked": true, "chosen": true,
	string(migration.NoticeDoubt): true, string(migration.NoticeStarted): true, string(migration.NoticeDefinition): true,
	string(migration.NoticeSending): true, string(migration.NoticeConnecting): true, string(migration.NoticeAnswers): true,
	string(migration.NoticeVerifying): true,
}

func (d Document) decisions() []decision {
	var marked []decision
	for _, e := range d.Events {
		if !unmarked[e.Event] && len(marked) < mostDecisions {
			marked = append(marked, decision{float64(max(e.ElapsedMS, 0)) / 1000, e.Message})
		}
	}
	return marked
}

// panels are the picture's, from top to bottom, over one axis of time.
func (d Document) panels(decisions []decision) []*plot.Plot {
	memory := d.panel("MiB remaining")
	d.line(memory, "memory", memoryInk.line(), func(s Sample) float64 { return mib(s.MemoryRemaining) })
	if d.copied() {
		d.line(memory, "disks", diskInk.line(6, 2), func(s Sample) float64 { return mib(s.DiskRemaining) })
	}
	passes(memory, d.Samples)
	d.downtime(memory)
	rates := d.panel("MiB/s")
	d.line(rates, "sent", sentInk.line(), func(s Sample) float64 { return mib(s.Bandwidth) })
	d.line(rates, "dirtied by the guest", dirtyInk.line(4, 2), func(s Sample) float64 { return mib(s.DirtyRate) })
	panels := []*plot.Plot{memory, rates}
	if d.throttled() {
		throttle := d.panel("throttle, %")
		throttle.Y.Max = 100
		d.line(throttle, "auto-converge", slowInk.line(), func(s Sample) float64 {
			if s.Throttle == nil {
				return 0
			}
			return float64(*s.Throttle)
		})
		panels = append(panels, throttle)
	}
	for _, p := range panels {
		for i, mark := range decisions {
			upright(p, mark.seconds, eventInk.line(2, 2))
			if p == memory {
				number(p, mark.seconds, fmt.Sprint(i+1))
			}
		}
		p.X.Min, p.X.Max, p.Y.Min = 0, d.seconds(), 0
		p.Y.Max *= 1.4 // room for the numbers and the legend
	}
	panels[len(panels)-1].X.Label.Text = "seconds"
	return panels
}

func (d Document) copied() bool {
	return slices.ContainsFunc(d.Samples, func(s Sample) bool { return s.DiskTotal > 0 })
}

func (d Document) throttled() bool {
	return slices.ContainsFunc(d.Samples, func(s Sample) bool { return s.Throttle != nil })
}

// seconds is how long the axis of time is.
func (d Document) seconds() float64 {
	longest := 1.0
	for _, s := range d.Samples {
		longest = max(longest, float64(s.ElapsedMS)/1000)
	}
	for _, mark := range d.decisions() {
		longest = max(longest, mark.seconds)
	}
	if d.Move.Outcome == history.Completed && d.Move.Figures != nil {
		longest = max(longest, float64(d.Move.Figures.DurationMS)/1000)
	}
	return longest
}

func (d Document) panel(unit string) *plot.Plot {
	p := plot.New()
	p.Y.Label.Text = unit
	for _, style := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font, style.Handler = letters(9).Font, letters(9).Handler
	}
	p.Legend.Padding = vg.Points(2)
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs, p.Legend.ThumbnailWidth = true, true, width*6/10, vg.Points(16)
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(10), ticks(5)
	p.BackgroundColor = background.color()
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = nil, faint.color()
	p.Add(grid)
	p.Y.Max = 1
	return p
}

func (d Document) line(p *plot.Plot, name string, style draw.LineStyle, of func(Sample) float64) {
	points := make(plotter.XYs, len(d.Samples))
	for i, s := range d.Samples {
		points[i] = plotter.XY{X: float64(max(s.ElapsedMS, 0)) / 1000, Y: of(s)}
	}
	line := &plotter.Line{XYs: points, LineStyle: style}
	if len(points) > 0 { // an empty line has no range
		p.Add(line)
	}
	p.Legend.Add(name, line)
}

// passes draws a line where each pass over memory begins.
func passes(p *plot.Plot, samples []Sample) {
	for i := 1; i < len(samples); i++ {
		if samples[i].Pass > samples[i-1].Pass {
			upright(p, float64(samples[i].ElapsedMS)/1000, draw.LineStyle{Color: faint.color(), Width: vg.Points(0.8)})
		}
	}
	p.Legend.Add("a pass begins", &plotter.Line{LineStyle: draw.LineStyle{Color: faint.color(), Width: vg.Points(1.4)}})
}

// ticks is at most so many marks of an axis, at round numbers.
type ticks int

// Ticks implements plot.Ticker.
func (n ticks) Ticks(from, to float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((to-from)/float64(n))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (to-from)/(step*factor) <= float64(n) {
			step *= factor
			break
		}
	}
	var all []plot.Tick
	for i := math.Ceil(from / step); i*step <= to; i++ {
		all = append(all, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'g', 6, 64)})
	}
	return all
}

// downtime marks when the guest stood still, before the end of a move that was completed.
func (d Document) downtime(p *plot.Plot) {
	f := d.Move.Figures
	if d.Move.Outcome != history.Completed || f == nil || f.DowntimeMS == nil || d.Move.Phase == "post_copy" {
		return
	}
	from, to := float64(f.DurationMS-*f.DowntimeMS)/1000, float64(f.DurationMS)/1000
	p.Add(mark{at: from, until: to, style: draw.LineStyle{Color: dirtyInk.color()}})
	p.Legend.Add("downtime", &plotter.Line{LineStyle: draw.LineStyle{Color: dirtyInk.color(), Width: vg.Points(4)}})
}

// upright draws a line over the whole height of a panel.
func upright(p *plot.Plot, at float64, style draw.LineStyle) { p.Add(mark{at: at, style: style}) }

// number writes the number of a decision beside its line.
func number(p *plot.Plot, at float64, text string) { p.Add(mark{at: at, text: text}) }

// mark is a moment, or a time, in a panel. It has no part in the panel's ranges.
type mark struct {
	at, until float64
	style     draw.LineStyle
	text      string
}

// Plot implements plot.Plotter.
func (m mark) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	switch {
	case m.text != "":
		style := letters(9)
		style.Color = eventInk.color()
		c.FillText(style, vg.Point{X: x(m.at) + 2, Y: c.Max.Y - 9}, m.text)
	case m.until > 0:
		right := x(m.until)
		left := min(x(m.at), right-2) // a short one has to be seen, too
		c.FillPolygon(m.style.Color, []vg.Point{
			{X: left, Y: c.Min.Y}, {X: right, Y: c.Min.Y}, {X: right, Y: c.Max.Y}, {X: left, Y: c.Max.Y},
		})
	default:
		c.StrokeLine2(m.style, x(m.at), c.Min.Y, x(m.at), c.Max.Y)
	}
}
