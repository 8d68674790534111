//go:build lab

package fleet

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestForecast measures a VM once, does not start its move where that is forecast not to end, and goes by its history
// where nothing is measured. What was forecast of a move is in its entry.
func TestForecast(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 48, Cost: 10 * time.Microsecond, CeilingMiB: 48}})
	f := open(t, labConfig(t, UnreachableError))
	move := func(to string, do Forecasting, limit int64) (Moved, *Forecast, error) {
		var first *Forecast
		moved, err := f.Move(testContext(t), Move{
			VM: guest.Name, Destination: to, Mode: migration.PeerToPeer, Forecast: do,
			Policy: policy.Policy{BandwidthMiBPerSecond: new(limit), OnTimeout: new(policy.Abort)},
		}, func(p Progress) {
			if p.Forecast != nil {
				first = p.Forecast
			}
		})
		return moved, first, err
	}
	location, err := f.Find(testContext(t), guest.UUID, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Measure(testContext(t), location, 3*time.Second); err != nil {
		t.Fatal(err)
	}

	slow := Move{Policy: policy.Policy{BandwidthMiBPerSecond: new(int64(8)), OnTimeout: new(policy.Abort)}, Destination: "kvm2"}
	seen, err := f.Resolve(testContext(t), guest.UUID, "", slow.Policy)
	if err != nil {
		t.Fatal(err)
	}
	planned, err := f.ForecastPlanned(testContext(t), slow, location, &seen.Policy)
	if err != nil || planned != nil {
		t.Errorf("its plan asks for no forecast, and has %+v, %v", planned, err)
	}
	slow.Forecast = ForecastWarn
	planned, err = f.ForecastPlanned(testContext(t), slow, location, &seen.Policy)
	if err != nil || planned == nil || planned.Verdict != forecast.DoesNotEnd {
		t.Errorf("its plan has %+v, %v; want that it does not end", planned, err)
	}

	started := time.Now()
	_, made, err := move("kvm2", ForecastRequire, 8)
	var refused *NotEndingError
	if !errors.As(err, &refused) || made == nil || made.Verdict != forecast.DoesNotEnd || len(made.Suggestions) == 0 {
		t.Errorf("got %+v, %v; want no start", made, err)
	}
	if took := time.Since(started); took >= DefaultMeasurement {
		t.Errorf("it took %s: the VM was measured again", took)
	}
	if _, past, err := f.History(testContext(t), guest.UUID); err != nil || len(past.Entries) > 0 {
		t.Errorf("the history is %+v, %v; want none: nothing was started", past, err)
	}

	if _, made, err = move("kvm2", ForecastOff, 500); err != nil || made.Verdict != forecast.Unknown {
		t.Fatalf("got %+v, %v; want no forecast without a history", made, err)
	}
	moved, made, err := move("kvm1", ForecastOff, 500)
	if err != nil || made.Basis != forecast.ByHistory {
		t.Fatalf("got %+v, %v; want a forecast by the history", made, err)
	}
	past := wantHistory(t, f, guest, "kvm1", "completed peer_to_peer kvm2 kvm1", "completed peer_to_peer kvm1 kvm2")
	for name, e := range map[string]*forecast.Forecast{"history": past.Entries[0].Forecast, "report": moved.Entry.Forecast} {
		if e == nil || e.Verdict != made.Verdict {
			t.Errorf("the entry in the %s has the forecast %+v", name, e)
		}
	}
	if figures := past.Entries[0].Figures; figures.MemoryConstantBytes == 0 {
		t.Errorf("no page held one byte over and over: %+v", figures)
	}
}
