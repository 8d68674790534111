package explain

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestClaimedTwice has one text for all hosts of which two resources want the record.
func TestClaimedTwice(t *testing.T) {
	t.Parallel()
	two := []string{"kvm1", "kvm2"}
	for name, test := range map[string]struct{ got, want Text }{
		"global": {
			ClaimedTwice(policy.OriginGlobal, two, "", ""),
			Text{"Conflicting Global Settings", "Another virt_migration_global_settings resource of this configuration is for hosts " +
				`"kvm1", "kvm2", too. Each of them would overwrite the other's record with every apply. Keep one of them, or list in each ` +
				"only hosts that the other does not list."},
		},
		"one cluster": {
			ClaimedTwice(policy.OriginCluster, two[:1], "db", "db"),
			Text{"Conflicting Cluster Policies", "Another virt_cluster_migration_policy resource of this configuration is for cluster " +
				`"db" on host "kvm1", too. Each of them would overwrite the other's record with every apply. Keep one of them.`},
		},
		"two clusters": {
			ClaimedTwice(policy.OriginCluster, two, "db", "web"),
			Text{"Host in Two Clusters", "A host is in one cluster only, and this configuration has hosts " +
				`"kvm1", "kvm2" in cluster "db" and, by another virt_cluster_migration_policy resource, in cluster "web". ` +
				"Take each out of the hosts of one of them."},
		},
		"VM": {
			ClaimedTwice(policy.OriginVM, []string{remedyUUID}, "web", "web.old"),
			Text{"Conflicting VM Policies", "Another virt_vm_migration_policy resource of this configuration is for VM " +
				`"web", which it calls "web.old" (` + remedyUUID + "), too. Each of them would overwrite the other's record with every apply. Keep one of them."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.got != test.want {
				t.Errorf("got  %+v\nwant %+v", test.got, test.want)
			}
		})
	}
}
