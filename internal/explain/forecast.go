package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// foretold is the line of a move that is about to start.
func foretold(p fleet.Progress) string {
	f := *p.Forecast
	line := fmt.Sprintf("VM %s, from %s to %s: forecast: ", p.Name, p.Source, p.Destination)
	switch {
	case f.Verdict == forecast.Unknown && f.MeasureErr == nil && slices.Contains(f.Missing, forecast.MissingMeasurement):
		return line + "unknown; the VM's history has no move like it (forecast = \"warn\" measures the guest)"
	case f.Verdict == forecast.Unknown:
		return line + "unknown, because " + strings.Join(lacking(f), ", and because ")
	case f.Verdict == forecast.DoesNotEnd:
		line = fmt.Sprintf("VM %s, from %s to %s: warning: forecast: ", p.Name, p.Source, p.Destination)
	}
	line += verdict(f.Forecast) + ", by " + basisOf(f.Forecast)
	if f.Share > 0 {
		line += fmt.Sprintf(", with a share of %d MiB/s", f.Share)
	}
	if len(f.Suggestions) > 0 {
		line += "; " + suggestion(f.Suggestions[0])
	}
	return line
}

// verdict says whether a move ends, and what it takes.
func verdict(f forecast.Forecast) string {
	takes := fmt.Sprintf("in about %s (%s to %s), sends about %s", milliseconds(f.DurationMS.Expected),
		milliseconds(f.DurationMS.Low), milliseconds(f.DurationMS.High), bytes(uint64(f.MemoryBytes.Expected)))
	switch f.Verdict {
	case forecast.EndsThrottled:
		return fmt.Sprintf("ends %s, with the guest's vCPUs throttled by up to about %.0f %%", takes,
			f.ThrottlePercent.Expected)
	case forecast.EndsWithPause:
		return fmt.Sprintf("ends %s, once on_timeout pauses the guest, for about %s", takes,
			milliseconds(f.DowntimeMS.Expected))
	case forecast.NeedsPostCopy:
		return fmt.Sprintf("ends %s, once on_timeout switches it to post-copy, which stops the guest for about %s", takes,
			milliseconds(f.DowntimeMS.Expected))
	case forecast.DoesNotEnd:
		if unbounded(f) {
			return "does not end, and neither timeout nor stall_timeout aborts it in a day"
		}
		return fmt.Sprintf("does not end; on_timeout aborts it after about %s (%s to %s)",
			milliseconds(f.DurationMS.Expected),
			milliseconds(f.DurationMS.Low), milliseconds(f.DurationMS.High))
	case forecast.Ends, forecast.Unknown:
	}
	return fmt.Sprintf("ends by itself %s, with a downtime of at most about %s", takes, milliseconds(f.DowntimeMS.High))
}

// unbounded tells whether nothing ends a move that does not end by itself.
func unbounded(f forecast.Forecast) bool {
	return f.DurationMS.Expected >= float64(forecast.Longest.Milliseconds())
}

func milliseconds(n float64) string { return elapsed(time.Duration(n) * time.Millisecond) }

func basisOf(f forecast.Forecast) string {
	switch {
	case f.Basis == forecast.ByHistory:
		return "earlier moves between these hosts under the same policy"
	case f.Corrected == 1:
		return "what was measured of the guest, corrected by one earlier move"
	case f.Corrected > 1:
		return fmt.Sprintf("what was measured of the guest, corrected by %d earlier moves", f.Corrected)
	}
	return "what was measured of the guest"
}

// suggestion is a change of the policy, and what the move would be like with it.
func suggestion(s forecast.Suggestion) string {
	return fmt.Sprintf("with %s = %s it %s", s.Field, s.Value, verdict(s.Forecast))
}

