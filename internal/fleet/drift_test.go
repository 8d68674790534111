package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// fact is a drift without its copy, which is known by its key.
type fact struct {
	kind    DriftKind
	cluster string
	fields  []policy.Field
}

func factsOf(all []Drift) map[string]fact {
	facts := map[string]fact{}
	for _, d := range all {
		f := fact{kind: d.Kind}
		if d.Difference.Cluster != nil {
			f.cluster = *d.Difference.Cluster
		}
		for _, field := range d.Difference.Fields {
			f.fields = append(f.fields, field.Field)
		}
		facts[d.Key()] = f
	}
	return facts
}

func TestDriftNamesTheCopiesAndTheFields(t *testing.T) {
	t.Parallel()
	copyOn := func(host, document string) Copy { return Copy{Host: host, Document: &document}.decode() }
	declared := Declaration{Cluster: "compute", Policy: policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(500))}}
	got := declared.drift(
		copyOn("kvm1", `{"version":1,"cluster":"compute","auto_converge":true,"max_downtime_ms":500}`),
		copyOn("kvm2", `{"version":1,"cluster":"compute","max_downtime_ms":400}`),
		copyOn("kvm3", `{"version":1,"cluster":"batch","auto_converge":true,"max_downtime_ms":400}`),
		copyOn("kvm4", `nothing`),
		Copy{Host: "kvm5"},
	)
	want := map[string]fact{
		"kvm2": {kind: DriftDiffers, fields: []policy.Field{policy.FieldAutoConverge, policy.FieldMaxDowntimeMS}},
		"kvm3": {kind: DriftDiffers, cluster: "batch"},
		"kvm4": {kind: DriftUnreadable},
		"kvm5": {kind: DriftMissing},
	}
	if diff := cmp.Diff(want, factsOf(got), cmp.AllowUnexported(fact{})); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}

// A release that adds a switch finds global records of older ones in sync: there it is false. To a cluster and a VM it is
// left out, which inherits.
func TestDriftOfASwitchThatIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cluster, vm, document string
		declared              policy.Policy
		drifts                bool
	}{
		"global":                        {"", "", `{"version":1,"auto_converge":true}`, policy.Policy{AutoConverge: new(true)}.Global(), false},
		"global, declared true":         {"", "", `{"version":1}`, policy.Policy{AutoConverge: new(true)}.Global(), true},
		"global, another kind of field": {"", "", `{"version":1}`, downtime(500).Global(), true},
		"cluster":                       {"compute", "", `{"version":1,"cluster":"compute"}`, policy.Policy{AutoConverge: new(false)}, true},
		"VM":                            {"", "uuid", `{"version":1}`, policy.Policy{AutoConverge: new(false)}, true},
	} {
		c := Copy{Host: "kvm1", VM: test.vm, Document: &test.document}.decode()
		if drift := (Declaration{Cluster: test.cluster, Policy: test.declared}).drift(c); (len(drift) > 0) != test.drifts {
			t.Errorf("%s: drift is %v", name, drift)
		}
	}
}

// A VM's copies are told apart by their impact, wherever the VM is: moving it must
// change nothing.
func TestDriftOfAVM(t *testing.T) {
	t.Parallel()
	const is500, is400, empty = `{"version":1,"max_downtime_ms":500}`, `{"version":1,"max_downtime_ms":400}`, `{"version":1}`
	missing, differs := fact{kind: DriftMissing}, fact{kind: DriftDiffers, fields: []policy.Field{policy.FieldMaxDowntimeMS}}
	for name, test := range map[string]struct {
		live, config string // none when empty
		want         map[string]fact
		agree        bool
	}{
		"in sync":                              {is500, is500, nil, true},
		"one is missing":                       {is500, "", map[string]fact{"config": missing}, false},
		"one differs":                          {is400, is500, map[string]fact{"live": differs}, false},
		"both agree on another":                {is400, is400, map[string]fact{"live": differs, "config": differs}, true},
		"each differs":                         {is400, empty, map[string]fact{"live": differs, "config": differs}, false},
		"one is missing, and one says nothing": {"", empty, map[string]fact{"live": missing, "config": differs}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copyIn := func(impact, document string) Copy {
				c := Copy{Host: "kvm1", VM: "uuid", Impact: impact, Twin: true}
				if document != "" {
					c.Document = &document
				}
				return c.decode()
			}
			record := VMRecord{Copies: []Copy{copyIn("live", test.live), copyIn("config", test.config)}}
			got := factsOf(record.Drift(downtime(500)))
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(fact{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}
			if _, agree := record.Agreed(); agree != test.agree {
				t.Errorf("the copies agree: %v, want %v", agree, test.agree)
			}
		})
	}
}
