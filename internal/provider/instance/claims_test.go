package instance

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	c := NewClaims()
	kvm1 := RecordKey{policy.OriginCluster, "kvm1"}
	declared, imported := Memory{Owner: "a"}, Importing("c")
	claims := []struct {
		what     string
		claimant string
		at       RecordKey
		ok       bool
	}{
		{"the first", declared.Claimant(), kvm1, true},
		{"its replacement", declared.Claimant(), kvm1, true},
		{"another instance", Memory{Owner: "b"}.Claimant(), kvm1, false},
		{"one that is created", Memory{}.Claimant(), kvm1, false},
		{"one that has imported the first one's record", Importing("a").Claimant(), kvm1, false},
		{"another level", Memory{Owner: "b"}.Claimant(), RecordKey{policy.OriginGlobal, "kvm1"}, true},
		{"another host", Memory{}.Claimant(), RecordKey{policy.OriginCluster, "kvm2"}, true},
		{"a second one that is created", Memory{}.Claimant(), RecordKey{policy.OriginCluster, "kvm2"}, false},
		{"one that is imported", imported.Claimant(), RecordKey{policy.OriginVM, "web"}, true},
		{"its replacement", imported.Claimant(), RecordKey{policy.OriginVM, "web"}, true},
		{"another import of the same record", Importing("c").Claimant(), RecordKey{policy.OriginVM, "web"}, false},
		{"an import of a record without owner", Importing("").Claimant(), RecordKey{policy.OriginVM, "db"}, true},
		{"another one of it", Importing("").Claimant(), RecordKey{policy.OriginVM, "db"}, false},
	}
	for _, test := range claims {
		if other, ok := c.Claim(test.claimant, test.at, test.what); ok != test.ok || !ok && other == "" {
			t.Errorf("%s: %v %q, want %v", test.what, ok, other, test.ok)
		}
	}
	if _, ok := (*Claims)(nil).Claim("a", kvm1, ""); !ok {
		t.Error("a provider that is not configured refuses")
	}
}
