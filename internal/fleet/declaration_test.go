package fleet

import (
	"testing"
	"time"

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

// TestAnImportRobsNobody counts a copy as taken from another instance only where its owner
// is neither the declaring one nor that of the imported record.
func TestAnImportRobsNobody(t *testing.T) {
	t.Parallel()
	document, at := "a record", time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		owner, imported string
		taken           int
	}{
		"its own":                         {"us", "them", 0},
		"that of the imported record":     {"them", "them", 0},
		"another one since the import":    {"others", "them", 1},
		"another one, without any import": {"them", "", 1},
		"nobody's":                        {"", "them", 0},
		"nobody's, without any import":    {"", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			copies := []Copy{{Host: "kvm1", Document: &document, Record: policy.Record{Owner: test.owner, DeclaredAt: at}}}
			d := Declaration{Owner: "us", Imported: test.imported}
			if taken := d.takenFrom(copies); len(taken) != test.taken {
				t.Errorf("taken are %v, want %d copies", taken, test.taken)
			}
		})
	}
}
