package provider

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"

// vmStates are the states of a VM at home as attributes have them: virsh's words. To whoever
// uses a VM, one that runs in post-copy is running.
var vmStates = map[migration.DomainState]string{
	migration.StateRunning:        "running",
	migration.StatePostCopy:       "running",
	migration.StatePaused:         "paused",
	migration.StateAsleep:         "pmsuspended",
	migration.StateShutOff:        "shut_off",
	migration.StateCrashed:        "crashed",
	migration.StatePostCopyFailed: "post_copy_failed",
}

// vmStateNames are the states that a filter may have.
func vmStateNames() []string {
	return []string{"running", "paused", "pmsuspended", "shut_off", "crashed", "post_copy_failed"}
}

const vmStatesDescription = "`running`, `paused`, `pmsuspended`, `shut_off`, `crashed` or `post_copy_failed` " +
	"(libvirt's states; the last is either part of a VM whose migration lost its link in post-copy)."
