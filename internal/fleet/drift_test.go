package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestDeviationsNameTheCopiesAndTheFields(t *testing.T) {
	t.Parallel()
	copyOn := func(host, document string) Copy { return Copy{Host: host, Document: &document}.decode() }
	declared := Declaration{Cluster: "compute", Policy: policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(500))}}
	got := declared.deviations([]Copy{
		copyOn("kvm1", `{"version":1,"cluster":"compute","auto_converge":true,"max_downtime_ms":500}`),
		copyOn("kvm2", `{"version":1,"cluster":"compute","max_downtime_ms":400}`),
		copyOn("kvm3", `{"version":1,"cluster":"batch","auto_converge":true,"max_downtime_ms":400}`),
		copyOn("kvm4", `nothing`),
		{Host: "kvm5"},
	})
	want := Deviations{
		"kvm2": "differs: auto_converge, max_downtime_ms", "kvm3": "differs: cluster", "kvm4": "unreadable", "kvm5": "missing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deviations (-want +got):\n%s", diff)
	}
}

// A VM's copies are told apart by their place, wherever the VM is: moving it must
// change nothing.
func TestDeviationsOfAVM(t *testing.T) {
	t.Parallel()
	const is500, is400, empty = `{"version":1,"max_downtime_ms":500}`, `{"version":1,"max_downtime_ms":400}`, `{"version":1}`
	for name, test := range map[string]struct {
		live, config string // none when empty
		want         Deviations
	}{
		"in sync":                              {is500, is500, Deviations{}},
		"one is missing":                       {is500, "", Deviations{"config": "missing"}},
		"one differs":                          {is400, is500, Deviations{"live": "differs: max_downtime_ms"}},
		"both agree on another":                {is400, is400, Deviations{}},
		"each differs":                         {is400, empty, Deviations{"live": "differs: max_downtime_ms", "config": "differs: max_downtime_ms"}},
		"one is missing, and one says nothing": {"", empty, Deviations{"live": "missing", "config": "differs: max_downtime_ms"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copyIn := func(place, document string) Copy {
				c := Copy{Host: "kvm1", VM: "uuid", Place: place, Twin: true}
				if document != "" {
					c.Document = &document
				}
				return c.decode()
			}
			record := VMRecord{Copies: []Copy{copyIn("live", test.live), copyIn("config", test.config)}}
			if diff := cmp.Diff(test.want, record.Deviations(downtime(500))); diff != "" {
				t.Errorf("deviations (-want +got):\n%s", diff)
			}
		})
	}
}
