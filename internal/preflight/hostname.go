package preflight

import (
	"context"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// hostnameCheck looks whether the destination has a name to send memory to, where it has
// no migration_uri: libvirt takes its own host name then, and refuses one that begins with
// localhost (qemuMigrationDstPrepareDirect). By a name that is its own, too, the source sends
// memory to itself. Only migration_host in the destination's qemu.conf, which cannot be asked
// for, changes that.
type hostnameCheck struct{}

// LocalHostname is a destination that calls itself localhost.
type LocalHostname struct{ Hostname string }

// Problem implements migration.Fact.
func (LocalHostname) Problem() string { return "host name is localhost" }

// OneHostname is a destination that has the host name of the source.
type OneHostname struct{ Hostname string }

// Problem implements migration.Fact.
func (OneHostname) Problem() string { return "both hosts have one host name" }

func (hostnameCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	source, destination := s.assessed.Identities()
	var fact migration.Fact
	switch {
	case s.Move.MigrationURI != "":
		return nil, nil
	case strings.HasPrefix(destination.Hostname, "localhost"):
		fact = LocalHostname{destination.Hostname}
	case destination.Hostname == source.Hostname:
		fact = OneHostname{destination.Hostname}
	default:
		return nil, nil
	}
	return []migration.Finding{{Fact: fact, Host: s.destination(), Warning: true}}, nil
}
