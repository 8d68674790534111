package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// SeveralDestinations is what an operator reads of attributes of which a move has one.
func SeveralDestinations(given []string) Text {
	return Text{"Invalid Destination", fmt.Sprintf("A move has one of destination, destinations and cluster, and this "+
		"one has %s. Keep destination to pin the host, else one of the others.", strings.Join(given, " and "))}
}

// MissingDestination is what an operator reads of a move that says nothing of where to.
func MissingDestination() Text {
	return Text{"Invalid Destination", "A move needs one of destination (one host), destinations (hosts of which any " +
		"will do) and cluster (the same, by the name of a cluster)."}
}

// NoCluster warns in a plan of a cluster that no host is in.
func NoCluster(name string) Text {
	return planned("Cluster Not Found", fmt.Sprintf(
		"no host had a record of cluster %q, so nothing of the move was checked.", name),
		"The same apply may make it: then the move has to depend on the resource of the cluster's policy "+
			"(cluster = virt_cluster_migration_policy.NAME.name).")
}

// WouldChoose warns in a plan that the destination is chosen in the apply: Terraform does not
// let a plan name what the apply may choose otherwise.
func WouldChoose(l fleet.Location, c placement.Choice) Text {
	best, others := c.Candidates[0], []string{}
	for _, other := range c.Candidates[1:] {
		others = append(others, fmt.Sprintf("%s (%s)", other.Host, score(other)))
	}
	after := ""
	if len(others) > 0 {
		after = ", before " + strings.Join(others, ", ")
	}
	return planned("Destination Is Chosen in the Apply",
		fmt.Sprintf("%s, and its move would have gone to %s (%s)%s.", was(l), best.Host, scored(best), after),
		rejected(c.Rejected),
		fmt.Sprintf("The apply chooses by the same rules and by what holds then, and destination in state tells which. To "+
			"pin this host, write destination = %q instead.", best.Host))
}

// chosen is the line of a move that has chosen its destination.
func chosen(p fleet.Progress) string {
	best := p.Choice.Candidates[0]
	line := fmt.Sprintf("VM %s goes to %s: %s", p.Name, best.Host, scored(best))
	for i, other := range p.Choice.Candidates[1:] {
		before := ", "
		if i == 0 {
			before = "; before "
		}
		line += fmt.Sprintf("%s%s (%s)", before, other.Host, score(other))
	}
	return join(". ", line, strings.TrimSuffix(rejected(p.Choice.Rejected), "."))
}

func score(c placement.Candidate) string { return fmt.Sprintf("score %.1f", c.Score) }

// scored is a candidate's score, and what it is made of.
func scored(c placement.Candidate) string {
	reasons := make([]string, len(c.Reasons))
	for i, r := range c.Reasons {
		reasons[i] = Reason(r)
	}
	return join(": ", score(c), strings.Join(reasons, ", "))
}

// rejected is what speaks against hosts, in one sentence for each.
func rejected(hosts map[string]placement.Reason) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(hosts)) {
		all = append(all, fullStop(fmt.Sprintf("Not %s: %s", name, Reason(hosts[name]))))
	}
	return sentences(all...)
}

// NoDestination is what an operator reads of a VM that none of the candidates can take.
func NoDestination(e *fleet.NoDestinationError) Text {
	const summary = "Unable to Choose Destination"
	l := e.Location
	if len(e.Rejected) == 0 {
		return Text{summary, paragraphs(fmt.Sprintf("No host that answered has a record of cluster %q, so VM %s can go to "+
			"none. Nothing was started. Check the name, and the hosts of its virt_cluster_migration_policy.",
			e.Among.Cluster, l.Domain.Name), Location(l))}
	}
	among := "destinations"
	if e.Among.Cluster != "" {
		among = fmt.Sprintf("cluster %q", e.Among.Cluster)
	}
	said := []string{fmt.Sprintf("No host of %s can take VM %s. Nothing was started. What speaks against each:", among,
		l.Domain.Name)}
	for _, name := range slices.Sorted(maps.Keys(e.Rejected)) {
		against := fullStop(fmt.Sprintf("%s: %s", name, binding(e.Rejected[name])))
		if _, cordoned := e.Rejected[name].(placement.Cordoned); cordoned {
			against = sentences(against, "To have it take VMs again, "+openIt(name))
		}
		said = append(said, against)
	}
	said = append(said, "Mend one of these and apply again, or name more hosts.", Location(l))
	return Text{summary, paragraphs(said...)}
}

// lapsed is what has come between a VM and its host, again and again.
func lapsed(e *fleet.LapsedChoiceError) string {
	return fmt.Sprintf("VM %s was to go to %s, and each time until its move had a place there something else had come "+
		"between: %s", e.Location.Domain.Name, e.Host, fullStop(binding(e.Why)))
}

func adviseAgain(*fleet.LapsedChoiceError) string {
	return "Nothing was started. Apply again: a host is chosen by what holds then."
}

// DestinationsCordoned warns in a plan of a VM that none of the candidates can take, one of which is cordoned:
// nothing is planned for it.
func DestinationsCordoned(e *fleet.NoDestinationError) Text {
	return planned("Destination Is Cordoned", was(e.Location)+", and none of the hosts that its resource allows could "+
		"take it, so no move was planned.", rejected(e.Rejected),
		"The first plan after a host has been opened that can take it moves it.")
}

// wanted is where a resource wants a VM.
func wanted(w fleet.Wanted) string {
	switch {
	case w.Among.Cluster != "":
		return fmt.Sprintf("a host of cluster %q", w.Among.Cluster)
	case len(w.Among.Hosts) > 0:
		return "one of " + strings.Join(w.Among.Hosts, ", ")
	}
	return w.Host
}
