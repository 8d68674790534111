package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// The warnings about records. object is the kind of record. Programs match summaries, so
// no name stands in one. Terraform shows only the first of several warnings that have the
// same summary.

// Surveyed warns of what a plan can only show as a difference: drift of the copies
// that hosts have, another declaration, members of a newer release, and hosts that
// could not be asked.
func Surveyed(object string, d fleet.Declaration, s fleet.Survey) []Text {
	var all []Text
	drift := fullStop(DriftLine(s.Drift))
	if d.Cluster != "" {
		drift = fmt.Sprintf("cluster %q: %s", d.Cluster, drift)
	}
	switch {
	case len(s.Drift) == 0:
	case s.Gone:
		all = append(all, planned(object+" Missing", drift,
			"None of its hosts had the record any more. "+recreated))
	default:
		all = append(all, planned(object+" Out of Sync", drift, repair(s.Stuck)))
	}
	if len(s.Redeclared) > 0 {
		all = append(all, DeclaredElsewhere(object, s.Redeclared[0]))
	}
	all = append(all, UnknownMembers(object, s.Unknown)...)
	if len(s.Unseen) > 0 {
		all = append(all, Unseen(s.Unseen))
	}
	return all
}

// VMOutOfSync warns of drift in the record of a VM.
func VMOutOfSync(object string, record fleet.VMRecord, drift []fleet.Drift) Text {
	return planned(object+" Out of Sync", fmt.Sprintf("the record of VM %s had drifted: %s", record.Location.Domain.Name,
		fullStop(DriftLine(drift))), repair(record.Stuck()))
}

// VMRecordMissing warns of a VM whose record is gone.
func VMRecordMissing(object string, l fleet.Location) Text {
	return planned(object+" Missing", fmt.Sprintf(
		"no copy of the record of VM %s was left on %s.", l.Domain.Name, l.Host), recreated)
}

// recreated is what becomes of a resource whose record is gone.
const recreated = "The resource leaves state. Applying a plan creates it again, unless the plan is refresh-only."

// repair says what an apply does about drift; stuck is why it cannot repair all of it, or
// nil.
func repair(stuck error) string {
	if stuck == nil {
		return "Applying a plan repairs that, unless the plan is refresh-only."
	}
	return sentences("An apply cannot repair all of that.", Advice(stuck))
}

// Diverging warns that the copies of a VM's record differ.
func Diverging(l fleet.Location, d *fleet.Divergence) Text {
	return planned("VM Migration Policy Copies Differ", fmt.Sprintf(
		"of the record of VM %s %s. A virt_vm_migration_policy that declares the record repairs that.",
		l.Domain.Name, DivergenceLine(d)))
}

// DeclaredElsewhere warns that a record has a new owner, which is left alone.
func DeclaredElsewhere(object string, c fleet.Copy) Text {
	return planned(object+" Declared Elsewhere", fmt.Sprintf(
		"another resource or state had declared %s%s. It did not count as drift here, whatever it said, and destroying "+
			"this resource leaves it while that is so. "+
			"Declare the record in one place only. A change of the values here takes it back.", c.Subject(), declaredOn(c)))
}

// TakenOver warns that a record now belongs to the resource, and to which one it
// belonged.
func TakenOver(object string, c fleet.Copy) Text {
	return Text{object + " Taken Over", fmt.Sprintf(
		"%s existed already, declared by another resource or state%s, or by this one under a former address. "+
			"Now this resource owns it. If another configuration declares it too, remove it from one of the two.",
		capital(c.Subject()), declaredOn(c))}
}

// LeftInPlace warns that a destroy leaves a record that another resource has
// declared.
func LeftInPlace(object string, c fleet.Copy) Text {
	return Text{object + " Left in Place", fmt.Sprintf(
		"%s was declared again by another resource or state%s, so it stays.", capital(c.Subject()), declaredOn(c))}
}

// declaredOn is when a copy was declared, as the end of a clause.
func declaredOn(c fleet.Copy) string {
	if c.Record.DeclaredAt.IsZero() {
		return ""
	}
	return " on " + c.Record.DeclaredAt.Format("2006-01-02 at 15:04:05 MST")
}

// LeftOnFormerHosts warns of hosts that may keep the record, because the provider's
// configuration no longer has them. It is empty without hosts.
func LeftOnFormerHosts(object string, hosts []fleet.Member) []Text {
	if len(hosts) == 0 {
		return nil
	}
	return []Text{{object + " Left on Former Hosts", fmt.Sprintf(
		"None of the provider's hosts is %s any more. A record that is there stays there, and is no longer checked "+
			"for drift. A host with another mainboard, or another host_uuid in its libvirtd.conf, counts as another one: an "+
			"apply writes the record there anew, and a destroy after that removes it.", Members(hosts))}}
}

// LeftBehind warns of hosts that still have a copy, though the configuration no
// longer names them.
func LeftBehind(hosts []string) Text {
	return planned("Record Left Behind", fmt.Sprintf(
		"a copy of the record was still on %s, which the configuration does not name here. Applying the plan removes it.",
		fleet.Quote(hosts)))
}

// HostRenamed warns of hosts that have another key in the provider's configuration. It is
// empty without hosts.
func HostRenamed(renamed []fleet.Renaming) []Text {
	if len(renamed) == 0 {
		return nil
	}
	names := make([]string, len(renamed))
	for i, r := range renamed {
		names[i] = fmt.Sprintf("Host %q is now called %q (host UUID %s).", r.From, r.Now.Name, r.Now.UUID)
	}
	return []Text{{"Host Renamed", sentences(strings.Join(names, " "),
		"The provider's configuration has another key for it. Its records stay as they are.")}}
}

// UnknownMembers warns of copies that have members which this release does not know.
// It is empty where none has.
func UnknownMembers(object string, copies []fleet.Copy) []Text {
	if len(copies) == 0 {
		return nil
	}
	return []Text{planned(object+" Has Unknown Members", fullStop(UnknownMembersLine(copies)),
		"A newer release of the provider may have written that; it is kept.")}
}

// CopiesDiffer warns of an import whose hosts do not all have the same copy. It is
// empty where they do.
func CopiesDiffer(object string, found fleet.Found) []Text {
	if len(found.Drift) == 0 {
		return nil
	}
	return []Text{planned(object+" Differs Between Hosts", fmt.Sprintf(
		"%s. The most common copy, that of %s, is imported, and the others count as drift.", DriftLine(found.Drift),
		fleet.Quote(found.Hosts)))}
}

// NoRecord is what an operator reads of an import that finds no record. object is
// the kind of record, d what was looked for on which hosts, and clusters are those that
// there are.
func NoRecord(object string, d fleet.Declaration, hosts, clusters []string) Text {
	detail := fmt.Sprintf("None of the hosts %s has a record of %s.", fleet.Quote(hosts), d)
	switch {
	case len(clusters) > 0:
		detail += fmt.Sprintf(" The clusters that have one are %s.", fleet.Quote(clusters))
	case d.Cluster != "":
		detail += " There is no record of any cluster there."
	}
	return Text{"Unable to Import " + object, detail}
}
