package fleet

import (
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestAddElsewhere adds what a third host has of the VM, where that is more than a
// definition.
func TestAddElsewhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		third             string
		untouched         bool
		holders, incoming []string
		added             bool
	}{
		"nothing":                             {third: ""},
		"a definition":                        {third: "off"},
		"no answer":                           {third: "?"},
		"what another migration left":         {third: "post-copy source"},
		"it runs":                             {third: "running", holders: []string{"a"}, added: true},
		"it runs, which was so before":        {third: "running", untouched: true, holders: []string{"a"}, added: true},
		"it is paused":                        {third: "paused", holders: []string{"a"}, added: true},
		"it is asleep":                        {third: "asleep", holders: []string{"a"}, added: true},
		"it fetches memory":                   {third: "post-copy", holders: []string{"a"}, added: true},
		"it is incoming":                      {third: "incoming", incoming: []string{"a"}, added: true},
		"it is incoming, which was so before": {third: "incoming", untouched: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &migration.Failure{Outcome: migration.Outcome{Untouched: test.untouched}}
			addElsewhere(f, hosts(test.third).Hosts)
			if len(f.Elsewhere) > 0 != test.added {
				t.Errorf("added %v", f.Elsewhere)
			}
			if !slices.Equal(hostsSeen(f.Holders()), test.holders) && len(test.holders)+len(f.Holders()) > 0 {
				t.Errorf("held by %v", f.Holders())
			}
			if !slices.Equal(hostsSeen(f.Receivers()), test.incoming) && len(test.incoming)+len(f.Receivers()) > 0 {
				t.Errorf("received by %v", f.Receivers())
			}
		})
	}
}
