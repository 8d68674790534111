package recordings

import (
	"fmt"
	"math"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
)

// The picture is a square from shortest to longest seconds on both axes, each twice as long as the last by one step.
const (
	shortest, longest = 2.0, 128.0
	side, margin      = 480.0, 60.0
)

// place is where a number of seconds is on an axis, from 0 to side.
func place(seconds float64) float64 {
	bounded := min(max(seconds, shortest), longest)
	return side * math.Log(bounded/shortest) / math.Log(longest/shortest)
}

const style = `text{font-family:'Liberation Sans',Arial,Helvetica,sans-serif;font-size:13px;fill:#1f2328}
.back{fill:#ffffff}.grid{stroke:#d0d7de}.same{stroke:#59636e;stroke-width:1.5}.range{stroke:#59636e;stroke-opacity:.45}
.ends{fill:#1a7f37}.not{fill:#cf222e}.wrong{stroke:#bf8700;stroke-width:2.5}
@media (prefers-color-scheme: dark){text{fill:#e6edf3}.back{fill:#0d1117}.grid{stroke:#3d444d}` +
	`.same,.range{stroke:#9198a1}.ends{fill:#3fb950}.not{fill:#ff7b72}.wrong{stroke:#d29922}}`

// Picture is the score of the moves that the model was not made on as an SVG document: each by its real and its
// forecast duration.
func Picture(all []Recording) string {
	var b strings.Builder
	const whole = side + 2*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" `+
		`role="img">`+
		"\n<title>Forecast and real durations of moves</title>\n<style>\n%s\n</style>\n", whole, whole, whole, whole, style)
	fmt.Fprintf(&b, `<rect class="back" width="%.0f" height="%.0f"/>`+"\n", whole, whole)
	for seconds := shortest; seconds <= longest; seconds *= 2 {
		x, y := margin+place(seconds), margin+side-place(seconds)
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %.0fV%.0fM%.0f %.1fH%.0f"/>`+"\n", x, margin, margin+side, margin, y,
			margin+side)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle">%.0f s</text>`+"\n", x, margin+side+18, seconds)
		fmt.Fprintf(&b, `<text x="%.0f" y="%.1f" text-anchor="end">%.0f s</text>`+"\n", margin-8, y+4, seconds)
	}
	fmt.Fprintf(&b, `<path class="same" d="M%.0f %.0fL%.0f %.0f"/>`+"\n", margin, margin+side, margin+side, margin)
	for _, set := range []string{Independent, Earlier, Loaded} {
		for _, s := range Score(Only(set, all), true) {
			b.WriteString(dot(s))
		}
	}
	fmt.Fprintf(&b, `<text x="%.0f" y="%.0f" text-anchor="middle">real duration</text>`+"\n", margin+side/2, whole-16)
	fmt.Fprintf(&b, `<text x="%.0f" y="24">forecast, with its bounds: <tspan class="ends">ended</tspan>, `+
		`<tspan class="not">aborted</tspan>, outlined where the verdict was another</text>`+"\n</svg>\n", margin)
	return b.String()
}

// dot is one move; one without a forecast is left out.
func dot(s Scored) string {
	d := s.Forecast.DurationMS
	if d == nil {
		return ""
	}
	x := margin + place(s.Seconds())
	y := func(milliseconds float64) float64 { return margin + side - place(milliseconds/1000) }
	class := "ends"
	if s.Move.Verdict() == forecast.DoesNotEnd {
		class = "not"
	}
	if !s.Right() {
		class += " wrong"
	}
	return fmt.Sprintf(`<path class="range" d="M%.1f %.1fV%.1f"/><circle class="%s" cx="%.1f" cy="%.1f" r="4"/>`+"\n",
		x, y(d.Low), y(d.High), class, x, y(d.Expected))
}
