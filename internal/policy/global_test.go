package policy_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The global settings leave no switch open: what a record of an older release does not have is false, as declared.
func TestGlobal(t *testing.T) {
	t.Parallel()
	older := policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(400))}
	got := older.Global()
	for _, d := range policy.Table() {
		want := d.Value(older)
		if d.Kind == policy.Switch && want == nil {
			want = false
		}
		if d.Value(got) != want {
			t.Errorf("%s is %v, want %v", d.Field, d.Value(got), want)
		}
	}
	if older.Compression != nil {
		t.Error("the policy itself was changed")
	}
}
