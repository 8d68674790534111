package explain

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestDrift(t *testing.T) {
	t.Parallel()
	on := func(host string) fleet.Copy { return fleet.Copy{Host: host} }
	of := func(impact string) fleet.Copy { return fleet.Copy{Host: "kvm1", VM: "uuid", Impact: impact} }
	unreadable := func(c fleet.Copy, why string) fleet.Drift {
		c.Invalid = errors.New(why)
		return fleet.Drift{Copy: c, Kind: fleet.DriftUnreadable}
	}
	batch := fleet.Drift{Copy: on("kvm3"), Kind: fleet.DriftDiffers, Difference: fleet.Difference{Cluster: new("batch")}}
	downtime := policy.Difference{Field: policy.FieldMaxDowntimeMS, Have: "400", Want: "500"}
	converge := policy.Difference{Field: policy.FieldAutoConverge, Have: policy.NotSet, Want: "true"}
	for name, test := range map[string]struct {
		drift []fleet.Drift
		line  string
		value string // of the first
	}{
		"none":       {nil, "", ""},
		"missing":    {[]fleet.Drift{missing(on("kvm1"))}, "the copy on kvm1 was missing", "missing"},
		"unreadable": {[]fleet.Drift{unreadable(on("kvm1"), "it is empty")}, "the copy on kvm1 could not be read: it is empty", "unreadable"},
		"differs": {
			[]fleet.Drift{differs(on("kvm1"), converge, downtime)},
			"the copy on kvm1 differed: auto_converge was not set, declared true; max_downtime_ms was 400, declared 500",
			"differs: auto_converge, max_downtime_ms",
		},
		"not declared": {
			[]fleet.Drift{differs(on("kvm1"), policy.Difference{Field: policy.FieldMaxDowntimeMS, Have: "400", Want: policy.NotSet})},
			"the copy on kvm1 differed: max_downtime_ms was 400, not declared", "differs: max_downtime_ms",
		},
		"another cluster's": {[]fleet.Drift{batch}, `the copy on kvm3 differed: it belonged to cluster "batch"`, "differs: cluster"},
		"the same of several": {
			[]fleet.Drift{missing(on("kvm1")), differs(on("kvm2"), downtime), missing(on("kvm4"))},
			"the copies on kvm1, kvm4 were missing; the copy on kvm2 differed: max_downtime_ms was 400, declared 500", "missing",
		},
		"both copies of a VM": {
			[]fleet.Drift{differs(of("live"), downtime), differs(of("config"), downtime)},
			"both copies on kvm1 differed: max_downtime_ms was 400, declared 500", "differs: max_downtime_ms",
		},
		"each copy of a VM": {
			[]fleet.Drift{missing(of("live")), differs(of("config"), downtime)},
			"the live copy on kvm1 was missing; the config copy on kvm1 differed: max_downtime_ms was 400, declared 500", "missing",
		},
		"unreadable for different reasons": {
			[]fleet.Drift{unreadable(on("kvm1"), "it is empty"), unreadable(on("kvm2"), "it is no JSON")},
			"the copy on kvm1 could not be read: it is empty; the copy on kvm2 could not be read: it is no JSON", "unreadable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := DriftLine(test.drift); got != test.line {
				t.Errorf("got  %s\nwant %s", got, test.line)
			}
			if len(test.drift) > 0 {
				if got := DriftValue(test.drift[0]); got != test.value {
					t.Errorf("the attribute says %q, want %q", got, test.value)
				}
			}
		})
	}
	divergence := &fleet.Divergence{Counts: of("live"), Drift: []fleet.Drift{differs(of("config"), downtime)}}
	want := "the live copy on kvm1 counted, but the config copy on kvm1 differed: max_downtime_ms was 400 there, and 500 in the live copy"
	if got := DivergenceLine(divergence); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	with := func(host string, members ...string) fleet.Copy {
		c := fleet.Copy{Host: host, Record: policy.Record{Unknown: map[string]json.RawMessage{}}}
		for _, name := range members {
			c.Record.Unknown[name] = json.RawMessage("1")
		}
		return c
	}
	const want = `the copies on kvm1, kvm3 had "future"; the copy on kvm2 had "future", "more"`
	if got := UnknownMembersLine([]fleet.Copy{with("kvm1", "future"), with("kvm2", "more", "future"), with("kvm3", "future")}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
