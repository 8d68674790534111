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
	// Foreseen is whether the move's plan saw the change coming.
	Foreseen Foreseen
	// Unwritten is true while an apply has not made the change yet, Failed once it could
	// not.
	Unwritten, Failed bool
}

// Foreseen is whether the plan of a move saw a change of a policy coming.
type Foreseen int

const (
	// ForeseenUnknown is that of a move whose policy is not known yet.
	ForeseenUnknown Foreseen = iota
	// ForeseenWith is that of a move that is planned under the policy as changed.
	ForeseenWith
	// ForeseenWithout is that of a move that was planned first, under the policy as it is
	// without the change.
	ForeseenWithout
)

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
		levels := map[policy.Origin]string{policy.OriginVM: "VM", policy.OriginCluster: "cluster"}
		return "a migration policy of a " + levels[i.Level]
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
	const summary = "Missing Dependency on Migration Policy"
	if len(changed) == 0 {
		return Text{summary, fmt.Sprintf("This plan removes %s, and moves VM %s. Terraform does the two in any order, so "+
			"what is removed may still hold for the move. Where that matters, remove the one first: with `-target`, "+
			"or with an apply of its own.", strings.Join(removed, " and "), vm)}
	}
	const (
		refused = "by this provider or by Terraform (\"Provider produced inconsistent final plan\" for policy_digest)."
		reverse = "A policy that is to change only after the move needs the reverse instead: depends_on in the " +
			"policy's resource, which names the move. This warning stays then."
	)
	var follows, otherwise string
	switch policies[0].Foreseen {
	case ForeseenWith:
		follows = "The move is planned under the policy as changed, and starts under no other. It waits up to 30 s for a " +
			"policy that is being written. Where Terraform comes to the move first, the move is refused, " + refused
	case ForeseenWithout:
		follows = "The move was planned first, under the policy as it is without that change, and starts under no other: " +
			"it is made before the change, or it is refused, " + refused
		otherwise = reverse
	case ForeseenUnknown:
		follows = "Its policy is not known yet. It waits up to 30 s for a policy that is being written. Where Terraform " +
			"comes to the move first, it starts under the policy that holds then."
		otherwise = reverse
	}
	return Text{summary, paragraphs(
		fmt.Sprintf("This plan changes %s, and moves VM %s, and the move does not depend on that. %s",
			strings.Join(changed, " and "), vm, follows),
		"Add this line to the virt_vm_live_migration resource, where NAME is the name of the policy's resource:",
		dependsOn(policies...), otherwise)}
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
	if value == policy.NotSet {
		return "QEMU's default"
	}
	return value
}
