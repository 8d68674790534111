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
	drift := Sentence(DriftLine(s.Drift))
	if d.Cluster != "" {
		drift = fmt.Sprintf("Cluster %q: %s", d.Cluster, fullStop(DriftLine(s.Drift)))
	}
	switch {
	case len(s.Drift) == 0:
	case s.Gone:
		all = append(all, Text{object + " Missing", sentences(drift,
			"None of its hosts has the record any more. The resource is removed from state, and the next apply "+
				"creates it again.")})
	default:
		all = append(all, Text{object + " Out of Sync", sentences(drift, repair(s.Stuck))})
	}
	if len(s.Redeclared) > 0 {
		all = append(all, DeclaredAgain(object, s.Redeclared[0]))
	}
	all = append(all, UnknownMembers(object, s.Unknown)...)
	if len(s.Unseen) > 0 {
		all = append(all, Unseen(s.Unseen))
	}
	return all
}

// VMOutOfSync warns of drift in the record of a VM.
func VMOutOfSync(object string, record fleet.VMRecord, drift []fleet.Drift) Text {
	return Text{object + " Out of Sync", sentences(
		fmt.Sprintf("VM %s: %s", record.Location.Domain.Name, fullStop(DriftLine(drift))), repair(record.Stuck()))}
}

// VMRecordMissing warns of a VM whose record is gone.
func VMRecordMissing(object string, l fleet.Location) Text {
	return Text{object + " Missing", fmt.Sprintf(
		"No copy of the record of VM %s is left on %s. The resource is removed from state, and the next apply "+
			"creates it again.", l.Domain.Name, l.Host)}
}

// repair says what the next apply does about drift; stuck is why it cannot repair
// all of it, or nil.
func repair(stuck error) string {
	if stuck == nil {
		return "The next apply repairs it."
	}
	return sentences("The next apply cannot repair all of it.", Advice(stuck))
}

// Diverging warns that the copies of a VM's record differ.
func Diverging(d *fleet.Divergence) Text {
	return Text{"VM Migration Policy Diverges", Sentence(DivergenceLine(d))}
}

// DeclaredAgain warns that a record has a new owner, which is left alone.
func DeclaredAgain(object string, c fleet.Copy) Text {
	return Text{object + " Declared Again", fmt.Sprintf(
		"%s was declared again by another resource or state%s. It does not count as drift here, whatever it says, "+
			"and destroying this resource leaves it. "+
			"Declare the record in one place only. A change of the values here takes it back.", capital(c.Subject()), declaredOn(c))}
}

// TakenOver warns that a record now belongs to the resource, and to which one it
// belonged.
func TakenOver(object string, c fleet.Copy) Text {
	return Text{object + " Taken Over", fmt.Sprintf(
		"%s existed already, declared by another resource or state%s, or by this one under a former address. Now "+
			"this resource owns it. "+
			"If another configuration declares it too, remove it from one of the two.", capital(c.Subject()), declaredOn(c))}
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
			"for drift.", Members(hosts))}}
}

// LeftBehind warns of hosts that still have a copy, though the configuration no
// longer names them.
func LeftBehind(hosts []string) Text {
	return Text{"Record Left Behind", fmt.Sprintf(
		"A copy of the record is still on %s, which the configuration does not name here. The apply removes it.", fleet.Quote(hosts))}
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
	return []Text{{object + " Has Unknown Members", sentences(
		Sentence(UnknownMembersLine(copies)), "A newer release of the provider may have written that; it is kept.")}}
}

// CopiesDiffer warns of an import whose hosts do not all have the same copy. It is
// empty where they do.
func CopiesDiffer(object string, found fleet.Found) []Text {
	if len(found.Drift) == 0 {
		return nil
	}
	return []Text{{object + " Differs Between Hosts", fmt.Sprintf(
		"The most common copy, that of %s, is imported. The next plan shows the others as drift: %s.", fleet.Quote(found.Hosts), DriftLine(found.Drift))}}
}

// NoRecord is what an operator reads of an import that finds no record. object is
// the kind of record, d what was looked for on which hosts.
func NoRecord(object string, d fleet.Declaration, hosts []string) Text {
	return Text{"Unable to Import " + object, fmt.Sprintf("None of the hosts %s has a record of %s.", fleet.Quote(hosts), d)}
}
