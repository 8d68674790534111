package explain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestIndependentNamesTheLineToAdd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of           Independence
		record, line string
	}{
		"VM":                  {Independence{VM: "web", Level: policy.OriginVM, Of: "web"}, "the migration policy of VM web", "depends_on = [virt_vm_migration_policy.NAME]"},
		"a VM to come":        {Independence{VM: "web", Level: policy.OriginVM}, "a migration policy of a VM", "depends_on = [virt_vm_migration_policy.NAME]"},
		"cluster":             {Independence{VM: "web", Level: policy.OriginCluster, Of: "a"}, `the migration policy of cluster "a"`, "depends_on = [virt_cluster_migration_policy.NAME]"},
		"global":              {Independence{VM: "web", Level: policy.OriginGlobal}, "the global migration settings", "depends_on = [virt_migration_global_settings.NAME]"},
		"removed: no line is": {Independence{VM: "web", Level: policy.OriginVM, Of: "web", Removed: true}, "removes the migration policy of VM web", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Independent(test.of).Detail
			if !strings.Contains(got, test.record) || !strings.Contains(got, test.line) {
				t.Errorf("it does not say %q and %q: %s", test.record, test.line, got)
			}
			if test.line == "" && strings.Contains(got, "depends_on") {
				t.Errorf("it advises what cannot be done: %s", got)
			}
		})
	}
}

// TestIndependentSaysUnderWhichPolicy says what the move starts under, as its plan had it.
func TestIndependentSaysUnderWhichPolicy(t *testing.T) {
	t.Parallel()
	for foreseen, want := range map[Foreseen]string{
		ForeseenUnknown: "it starts under the policy that holds then",
		ForeseenWith:    "planned under the policy as changed, and starts under no other",
		ForeseenWithout: "under the policy as it is without that change, and starts under no other",
	} {
		got := Independent(Independence{VM: "web", Level: policy.OriginVM, Of: "web", Foreseen: foreseen}).Detail
		if !strings.Contains(got, want) {
			t.Errorf("%d does not say %q: %s", foreseen, want, got)
		}
		// A policy that depends on the move is planned after it.
		if reversed := strings.Contains(got, "needs the reverse"); reversed == (foreseen == ForeseenWith) {
			t.Errorf("%d: %s", foreseen, got)
		}
	}
}

func TestOtherPolicySaysWhatChangedIt(t *testing.T) {
	t.Parallel()
	resolved := func(ms int64) policy.Effective {
		return policy.Resolve(policy.Levels{VM: policy.Policy{MaxDowntimeMS: &ms}})
	}
	planned, defaults := resolved(400), policy.Resolve(policy.Levels{})
	e := &fleet.OtherPolicyError{
		Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{Name: "web", State: migration.StateRunning}},
		Holds:    resolved(300),
	}
	const begins = "Another policy holds for VM web on kvm1 than the move was planned with"
	for name, test := range map[string]struct {
		planned *policy.Effective
		beside  []Independence
		want    string
	}{
		"somebody else": {&planned, nil, begins + ": max_downtime_ms is 300, planned 400. Somebody else has changed it since. " +
			"Nothing was started. Apply again to plan with what holds now.\n\nVM web is running on kvm1"},
		"a default was planned": {&defaults, nil, begins + ": max_downtime_ms is 300, planned QEMU's default. Somebody else has changed " +
			"it since. Nothing was started. Apply again to plan with what holds now.\n\nVM web is running on kvm1"},
		"the same apply": {
			nil,
			[]Independence{{VM: "web", Level: policy.OriginVM, Of: "web", Failed: true}, {VM: "web", Level: policy.OriginGlobal, Unwritten: true}},
			begins + ". The same apply changes the migration policy of VM web and the global migration settings, and the move does " +
				"not depend on that. The migration policy of VM web could not be changed. The move has waited " +
				"for the global migration settings in vain. Nothing was started.\n\nAdd this to the virt_vm_live_migration resource, where " +
				"NAME is the name of the policy's resource, and apply again:\n\n    depends_on = " +
				"[virt_vm_migration_policy.NAME, virt_migration_global_settings.NAME]\n\nVM web is running on kvm1",
		},
		"the same apply removes it": {
			nil,
			[]Independence{{VM: "web", Level: policy.OriginVM, Of: "web", Removed: true}},
			begins + ". The same apply changes the migration policy of VM web, and the move does not depend on that. " +
				"Nothing was started.\n\nApply again.\n\nVM web is running on kvm1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, OtherPolicy(e, test.planned, test.beside).Detail); diff != "" {
				t.Errorf("detail (-want +got):\n%s", diff)
			}
		})
	}
}
