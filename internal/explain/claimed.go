package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// ClaimedTwice is what an operator reads of a record that two resources of one
// configuration declare: of a level on hosts, or of the VM with the UUID on. here and
// other are what the two are of: clusters, or the VM as each of them calls it.
func ClaimedTwice(level policy.Origin, on []string, here, other string) Text {
	hosts := "host " + fleet.Quote(on)
	if len(on) > 1 {
		hosts = "hosts " + fleet.Quote(on)
	}
	const keep = "Each of them would overwrite the other's record with every apply."
	switch level {
	case policy.OriginGlobal:
		return Text{"Conflicting Global Settings", fmt.Sprintf("Another virt_migration_global_settings resource of this "+
			"configuration is for %s, too. %s Keep one of them, or list in each only hosts that the other does not list.",
			hosts, keep)}
	case policy.OriginCluster:
		if here == other {
			return Text{"Conflicting Cluster Policies", fmt.Sprintf("Another virt_cluster_migration_policy resource of this "+
				"configuration is for cluster %q on %s, too. %s Keep one of them.", here, hosts, keep)}
		}
		return Text{"Host in Two Clusters", fmt.Sprintf("A host is in one cluster only, and this configuration has %s "+
			"in cluster %q and, by another virt_cluster_migration_policy resource, in cluster %q. Take each out of the "+
			"hosts of one of them.", hosts, here, other)}
	case policy.OriginVM, policy.OriginRun, policy.OriginDefault: // a VM's; the others have no records
	}
	vm := fmt.Sprintf("VM %q", here)
	if other != here {
		vm += fmt.Sprintf(", which it calls %q", other)
	}
	return Text{"Conflicting VM Policies", fmt.Sprintf("Another virt_vm_migration_policy resource of this "+
		"configuration is for %s (%s), too. %s Keep one of them.", vm, strings.Join(on, ", "), keep)}
}

// HeldElsewhere warns of a host that a plan adds to a cluster while it is in another one,
// where the plan cannot tell whether the same apply takes it out of that.
func HeldElsewhere(e *fleet.HeldError) Text {
	return planned("Host Is in Another Cluster", fmt.Sprintf("host %q was in cluster %q. If the same apply takes it out "+
		"of there, all is well; else the apply fails. %s", e.Host, e.Cluster, adviseHeld(e)))
}
