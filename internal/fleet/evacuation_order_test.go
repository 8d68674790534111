package fleet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// TestInOrder: what lasts longest starts first, however large it is.
func TestInOrder(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for name, test := range map[string]struct {
		lasts map[string]time.Duration
		want  []string
	}{
		"nothing is known":    {nil, []string{"large", "middle", "small", "off"}},
		"a small one is busy": {map[string]time.Duration{"small": 90 * second, "middle": 4 * second, "large": 8 * second}, []string{"small", "large", "middle", "off"}},
		"one is not known, and goes by the pace of the others":       {map[string]time.Duration{"small": 1 * second, "middle": 4 * second}, []string{"large", "middle", "small", "off"}},
		"one is not known, and is not before one that takes longest": {map[string]time.Duration{"small": 1 * second, "middle": 9 * second}, []string{"middle", "large", "small", "off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := placement.World{VMs: []placement.VM{
				{UUID: "small", Memory: 1 << 30}, {UUID: "middle", Memory: 4 << 30}, {UUID: "large", Memory: 8 << 30},
			}}
			pace(w.VMs, test.lasts)
			got := uuids(inOrder([]evacuation.VM{{UUID: "off"}, {UUID: "small"}, {UUID: "large"}, {UUID: "middle"}}, w))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	vms := []placement.VM{{UUID: "a", Memory: 1 << 30}, {UUID: "b", Memory: 3 << 30}, {UUID: "c"}}
	pace(vms, map[string]time.Duration{"a": 2 * time.Second})
	if vms[0].Lasts != 2*time.Second || vms[1].Lasts != 6*time.Second || vms[2].Lasts != 0 {
		t.Errorf("got %v", vms)
	}
}

func TestLastGone(t *testing.T) {
	t.Parallel()
	entry := func(from, to string, outcome history.Outcome, ms int64) history.Entry {
		e := history.Entry{From: history.Host{UUID: from}, To: history.Host{UUID: to}, Outcome: outcome}
		if ms > 0 {
			e.Figures = &history.Figures{DurationMS: ms}
		}
		return e
	}
	for name, test := range map[string]struct {
		entries []history.Entry
		from    string
		to      string
		lasted  time.Duration
	}{
		"never":                       {nil, "1", "", 0},
		"from here":                   {[]history.Entry{entry("1", "2", history.Completed, 5000)}, "1", "2", 5 * time.Second},
		"it failed":                   {[]history.Entry{entry("1", "2", history.Failed, 5000)}, "1", "", 0},
		"its figures are not known":   {[]history.Entry{entry("1", "2", history.Completed, 0)}, "1", "", 0},
		"from elsewhere":              {[]history.Entry{entry("3", "1", history.Completed, 7000), entry("2", "3", history.Completed, 1000)}, "1", "", 7 * time.Second},
		"from here, and back":         {[]history.Entry{entry("3", "1", history.Completed, 7000), entry("1", "3", history.Completed, 1000)}, "1", "3", time.Second},
		"the host does not say where": {[]history.Entry{entry("", "2", history.Completed, 7000)}, "", "", 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, lasted := lastGone(history.History{Entries: test.entries}, test.from)
			if to != test.to || lasted != test.lasted {
				t.Errorf("to %q in %v", to, lasted)
			}
		})
	}
}
