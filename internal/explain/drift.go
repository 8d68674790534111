package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// DriftValue is what the attribute `drift` says of a copy: "missing", "unreadable",
// or "differs: " with the fields.
func DriftValue(d fleet.Drift) string {
	if d.Kind != fleet.DriftDiffers {
		return string(d.Kind)
	}
	if d.Difference.Cluster != nil {
		return string(d.Kind) + ": cluster"
	}
	names := make([]string, len(d.Difference.Fields))
	for i, field := range d.Difference.Fields {
		names[i] = string(field.Field)
	}
	return string(d.Kind) + ": " + strings.Join(names, ", ")
}

// DriftLine says which copies were not what is declared, and how. Copies of which the
// same is true are named together.
func DriftLine(all []fleet.Drift) string {
	said := make([]statement, len(all))
	for i, d := range all {
		said[i] = drifted(d)
	}
	return together(said)
}

// DivergenceLine says which copy of a VM's record counts, and how the other differs.
func DivergenceLine(d *fleet.Divergence) string {
	said := make([]statement, len(d.Drift))
	for i, drift := range d.Drift {
		said[i] = drifted(drift)
		if drift.Kind == fleet.DriftDiffers {
			said[i].rest = ": " + diverged(drift.Difference.Fields, d.Counts.Impact)
		}
	}
	return fmt.Sprintf("%s counted, but %s", d.Counts, together(said))
}

// diverged says how one copy of a VM's record differed from the one that counted. Nobody
// needs to have declared either.
func diverged(fields []policy.Difference, counts string) string {
	texts := make([]string, len(fields))
	for i, field := range fields {
		texts[i] = fmt.Sprintf("%s was %s there, and %s in the %s copy", field.Field, field.Have, field.Want, counts)
	}
	return strings.Join(texts, "; ")
}

// UnknownMembersLine says which copies have which members that this release does not
// know.
func UnknownMembersLine(copies []fleet.Copy) string {
	said := make([]statement, len(copies))
	for i, c := range copies {
		said[i] = statement{c, "had", "had", " " + fleet.Quote(c.Record.UnknownMembers())}
	}
	return together(said)
}

// statement is what is said of one copy.
type statement struct {
	about fleet.Copy
	// one and many are the verb for one copy and for several, in the past tense: the line
	// may be read after the copies were repaired.
	one, many, rest string
}

func drifted(d fleet.Drift) statement {
	switch d.Kind {
	case fleet.DriftUnreadable:
		return statement{d.Copy, "could not be read", "could not be read", fmt.Sprintf(": %v", d.Copy.Invalid)}
	case fleet.DriftDiffers:
		return statement{d.Copy, "differed", "differed", ": " + d.Difference.Past()}
	case fleet.DriftMissing:
	}
	return statement{d.Copy, "was missing", "were missing", ""}
}

// together joins statements, those that say the same of several copies in one.
func together(all []statement) string {
	var texts []string
	for i, s := range all {
		same := func(other statement) bool { return other.one == s.one && other.rest == s.rest }
		if slices.ContainsFunc(all[:i], same) {
			continue
		}
		var about []fleet.Copy
		for _, other := range all[i:] {
			if same(other) {
				about = append(about, other.about)
			}
		}
		if len(about) == 1 {
			texts = append(texts, fmt.Sprintf("%s %s%s", s.about, s.one, s.rest))
		} else {
			texts = append(texts, fmt.Sprintf("%s %s%s", several(about), s.many, s.rest))
		}
	}
	return strings.Join(texts, "; ")
}

// several names copies of one record: those on several hosts, or the two of a VM.
func several(copies []fleet.Copy) string {
	if copies[0].VM != "" {
		return "both copies on " + copies[0].Host
	}
	hosts := make([]string, len(copies))
	for i, c := range copies {
		hosts[i] = c.Host
	}
	return "the copies on " + strings.Join(hosts, ", ")
}
