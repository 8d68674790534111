package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const newerAdvice = "It is left as it is. Use a release of the provider that knows the record, or take the " +
	"resource out of this configuration without touching the record, with a removed block (lifecycle { destroy = " +
	"false })."

func adviseExisting(e *fleet.ExistsError) string {
	if e.Joins {
		return fmt.Sprintf("It says %s. To let this resource write it anew, remove it: %s.",
			*e.Copy.Document, removeHint(e.Copy))
	}
	return fmt.Sprintf("It says %s. To take it over, import it: %s. To start over, remove it: %s. If a resource of "+
		"this configuration declared it under another label, add a moved block. With create_before_destroy, apply "+
		"the values that the record has, and change them after that.",
		*e.Copy.Document, importHint(e.Copy), removeHint(e.Copy))
}

func adviseHeld(e *fleet.HeldError) string {
	return fmt.Sprintf("A host is in one cluster only. Remove it from the hosts of %q first; if that happens in "+
		"the same apply, make this resource depend on that one (depends_on), or, where the two exchange hosts, run "+
		"Terraform with a -parallelism of at least 2.", e.Cluster)
}

func adviseInvalid(e *fleet.InvalidRecordError) string {
	return fmt.Sprintf("To let Terraform write it anew, remove it: %s.", removeHint(e.Copy))
}

// partial says which hosts a change has reached.
func partial(e *fleet.PartialError) string {
	var said []string
	if len(e.Unwritten) > 0 {
		said = append(said, fmt.Sprintf("The record was not written to %s.", fleet.Quote(e.Unwritten)))
	}
	if len(e.Kept) > 0 {
		said = append(said, fmt.Sprintf("The record may still be on %s.", fleet.Quote(e.Kept)))
	}
	for _, m := range e.Hidden {
		if slices.Contains(e.Silent, m.Name) {
			said = append(said, fmt.Sprintf("The record may still be on %q, which cannot be asked.", m.Name))
		} else {
			said = append(said, fmt.Sprintf("The record may still be on %s: none of the hosts that answer is that "+
				"one, and %s cannot be asked.", Members([]fleet.Member{m}), fleet.Quote(e.Silent)))
		}
	}
	if len(e.Done) > 0 {
		said = append(said, fmt.Sprintf("The change was made on %s.", fleet.Quote(e.Done)))
	}
	said = append(said, what(e.Err))
	if errors.Is(e.Err, migration.ErrUnreachable) {
		said = append(said, "Apply again once the host can be reached. If it is gone for good, take it out of the "+
			"provider's hosts, and apply then: whatever is recorded there stays there.")
	}
	return strings.Join(said, " ")
}

// takenBack says what became of a Create that failed after it had begun to write.
func takenBack(e *fleet.TakenBackError) string {
	if e.Left != nil {
		return Sentence(oneLine(e.Err) + "; " + oneLine(e.Left))
	}
	return Sentence(oneLine(e.Err) + "; what was written on other hosts was taken back")
}

func overwritten(e *fleet.OverwrittenError) string {
	return Sentence("the record was changed by another while it was written: " + DriftLine(e.Drift))
}

// importHint is how a record that is there already is imported.
func importHint(c fleet.Copy) string {
	if c.VM != "" {
		return fmt.Sprintf("`terraform import virt_vm_migration_policy.NAME %s`", c.VM)
	}
	if c.Level == host.Global {
		return "`terraform import virt_migration_global_settings.NAME global`"
	}
	return fmt.Sprintf("`terraform import virt_cluster_migration_policy.NAME %s`", word(c.Record.Cluster))
}

// removeHint is how a record is removed by hand, on its host.
func removeHint(c fleet.Copy) string {
	if c.VM != "" {
		options := "--" + c.Impact
		if c.Twin {
			options = "--live --config"
		}
		return fmt.Sprintf("`virsh metadata %s %s %s --remove` on %s", c.VM, host.MetadataURI, options, c.Host)
	}
	return fmt.Sprintf("`virsh secret-undefine %s` on %s", c.Level.SecretUUID(), c.Host)
}

// Members names hosts by what they were called and their UUIDs.
func Members(hosts []fleet.Member) string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = fmt.Sprintf("%q (host UUID %s)", h.Name, h.UUID)
	}
	return strings.Join(names, " or ")
}

// Unreadable warns of a record for which a move would be refused, because it cannot
// be read.
func Unreadable(err error) Text {
	return planned("Policy Record Unreadable", unreadable(err, "Until then a move of the VM is refused."))
}

// PolicyUnknown warns of a record for which a VM's policy is not known, because it
// cannot be read.
func PolicyUnknown(err error) Text {
	return planned("Effective Migration Policy Unknown", unreadable(err, "Until then the policy is null here."))
}

// unreadable says what becomes of a record that some other resource manages. then is
// what follows from it until it can be read.
func unreadable(err error, then string) string {
	was := "a record could not be read. " + what(err)
	var invalid *fleet.InvalidRecordError
	if errors.As(err, &invalid) {
		was = fmt.Sprintf("%s could not be read: %s", invalid.Copy.Subject(), fullStop(oneLine(invalid.Copy.Invalid)))
	}
	return sentences(was, "The resource that manages that record repairs it when it is applied, unless a "+
		"newer release of the provider wrote it; "+
		"a record that no resource manages has to be removed by hand.", then)
}

// Conflict warns of values that contradict each other across levels.
func Conflict(c policy.Conflict) Text {
	return planned("Conflicting Migration Policy", "the effective policy had a contradiction: "+conflict(c),
		"A move is refused while the effective values contradict each other.")
}

// conflict names the values that contradict each other, each with its level.
func conflict(c policy.Conflict) string {
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = fmt.Sprintf("%s (%s, from %s)", v.Field, v.Value, v.Origin)
	}
	return fmt.Sprintf("%s contradict each other: %s", strings.Join(values, " and "), c.Text)
}
