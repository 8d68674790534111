package fleet

import (
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestCopiesAgreeOnlyWhenAllWereRead takes another policy of all copies for the new
// one only where no host was left out.
func TestCopiesAgreeOnlyWhenAllWereRead(t *testing.T) {
	t.Parallel()
	const is400 = `{"version":1,"cluster":"compute","max_downtime_ms":400}`
	declared := Declaration{Cluster: "compute", Policy: policy.Policy{MaxDowntimeMS: new(int64(500))}}
	copies := func(names ...string) []Copy {
		var all []Copy
		for _, name := range names {
			all = append(all, Copy{Host: name, HostUUID: name, Document: new(is400)}.decode())
		}
		return all
	}
	kvm3 := Member{Name: "kvm3", UUID: "kvm3"}
	for name, test := range map[string]struct {
		known   recognition
		unseen  []unseen
		changed bool
		unasked []string
	}{
		"all were read":                  {changed: true},
		"one cannot be recognised":       {known: recognition{hidden: []Member{kvm3}}, unasked: []string{"kvm3"}},
		"one falls silent when it reads": {known: recognition{present: []Member{kvm3}}, unseen: []unseen{{host: "kvm3", err: errSilent}}, unasked: []string{"kvm3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := declared.survey(test.known, copies("kvm1", "kvm2"), test.unseen, nil)
			if (s.Changed != nil) != test.changed {
				t.Errorf("changed to %v, want %v", s.Changed, test.changed)
			}
			if !slices.Equal(s.Unasked, test.unasked) {
				t.Errorf("unasked %v, want %v", s.Unasked, test.unasked)
			}
		})
	}
}
