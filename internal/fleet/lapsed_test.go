package fleet

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// TestSearchAgain: another destination is looked for a bounded number of times, which a run that was killed does not
// outlast with its leases.
func TestSearchAgain(t *testing.T) {
	t.Parallel()
	location := Location{Host: "kvm1", Domain: migration.Domain{UUID: "u", Name: "web"}}
	lapsed := &LapsedChoiceError{Location: location, Host: "kvm2", Why: placement.MemoryShort{}}
	refused := &migration.PreflightError{Findings: []migration.Finding{{Check: "cpu", Host: "kvm2"}}}
	nowhere := &NoDestinationError{Location: location}
	for name, test := range map[string]struct {
		chosen bool
		errs   []error // the last one again and again
		turns  int
		told   int
	}{
		"it lapses again and again":       {true, []error{lapsed}, mostLapses, mostLapses + 1},
		"nothing is left for a while":     {true, []error{lapsed, nowhere}, mostLapses, 1},
		"nothing was left before":         {true, []error{nowhere}, 0, 0},
		"refused after that":              {true, []error{lapsed, refused, errFatal}, 2, 1},
		"the destination is given":        {false, []error{lapsed}, 0, 0},
		"another error ends it for good":  {true, []error{errFatal}, 0, 0},
		"another error after a lapse":     {true, []error{lapsed, errFatal}, 1, 1},
		"a lapse that is wrapped counts":  {true, []error{fmt.Errorf("moving: %w", lapsed), errFatal}, 1, 1},
		"lapses and refusals in any turn": {true, []error{refused, lapsed, lapsed, errFatal}, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &search{refused: map[string]fmt.Stringer{}}
				if test.chosen {
					s.choice = &placement.Choice{}
				}
				turns, told := 0, 0
				began := time.Now()
				for s.again(t.Context(), "kvm2", test.errs[min(turns, len(test.errs)-1)], func(p Progress) {
					if diff := cmp.Diff(lapsed.Why, p.Lapsed); diff != "" || p.Destination != "kvm2" {
						t.Errorf("told of %s: %s", p.Destination, diff)
					}
					told++
				}) {
					if turns++; turns > 2*mostLapses {
						t.Fatal("there is no end to it")
					}
				}
				if turns != test.turns || told != test.told {
					t.Errorf("%d turns, told %d times", turns, told)
				}
				if took := time.Since(began); turns == mostLapses && took < 10*time.Second {
					t.Errorf("it gives up after %v", took)
				}
			})
		})
	}
}

// TestMove_movedOn: a move of an evacuation leaves a VM alone that somebody else has moved on, also while it waited.
func TestMove_movedOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		evacuation, on string
		movedOn        bool
	}{
		"on a third host":                {"e", "kvm3", true},
		"where it was seen":              {"e", "kvm1", false},
		"on its destination":             {"e", "kvm2", false},
		"a move that belongs to nothing": {"", "kvm3", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Move{VM: "u", Last: "kvm1", Destination: "kvm2", Evacuation: test.evacuation}
			l := Location{Host: test.on, Domain: migration.Domain{UUID: "u", Name: "web", State: migration.StateRunning}}
			if got := m.movedOn(l); got != test.movedOn {
				t.Fatalf("moved on: %t", got)
			}
			if !test.movedOn {
				return
			}
			f := silentFleet(t, "kvm1", "kvm2", "kvm3")
			_, _, err := f.approach(t.Context(), &m, f.search(m), l, func(Progress) {})
			var lapsed *LapsedChoiceError
			if !errors.As(err, &lapsed) || lapsed.Why != (placement.MovedOn{On: "kvm3"}) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestReconsider: what does not hold any more is promised to nobody.
func TestReconsider(t *testing.T) {
	t.Parallel()
	f := silentFleet(t, "kvm1", "kvm2")
	running := migration.Domain{UUID: "u", Name: "web", State: migration.StateRunning}
	off := running
	off.State = migration.StateShutOff
	for name, test := range map[string]struct {
		location Location
		lapses   bool
	}{
		"its host does not answer any more": {Location{Host: "kvm1", Domain: running}, true},
		"it is on its way there already":    {Location{Host: "kvm1", Domain: running, Receiving: []string{"kvm2"}}, false},
		"its post-copy fetches from there":  {Location{Host: "kvm1", Domain: running, FetchesFrom: "kvm3"}, false},
		"it is shut off, and takes nothing": {Location{Host: "kvm1", Domain: off}, false},
	} {
		t.Run(name, func(t *testing.T) {
			test.location.Domain.UUID = name
			defer f.promises.keep(name, promise{host: "kvm2"})()
			err := f.reconsider(t.Context(), "kvm2", test.location)
			var lapsed *LapsedChoiceError
			if errors.As(err, &lapsed) != test.lapses || err != nil && lapsed == nil {
				t.Fatalf("got %v", err)
			}
			if _, promised := f.promises.toOthers("")[name]; promised == test.lapses {
				t.Errorf("promised: %t", promised)
			}
		})
	}
}
