package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Independence is a policy and a move that one plan changes, where the move does not
// depend on the policy.
type Independence struct {
	// VM is what is moved.
	VM string
	// Level is the policy's, and Of its VM or cluster, or empty.
	Level policy.Origin
	Of    string
	// Removed is true where the plan removes the policy.
	Removed bool
	// Unwritten is true while an apply has not made the change yet, Failed once it could
	// not.
	Unwritten, Failed bool
}

// policyTypes are the resource types of the levels.
var policyTypes = map[policy.Origin]string{
	policy.OriginVM:      "virt_vm_migration_policy",
	policy.OriginCluster: "virt_cluster_migration_policy",
	policy.OriginGlobal:  "virt_migration_global_settings",
}

// record names the policy.
func (i Independence) record() string {
	switch {
	case i.Level == policy.OriginGlobal:
		return "the global migration settings"
	case i.Of == "":
		return "a migration policy of a " + map[policy.Origin]string{policy.OriginVM: "VM", policy.OriginCluster: "cluster"}[i.Level]
	case i.Level == policy.OriginCluster:
		return fmt.Sprintf("the migration policy of cluster %q", i.Of)
	}
	return "the migration policy of VM " + i.Of
}

// dependsOn is the line to add to a move, so that it depends on policies that stay.
// It is empty where there are none.
func dependsOn(policies ...Independence) string {
	var references []string
	for _, i := range policies {
		if reference := policyTypes[i.Level] + ".NAME"; !i.Removed && !slices.Contains(references, reference) {
			references = append(references, reference)
		}
	}
	if len(references) == 0 {
		return ""
	}
	return fmt.Sprintf("    depends_on = [%s]", strings.Join(references, ", "))
}

// Independent warns of a move that does not depend on policies which change in the same
// plan.
func Independent(policies ...Independence) Text {
	var changed, removed []string
	for _, i := range policies {
		if i.Removed {
			removed = append(removed, i.record())
		} else {
			changed = append(changed, i.record())
		}
	}
	vm := policies[0].VM
	const summary = "Move Does Not Depend on Policy"
	if len(changed) == 0 {
		return Text{summary, fmt.Sprintf("This plan removes %s, and moves VM %s. Terraform does the two in any order, so "+
			"what is removed may still hold for the move. Where that matters, remove the one first: with `-target`, "+
			"or with an apply of its own.", strings.Join(removed, " and "), vm)}
	}
	return Text{summary, paragraphs(
		fmt.Sprintf("This plan changes %s, and moves VM %s, and the move does not depend on that. It waits up to 30 s "+
			"for a policy that is being written, but Terraform may also come to the move first. Then the move is "+
			"refused, by this provider or by Terraform (\"Provider produced inconsistent final plan\" for "+
			"policy_digest), or it starts under the policy that holds now.", strings.Join(changed, " and "), vm),
		"Add this line to the virt_vm_live_migration resource, where NAME is the name of the policy's resource:",
		dependsOn(policies...),
		"A policy that is to change only after the move needs the reverse instead: depends_on in the policy's "+
			"resource, which names the move. This warning stays then.")}
}

// OtherPolicy is what an operator reads of a move that was refused because another
// policy holds for its VM than the planned one, which is nil where it is not known.
// beside is what the same apply changes.
func OtherPolicy(e *fleet.OtherPolicyError, planned *policy.Effective, beside []Independence) Text {
	l := e.Location
	what := fmt.Sprintf("Another policy holds for VM %s on %s than the move was planned with", l.Domain.Name, l.Host)
	if planned != nil {
		what += ": " + strings.Join(differences(e.Holds, *planned), ", ")
	}
	if len(beside) == 0 {
		return Text{unableToMigrate, paragraphs(
			what+". Somebody else has changed it since. Nothing was started. Apply again to plan with what holds now.",
			Location(l))}
	}
	var records, ends []string
	for _, i := range beside {
		records = append(records, i.record())
		switch {
		case i.Failed:
			ends = append(ends, capital(i.record())+" could not be changed.")
		case i.Unwritten:
			ends = append(ends, "The move has waited for "+i.record()+" in vain.")
		}
	}
	advice, line := "Apply again.", dependsOn(beside...)
	if line != "" {
		advice = "Add this to the virt_vm_live_migration resource, where NAME is the name of the policy's resource, " +
			"and apply again:"
	}
	return Text{unableToMigrate, paragraphs(
		sentences(fmt.Sprintf("%s. The same apply changes %s, and the move does not depend on that.",
			what, strings.Join(records, " and ")), strings.Join(ends, " "), "Nothing was started."),
		advice, line, Location(l))}
}

// differences are the fields of a policy that holds, and differ from the planned one.
func differences(holds, planned policy.Effective) []string {
	var said []string
	for _, d := range holds.Differences(planned.Policy) {
		said = append(said, fmt.Sprintf("%s is %s, planned %s", d.Field, effective(d.Have), effective(d.Want)))
	}
	return said
}

// effective is a value of an effective policy: one that no level sets is left to QEMU.
func effective(value string) string {
	if value == "inherit" {
		return "QEMU's default"
	}
	return value
}
