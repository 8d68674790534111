package fleet

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestDeclarationKnowsItsRecords(t *testing.T) {
	t.Parallel()
	const composed, decomposed = "b\u00fcro", "bu\u0308ro"
	for name, test := range map[string]struct {
		declared     Declaration
		record       policy.Record
		owns, equals bool
	}{
		"the global settings":                 {Declaration{}, policy.Record{}, true, true},
		"a cluster's, for the global ones":    {Declaration{}, policy.Record{Cluster: "a"}, false, false},
		"of the same name":                    {Declaration{Cluster: "a"}, policy.Record{Cluster: "a"}, true, true},
		"of another name":                     {Declaration{Cluster: "a"}, policy.Record{Cluster: "b"}, false, false},
		"of a former name":                    {Declaration{Cluster: "a", Formerly: []string{"b"}}, policy.Record{Cluster: "b"}, true, false},
		"of a name spelled in other runes":    {Declaration{Cluster: composed}, policy.Record{Cluster: decomposed}, true, true},
		"of the same name, with other values": {Declaration{Cluster: "a", Policy: downtime(1)}, policy.Record{Cluster: "a"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.declared.owns(test.record); got != test.owns {
				t.Errorf("owned: %v, want %v", got, test.owns)
			}
			if got := test.declared.matches(test.record); got != test.equals {
				t.Errorf("equal: %v, want %v", got, test.equals)
			}
		})
	}
}

func downtime(ms int64) policy.Policy { return policy.Policy{MaxDowntimeMS: &ms} }
