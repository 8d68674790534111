package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of a picture: its panels one below the other, and a line for each decision.
const (
	width       = 20 * vg.Centimeter
	margin      = vg.Length(12)
	headHeight  = vg.Length(62)
	panelHeight = vg.Length(130)
	lineHeight  = vg.Length(15)
	// longestLine is how much of a decision is shown, in characters.
	longestLine = 118
)

// Each color means one thing, and has another one for dark backgrounds.
var (
	background = ink{"#FFFFFF", "#0D1117"}
	faint      = ink{"#D0D7DE", "#30363D"}
	memoryInk  = ink{"#0969DA", "#58A6FF"}
	diskInk    = ink{"#BF3989", "#F778BA"}
	sentInk    = ink{"#1A7F37", "#3FB950"}
	dirtyInk   = ink{"#CF222E", "#FF7B72"}
	slowInk    = ink{"#9A6700", "#D29922"}
	eventInk   = ink{"#8250DF", "#BC8CFF"}
)

// ink is a color on a light background, and in its place on a dark one.
type ink struct{ light, dark string }

func (i ink) color() color.Color {
	var c color.RGBA
	c.A = 0xff
	_, _ = fmt.Sscanf(i.light, "#%02X%02X%02X", &c.R, &c.G, &c.B)
	return c
}

func (i ink) line(dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: i.color(), Width: vg.Points(1.4), Dashes: dashes}
}

// inks are all of them, with the library's own black.
var inks = []ink{background, faint, memoryInk, diskInk, sentInk, dirtyInk, slowInk, eventInk, {"#000000", "#E6EDF3"}}

// styled is an attribute in which the library gives an element a color.
var styled = regexp.MustCompile(`style="([^"]*?)(fill|stroke):#([0-9A-F]{6});?([^"]*)"`)

// paint takes the colors out of the elements of a picture, and gives the elements classes
// in their place: a viewer with a dark background then shows them in other colors.
func paint(drawn []byte) []byte {
	drawn = styled.ReplaceAll(drawn, []byte(`class="$2-$3" style="$1$4"`))
	return bytes.ReplaceAll(drawn, []byte("font-family:Liberation Sans;"), []byte("font-family:"+fonts+";"))
}

// fonts have the widths that the library reckons with, or nearly so.
const fonts = "'Liberation Sans',Arial,Helvetica,sans-serif"

// classes are the rules for them.
func classes() string {
	var light, dark strings.Builder
	for _, i := range inks {
		for _, property := range []string{"fill", "stroke"} {
			class := "." + property + "-" + i.light[1:]
			fmt.Fprintf(&light, "%s{%s:%s}", class, property, i.light)
			fmt.Fprintf(&dark, "%s{%s:%s}", class, property, i.dark)
		}
	}
	return "<style>text{fill:#000000}" + light.String() +
		"@media (prefers-color-scheme: dark){text{fill:#E6EDF3}" + dark.String() + "}</style>\n"
}

// SVG is the move as a picture that needs nothing beside.
func (d Document) SVG() ([]byte, error) {
	decisions := d.decisions()
	panels := d.panels(decisions)
	height := headHeight + vg.Length(len(panels))*panelHeight + vg.Length(len(decisions))*lineHeight + 3*margin
	svg := vgsvg.New(width, height)
	canvas := draw.New(svg)
	canvas.SetColor(background.color())
	canvas.Fill(canvas.Rectangle.Path())
	canvas = draw.Crop(canvas, margin, -margin, margin, -margin)

	top := canvas.Max.Y
	canvas.FillText(letters(14), vg.Point{X: canvas.Min.X, Y: top - 14}, d.title())
	canvas.FillText(letters(10), vg.Point{X: canvas.Min.X, Y: top - 32}, d.conditions())
	canvas.FillText(letters(10), vg.Point{X: canvas.Min.X, Y: top - 47}, d.figures())
	for i, line := range decisions {
		y := canvas.Min.Y + vg.Length(len(decisions)-i-1)*lineHeight + 4
		canvas.FillText(letters(9), vg.Point{X: canvas.Min.X, Y: y}, line.text(i))
	}
	rows := make([][]*plot.Plot, len(panels))
	for i, p := range panels {
		rows[i] = []*plot.Plot{p}
	}
	area := draw.Crop(canvas, 0, -margin, vg.Length(len(decisions))*lineHeight+margin, -headHeight)
	tiles := draw.Tiles{Rows: len(rows), Cols: 1, PadY: 6}
	for i, cell := range plot.Align(rows, tiles, area) {
		panels[i].Draw(cell[0])
	}

	var drawn bytes.Buffer
	if _, err := svg.WriteTo(&drawn); err != nil {
		return nil, err
	}
	var title strings.Builder
	if err := xml.EscapeText(&title, []byte(d.title())); err != nil {
		return nil, err
	}
	begin := bytes.Index(drawn.Bytes(), []byte("<g "))
	if begin < 0 {
		return nil, fmt.Errorf("the picture has no drawing")
	}
	head, rest := drawn.Bytes()[:begin], drawn.Bytes()[begin:]
	return bytes.Join([][]byte{head, []byte("<title>" + title.String() + "</title>\n" + classes()), paint(rest)}, nil), nil
}

func letters(size font.Length) draw.TextStyle {
	return draw.TextStyle{
		Color: color.Black, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		Handler: text.Plain{Fonts: font.DefaultCache},
	}
}

func (d Document) title() string {
	outcome := strings.ReplaceAll(string(d.Move.Outcome), "_", " ")
	return fmt.Sprintf("%s: %s → %s, %s", d.VM.Name, d.Move.From.Label, d.Move.To.Label, outcome)
}

// conditions is how the VM was moved, in one line.
func (d Document) conditions() string {
	parts := []string{d.Move.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC")}
	if d.Move.Mode != "" {
		parts = append(parts, strings.ReplaceAll(d.Move.Mode, "_", "-"))
	}
	return strings.Join(append(parts, "auto-converge "+onOff(d.Move.Policy.AutoConverge()),
		"compression "+onOff(d.Move.Policy.Compression())), " · ")
}

// figures is what was measured, in one line.
func (d Document) figures() string {
	f := d.Move.Figures
	if f == nil {
		return "nothing was sent"
	}
	parts := []string{fmt.Sprintf("%.1f s", float64(f.DurationMS)/1000)}
	if f.DowntimeMS != nil {
		parts = append(parts, fmt.Sprintf("downtime %d ms", *f.DowntimeMS))
	}
	parts = append(parts, fmt.Sprintf("%.0f MiB sent, the guest has %.0f MiB", mib(f.MemoryTransferredBytes),
		mib(f.MemoryTotalBytes)),
		fmt.Sprintf("passes: %d", f.Iterations))
	if f.Throttle != nil && *f.Throttle > 0 {
		parts = append(parts, fmt.Sprintf("throttle up to %d %%", *f.Throttle))
	}
	return strings.Join(parts, " · ")
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func mib(bytes uint64) float64 { return float64(bytes) / (1 << 20) }
