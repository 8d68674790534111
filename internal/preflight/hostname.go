package preflight

import (
	"context"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// hostnameCheck looks whether the destination has a name to send memory to, where it has
// no migration_uri: libvirt takes its own host name then, and refuses one that begins with
// localhost (qemuMigrationDstPrepareDirect). Only migration_host in its qemu.conf, which
// cannot be asked for, changes that.
type hostnameCheck struct{}

// LocalHostname is a destination that calls itself localhost.
type LocalHostname struct{ Hostname string }

// Problem implements migration.Fact.
func (LocalHostname) Problem() string { return "host name is localhost" }

func (hostnameCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	_, destination := s.assessed.Identities()
	if s.Move.MigrationURI != "" || !strings.HasPrefix(destination.Hostname, "localhost") {
		return nil, nil
	}
	return []migration.Finding{{
		Fact: LocalHostname{destination.Hostname}, Host: s.destination(), Warning: true,
	}}, nil
}
