package fleet

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// DriftKind is how a copy is not what is declared.
type DriftKind string

// The kinds.
const (
	DriftMissing    DriftKind = "missing"
	DriftUnreadable DriftKind = "unreadable"
	DriftDiffers    DriftKind = "differs"
)

// Drift is one copy of a record that is not what is declared.
type Drift struct {
	// Copy is the copy as it is; Copy.Invalid says why it is unreadable.
	Copy Copy
	Kind DriftKind
	// Difference is what differs; zero for the other kinds.
	Difference Difference
}

// Key names the copy among those of its record: "live" or "config" for a VM's,
// wherever the VM is, else the host.
func (d Drift) Key() string { return cmp.Or(d.Copy.Impact, d.Copy.Host) }

// String is the drift as one line.
func (d Drift) String() string {
	switch d.Kind {
	case DriftUnreadable:
		return fmt.Sprintf("%s cannot be read: %v", d.Copy, d.Copy.Invalid)
	case DriftDiffers:
		return fmt.Sprintf("%s differs: %s", d.Copy, d.Difference)
	case DriftMissing:
	}
	return fmt.Sprintf("%s is missing", d.Copy)
}

// Difference is how a record that was found differs from what is declared.
type Difference struct {
	// Cluster is the name in the record where that is another cluster's; else nil.
	// Fields are then not compared.
	Cluster *string
	Fields  []policy.Difference
}

// String is the difference as one line.
func (d Difference) String() string { return d.told("belongs", policy.Difference.String) }

// Past is the difference as one line about what was found in the past.
func (d Difference) Past() string { return d.told("belonged", policy.Difference.Past) }

func (d Difference) told(belongs string, told func(policy.Difference) string) string {
	if d.Cluster != nil {
		return fmt.Sprintf("it %s to cluster %q", belongs, *d.Cluster)
	}
	texts := make([]string, len(d.Fields))
	for i, field := range d.Fields {
		texts[i] = told(field)
	}
	return strings.Join(texts, "; ")
}

// difference is how a readable record differs from the declaration.
func (d Declaration) difference(r policy.Record) Difference {
	if !d.named(r) {
		return Difference{Cluster: &r.Cluster}
	}
	return Difference{Fields: r.Policy.Differences(d.Policy)}
}

// drift lists the copies that are not what is declared.
func (d Declaration) drift(copies ...Copy) []Drift {
	var all []Drift
	for _, c := range copies {
		switch {
		case c.Document == nil:
			all = append(all, Drift{Copy: c, Kind: DriftMissing})
		case c.Invalid != nil:
			all = append(all, Drift{Copy: c, Kind: DriftUnreadable})
		case !d.matches(c.Record):
			all = append(all, Drift{Copy: c, Kind: DriftDiffers, Difference: d.difference(c.Record)})
		}
	}
	return all
}

// unknownMembers lists the copies that have members which this release does not know.
func unknownMembers(copies []Copy) []Copy {
	var found []Copy
	for _, c := range copies {
		if len(c.Record.Unknown) > 0 {
			found = append(found, c)
		}
	}
	return found
}
