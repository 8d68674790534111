package fleet

import (
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A host that cannot be asked counts as the member of its name, but no host does that has said it is another machine.
func TestRecognition_only(t *testing.T) {
	t.Parallel()
	m := Member{Name: "kvm1", UUID: "u"}
	silent := func(name string) []unseen { return []unseen{{host: name, err: migration.ErrUnreachable}} }
	for name, test := range map[string]struct {
		recognition
		name  string
		gone  bool
		error error
	}{
		"found":                           {recognition{present: []Member{m}}, "kvm1", false, nil},
		"renamed":                         {recognition{renamed: []Renaming{{From: "kvm1", Now: Member{Name: "kvm2", UUID: "u"}}}}, "kvm2", false, nil},
		"silent":                          {recognition{hidden: []Member{m}, silent: silent("kvm1")}, "kvm1", false, nil},
		"another machine has its name":    {recognition{hidden: []Member{m}, silent: silent("kvm2")}, "kvm1", false, migration.ErrUnreachable},
		"none of the hosts, which answer": {recognition{letGo: []Member{m}}, "kvm1", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, _, gone, err := test.only(m)
			if now.Name != test.name || gone != test.gone || !errors.Is(err, test.error) || (err != nil) != (test.error != nil) {
				t.Errorf("it is %s, gone %v, error %v; want %s, %v, %v", now.Name, gone, err, test.name, test.gone, test.error)
			}
		})
	}
}
