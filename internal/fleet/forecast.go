package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Forecasting is what a move does about its forecast.
type Forecasting string

// The values of Forecasting.
const (
	// ForecastOff forecasts by the policy and the history, and measures nothing.
	ForecastOff Forecasting = "off"
	// ForecastWarn measures the VM before the move, and tells what that comes to.
	ForecastWarn Forecasting = "warn"
	// ForecastRequire does not start a move that is forecast not to end.
	ForecastRequire Forecasting = "require"
)

// Forecastings lists the values of Forecasting.
func Forecastings() []Forecasting { return []Forecasting{ForecastOff, ForecastWarn, ForecastRequire} }

// DefaultMeasurement is how long a VM is measured: over windows of 1, 2, 4 and 8 s.
const DefaultMeasurement = 15 * time.Second

// Forecast is what a move of a VM will be like.
type Forecast struct {
	forecast.Forecast

	// Suggestions are changes of the policy that would help.
	Suggestions []forecast.Suggestion
	// Share is what it would have of the budget of its links if it started now, in MiB/s; 0 where they
	// have none.
	Share int64
	// MeasureErr is why the VM was not measured, where it was to be.
	MeasureErr error
}

// NotEndingError is a move that was not started because it is forecast not to end.
type NotEndingError struct {
	Location Location
	Policy   policy.Effective
	Forecast Forecast
}

func (e *NotEndingError) Error() string {
	return fmt.Sprintf("the move of VM %s is forecast not to end under its policy", e.Location.Domain.Name)
}

// Forecast finds a VM and says what a move of it to m's destination would be like, or to any host where that is empty:
// its link is then known by the policy only. It measures the VM for measureFor, unless that is too short for a window.
func (f *Fleet) Forecast(ctx context.Context, m Move, measureFor time.Duration) (Resolution, Forecast, error) {
	r, err := f.Resolve(ctx, m.VM, m.Last, m.Policy)
	if err != nil {
		return Resolution{}, Forecast{}, err
	}
	source, err := f.host(r.Location.Host)
	if err != nil {
		return Resolution{}, Forecast{}, err
	}
	made, err := f.forecast(ctx, r, m.Destination, pastOf(ctx, source, r.Location.Domain.UUID), measureFor)
	return r, made, err
}

// forecast says what a move would be like. The error is that of a measurement that was ended by ctx.
func (f *Fleet) forecast(
	ctx context.Context, r Resolution, destination string, past history.History, measureFor time.Duration,
) (Forecast, error) {
	from, to := f.uuidOf(ctx, r.Location.Host), f.uuidOf(ctx, destination)
	facts := forecast.Facts{Policy: r.Policy, MemoryBytes: r.Location.Domain.MemoryBytes, Past: past.Past(from, to)}
	made := Forecast{Share: f.budgets.Foresee(r.Location.subject(destination), r.Policy)}
	if made.Share > 0 {
		facts.Policy.BandwidthMiBPerSecond = &made.Share
	}
	if len(forecast.Windows(measureFor)) > 0 {
		measured, err := f.Measure(ctx, r.Location, measureFor)
		switch {
		case ctx.Err() != nil:
			return Forecast{}, context.Cause(ctx)
		case err != nil:
			made.MeasureErr = err
		default:
			facts.Measured = &measured
		}
	}
	made.Forecast, made.Suggestions = forecast.Of(facts), forecast.Suggest(facts)
	if limit := r.Policy.BandwidthMiBPerSecond; made.Share > 0 && (limit == nil || made.Share != *limit) {
		made.Suggestions = slices.DeleteFunc(made.Suggestions, func(s forecast.Suggestion) bool {
			return s.Field == policy.FieldBandwidth // the budget is what limits it
		})
	}
	return made, nil
}

// uuidOf is the UUID of a host, by its name; empty where it does not say, or is none of the fleet's.
func (f *Fleet) uuidOf(ctx context.Context, name string) string {
	h, err := f.host(name)
	if err != nil {
		return ""
	}
	uuid, _ := h.UUID(ctx)
	return uuid
}

// ForecastPlanned says what a move that is planned will be like under the policy that its plan sees coming, which is
// nil where that is not known, and measures the VM for it. It is nil where m asks for nothing, or nothing is to be
// forecast.
func (f *Fleet) ForecastPlanned(ctx context.Context, m Move, l Location, p *policy.Effective) (*Forecast, error) {
	switch {
	case m.measures() == 0 || m.sendsNothing(l) || l.source(m.Destination) == m.Destination:
		return nil, nil
	case p == nil:
		return &Forecast{Forecast: forecast.Forecast{
			Verdict: forecast.Unknown, Missing: []forecast.Missing{forecast.MissingPolicy}, Basis: forecast.ByNothing,
		}}, nil
	}
	source, err := f.host(l.Host)
	if err != nil {
		return nil, err
	}
	past := pastOf(ctx, source, l.Domain.UUID)
	made, err := f.forecast(ctx, Resolution{Location: l, Policy: *p}, m.Destination, past, m.measures())
	if err != nil || errors.Is(made.MeasureErr, ErrJobRuns) {
		return nil, err
	}
	return &made, nil
}

// measures is how long the VM is measured before the move.
func (m Move) measures() time.Duration {
	if m.Forecast == ForecastWarn || m.Forecast == ForecastRequire {
		return DefaultMeasurement
	}
	return 0
}

// sendsNothing tells whether a move sends no memory, or is under way already.
func (m Move) sendsNothing(l Location) bool {
	return m.MovesDefinition(l) || !l.Domain.Active() || len(l.Receiving) > 0
}

// foretell makes the forecast of a move that is about to start, notes it in its entry and tells it. A migration that
// is under way already is adopted, whatever is forecast of it.
func (f *Fleet) foretell(
	ctx context.Context, m Move, r Resolution, past history.History, entry *moveEntry, report func(Progress),
) error {
	if m.sendsNothing(r.Location) {
		return nil
	}
	made, err := f.forecast(ctx, r, m.Destination, past, m.measures())
	switch {
	case err != nil:
		return err
	case errors.Is(made.MeasureErr, ErrJobRuns):
		return nil
	}
	p := Progress{Forecast: &made}
	p.UUID, p.Name, p.Source, p.Destination = entry.vm, r.Location.Domain.Name, r.Location.Host, m.Destination
	report(p)
	if made.Verdict != forecast.Unknown {
		entry.Forecast = &made.Forecast
	}
	if m.Forecast == ForecastRequire && made.Verdict == forecast.DoesNotEnd {
		return &NotEndingError{r.Location, r.Policy, made}
	}
	return nil
}
