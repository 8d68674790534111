package fleet

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Declaration is the policy of a level that is kept on hosts: the global
// settings, or one cluster.
type Declaration struct {
	// Cluster is the cluster's name; empty for the global settings.
	Cluster string
	// Formerly are names that the cluster's records may still carry: it is being
	// renamed, or a renaming did not reach every host.
	Formerly []string
	Policy   policy.Policy
	// Owner is the token of the resource instance that declares; empty for one
	// that has written nothing yet, such as an import of a record without owner.
	Owner string
	// DeclaredAt is when the instance last wrote; zero for never. What another owner
	// declared before that came back with a restored VM or host: it has no owner.
	DeclaredAt time.Time
	// Now is the time that a write puts into the record.
	Now time.Time
	// Imported is the owner of the record that the instance was imported from and writes
	// for the first time now; empty for none.
	Imported string
	// Replaces is the owner whose record a Create may take over although it says
	// something else; empty for none.
	Replaces string
	// Seen are the copies as they were when the change was planned, by the UUID of
	// the host for a record that is kept on hosts. An update overwrites no other.
	Seen map[string]Digest
}

// String names the level for people.
func (d Declaration) String() string {
	if d.Cluster == "" {
		return "the global settings"
	}
	return fmt.Sprintf("cluster %q", d.Cluster)
}

func (d Declaration) level() host.Level {
	if d.Cluster == "" {
		return host.Global
	}
	return host.Cluster
}

// owns tells whether a record is this declaration's, by the name it carries.
func (d Declaration) owns(r policy.Record) bool {
	return d.named(r) || d.Cluster != "" && slices.Contains(d.Formerly, r.Cluster)
}

// named tells whether a record has the declared cluster's name. Terraform spells
// names in Unicode's form NFC, and other programs may not.
func (d Declaration) named(r policy.Record) bool {
	return norm.NFC.String(r.Cluster) == norm.NFC.String(d.Cluster)
}

// mine tells whether a readable record is the declaring instance's, also by an import, or
// anybody's.
func (d Declaration) mine(r policy.Record) bool {
	restored := !r.DeclaredAt.IsZero() && r.DeclaredAt.Before(d.DeclaredAt)
	return r.Owner == "" || r.Owner == d.Owner || r.Owner == d.Imported || restored
}

// redeclared tells whether another instance has declared the copy since.
func (d Declaration) redeclared(c Copy) bool { return c.readable() && !d.mine(c.Record) }

// settled tells whether a copy needs no writing: it says what is declared, and
// names who declares it.
func (d Declaration) settled(c Copy) bool {
	return d.matchesCopy(c) && c.Record.Owner == d.Owner
}

// matches tells whether a record says just what is declared, in all fields
// that this version knows.
func (d Declaration) matches(r policy.Record) bool {
	return d.named(r) && r.Policy.Equal(d.Policy)
}