// lacking says why there is no verdict: clauses without an end.
func lacking(f fleet.Forecast) []string {
	var why []string
	for _, m := range f.Missing {
		switch m {
		case forecast.MissingMeasurement:
			if f.MeasureErr != nil {
				why = append(why, "the guest was not measured: "+notMeasured(f.MeasureErr))
				continue
			}
			why = append(why, "nothing was measured, and no earlier move between these hosts under the same policy is in "+
				"the VM's history")
		case forecast.MissingPolicy:
			why = append(why, "the policy that it starts under was not known: a value of it, or a record that may concern the "+
				"VM, was still to be planned")
		case forecast.MissingLink:
			why = append(why, "how fast the link is is not known: there is no bandwidth_mib_per_second, and no earlier move "+
				"between these hosts without one is in the VM's history")
		case forecast.MissingCompressibility:
			why = append(why, "how small compression makes what is sent is not known, since no earlier move of the VM was "+
				"compressed, and whether this one ends depends on that")
		}
	}
	return why
}

func notMeasured(err error) string {
	if errors.Is(err, fleet.ErrJobRuns) {
		return "a job runs on the VM, and libvirt would let the measurement wait for its end"
	}
	return oneLine(err)
}

// ForecastBasis is what a forecast rests on, or lacks, in sentences.
func ForecastBasis(f fleet.Forecast) string {
	if f.Verdict == forecast.Unknown {
		var sentences []string
		for _, clause := range lacking(f) {
			sentences = append(sentences, Sentence(clause))
		}
		return strings.Join(sentences, " ")
	}
	text := "By " + basisOf(f.Forecast) + "."
	if f.Share > 0 {
		text += fmt.Sprintf(" If it started now, its share of the budget of its links would be %d MiB/s.", f.Share)
	}
	if f.MeasureErr != nil {
		text += " " + Sentence("the guest was not measured: "+notMeasured(f.MeasureErr))
	}
	return text
}

// notEnding is what an operator reads of a move that was refused by its forecast.
func notEnding(e *fleet.NotEndingError) string {
	aborted := "on_timeout would abort it after about " + milliseconds(e.Forecast.DurationMS.Expected) + "."
	if unbounded(e.Forecast.Forecast) {
		aborted = "timeout and stall_timeout would not abort it in a day."
	}
	text := fmt.Sprintf("The move of VM %s is forecast not to end under its policy, by %s, and forecast is "+
		"\"require\". %s Nothing was started.", e.Location.Domain.Name, basisOf(e.Forecast.Forecast), Sentence(aborted))
	for _, s := range e.Forecast.Suggestions {
		text += "\n  - " + Sentence(suggestion(s))
	}
	if len(e.Forecast.Suggestions) == 0 {
		text += " No change of one field alone is forecast to help."
	}
	return text
}

// Foretold are the warnings of a planned move of which a forecast was asked.
func Foretold(l fleet.Location, m fleet.Move, made fleet.Forecast) []Text {
	move := fmt.Sprintf("the move of VM %s from %s to %s", l.Domain.Name, l.Host, m.Destination)
	switch made.Verdict {
	case forecast.Unknown:
		why := lacking(made)
		for i, clause := range why {
			why[i] = Sentence(clause)
		}
		return []Text{planned("Move Not Forecast", "nothing could be forecast of "+move+".", why...)}
	case forecast.DoesNotEnd:
	default:
		return nil
	}
	until := "nothing was to abort it in a day"
	if !unbounded(made.Forecast) {
		until = "on_timeout was to abort it after about " + milliseconds(made.DurationMS.Expected)
	}
	was := fmt.Sprintf("%s was forecast not to end under its policy, by %s, and %s.", move, basisOf(made.Forecast), until)
	var more []string
	if m.Forecast == fleet.ForecastRequire {
		more = append(more, `With forecast = "require" such a move does not start.`)
	}
	text := planned("Move Forecast Not to End", was, more...)
	for i, s := range made.Suggestions {
		if i == 0 {
			text.Detail += " What would help, by the same forecast:"
		}
		text.Detail += fmt.Sprintf("\n  - %s = %s: it %s.", s.Field, s.Value, verdict(s.Forecast))
	}
	return []Text{text}
}

// MeasuredTooLong is what an operator reads of a measurement that would take longer than the longest.
func MeasuredTooLong(longest time.Duration) Text {
	return Text{"Invalid Duration", fmt.Sprintf("A VM is measured for at most %s, and mostly for 15s: its guest "+
		"changes what it does meanwhile.", policy.FormatDuration(longest))}
}
