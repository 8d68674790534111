package explain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// foretold is a forecast with figures.
func foretold(verdict forecast.Verdict) fleet.Forecast {
	return fleet.Forecast{Forecast: forecast.Forecast{
		Verdict: verdict, Basis: forecast.ByMeasurement,
		DurationMS:      &forecast.Interval{Low: 8000, Expected: 12000, High: 20000},
		DowntimeMS:      &forecast.Interval{Low: 0, Expected: 200, High: 300},
		MemoryBytes:     new(forecast.Exactly(300 << 20)),
		ThrottlePercent: &forecast.Interval{Low: 20, Expected: 60, High: 99},
	}}
}

// TestForecastLines are the first line of moves.
func TestForecastLines(t *testing.T) {
	t.Parallel()
	endless := foretold(forecast.DoesNotEnd)
	endless.Suggestions = []forecast.Suggestion{
		{Field: "auto_converge", Value: "true", Forecast: foretold(forecast.EndsThrottled).Forecast},
	}
	unknown := fleet.Forecast{Forecast: forecast.Forecast{
		Verdict: forecast.Unknown, Missing: []forecast.Missing{forecast.MissingMeasurement, forecast.MissingLink},
	}}
	refused := unknown
	refused.Missing, refused.MeasureErr = refused.Missing[:1], errors.New("QEMU is too old")
	past := foretold(forecast.Ends)
	past.Basis = forecast.ByHistory
	const ends = "in about 12s (8s to 20s), sends about 300 MiB"
	for _, test := range []struct {
		made fleet.Forecast
		want string
	}{
		{foretold(forecast.Ends), "forecast: ends by itself " + ends + ", with a downtime of at most about 0.3s, by what was measured of the guest"},
		{past, "forecast: ends by itself " + ends + ", with a downtime of at most about 0.3s, by earlier moves between these hosts under the same policy"},
		{foretold(forecast.EndsThrottled), "forecast: ends " + ends + ", with the guest's vCPUs throttled by up to about 60 %, by what was measured of the guest"},
		{foretold(forecast.EndsWithPause), "forecast: ends " + ends + ", once on_timeout pauses the guest, for about 0.2s, by what was measured of the guest"},
		{foretold(forecast.NeedsPostCopy), "forecast: ends " + ends + ", once on_timeout switches it to post-copy, which stops the guest for about 0.2s, by what was measured of the guest"},
		{endless, "warning: forecast: does not end; on_timeout aborts it after about 12s (8s to 20s), by what was measured of the guest; " +
			"with auto_converge = true it ends " + ends + ", with the guest's vCPUs throttled by up to about 60 %"},
		{unknown, "forecast: unknown; the VM's history has no move like it (forecast = \"warn\" measures the guest)"},
		{refused, "forecast: unknown, because the guest was not measured: QEMU is too old"},
	} {
		p := fleet.Progress{Forecast: &test.made}
		p.Subject = migration.Subject{Name: "db1", Source: "kvm1", Destination: "kvm2"}
		if want, got := "VM db1, from kvm1 to kvm2: "+test.want, explain.Line(p); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestNotEnding is a move that its forecast has refused.
func TestNotEnding(t *testing.T) {
	t.Parallel()
	e := &fleet.NotEndingError{Forecast: foretold(forecast.DoesNotEnd), Location: fleet.Location{
		Host: "kvm1", Domain: migration.Domain{Name: "db1", State: migration.StateRunning},
	}}
	text := explain.Move(e)
	for _, part := range []string{
		"The move of VM db1 is forecast not to end under its policy", "Nothing was started.", "VM db1 is running on kvm1",
	} {
		if !strings.Contains(text.Detail, part) {
			t.Errorf("no %q in %q", part, text.Detail)
		}
	}
	e.Forecast.DurationMS = new(forecast.Exactly(float64(forecast.Longest.Milliseconds())))
	text = explain.Move(e)
	if strings.Contains(text.Detail, "on_timeout") || !strings.Contains(text.Detail, "timeout and stall_timeout") {
		t.Errorf("nothing ends it, and the text is %q", text.Detail)
	}
}

// TestForetold are the warnings of a plan that asks for a forecast.
func TestForetold(t *testing.T) {
	t.Parallel()
	l := fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "db1"}}
	endless := foretold(forecast.DoesNotEnd)
	endless.Suggestions = []forecast.Suggestion{
		{Field: "auto_converge", Value: "true", Forecast: foretold(forecast.EndsThrottled).Forecast},
	}
	unmeasured := fleet.Forecast{MeasureErr: errors.New("QEMU is too old")}
	unmeasured.Verdict, unmeasured.Missing = forecast.Unknown, []forecast.Missing{forecast.MissingMeasurement}
	unforeseen := fleet.Forecast{}
	unforeseen.Verdict, unforeseen.Missing = forecast.Unknown, []forecast.Missing{forecast.MissingPolicy}
	const began = "When this plan was made, the move of VM db1 from kvm1 to kvm2 was forecast not to end under its policy, " +
		"by what was measured of the guest, and on_timeout was to abort it after about 12s."
	const helps = " What would help, by the same forecast:\n  - auto_converge = true: it ends in about 12s (8s to 20s), sends " +
		"about 300 MiB, with the guest's vCPUs throttled by up to about 60 %."
	for name, test := range map[string]struct {
		made fleet.Forecast
		asks fleet.Forecasting
		want []explain.Text
	}{
		"it ends":               {made: foretold(forecast.EndsThrottled), asks: fleet.ForecastRequire},
		"it does not end":       {endless, fleet.ForecastWarn, []explain.Text{{Summary: "Move Forecast Not to End", Detail: began + helps}}},
		"so it does not start":  {endless, fleet.ForecastRequire, []explain.Text{{Summary: "Move Forecast Not to End", Detail: began + " With forecast = \"require\" such a move does not start." + helps}}},
		"it cannot be measured": {unmeasured, fleet.ForecastWarn, []explain.Text{{Summary: "Move Not Forecast", Detail: "When this plan was made, nothing could be forecast of the move of VM db1 from kvm1 to kvm2. The guest was not measured: QEMU is too old."}}},
		"its policy is unknown": {unforeseen, fleet.ForecastRequire, []explain.Text{{Summary: "Move Not Forecast", Detail: "When this plan was made, nothing could be forecast of the move of VM db1 from kvm1 to kvm2. The policy that it starts under was not known: a value of it, or a record that may concern the VM, was still to be planned."}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, explain.Foretold(l, fleet.Move{Destination: "kvm2", Forecast: test.asks}, test.made)); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForecastBasis is whole sentences.
func TestForecastBasis(t *testing.T) {
	t.Parallel()
	unknown := fleet.Forecast{Forecast: forecast.Forecast{Verdict: forecast.Unknown, Missing: []forecast.Missing{
		forecast.MissingMeasurement, forecast.MissingLink, forecast.MissingCompressibility,
	}}}
	corrected := foretold(forecast.Ends)
	corrected.Corrected = 2
	past := foretold(forecast.Ends)
	past.Basis, past.MeasureErr = forecast.ByHistory, fleet.ErrJobRuns
	for _, test := range []struct {
		made fleet.Forecast
		want string
	}{
		{unknown, "Nothing was measured, and no earlier move between these hosts under the same policy is in the VM's history. " +
			"How fast the link is is not known: there is no bandwidth_mib_per_second, and no earlier move between these hosts without one is in the VM's history. " +
			"How small compression makes what is sent is not known, since no earlier move of the VM was compressed, and whether this one ends depends on that."},
		{corrected, "By what was measured of the guest, corrected by 2 earlier moves."},
		{past, "By earlier moves between these hosts under the same policy. The guest was not measured: a job runs on the VM, and " +
			"libvirt would let the measurement wait for its end."},
	} {
		if got := explain.ForecastBasis(test.made); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
