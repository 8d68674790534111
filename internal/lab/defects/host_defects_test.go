//go:build lab

package defects

import (
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// hostDefects are about the hosts themselves.
func hostDefects() []defect {
	rename := func(s *scene, name string) {
		s.run(s.destination, "hostname", name)
		s.Cleanup(func() { _ = s.destination.Command(s.after(), "hostname", s.destination.Name).Run() })
	}
	return []defect{
		{
			name: "destination calls itself localhost, and is renamed", guest: paused(),
			plant: func(s *scene) { rename(s, "localhost") },
			check: preflight.CheckHostname, host: "kvm2", warning: true,
			remedy: act("hostnamectl set-hostname NAME", func(s *scene) { rename(s, "kvm2") }),
		},
		{
			name: "destination calls itself localhost, and gets a migration_uri", guest: paused(),
			plant: func(s *scene) { rename(s, "localhost.localdomain") },
			check: preflight.CheckHostname, host: "kvm2", warning: true,
			remedy: act("Set migration_uri of kvm2", func(s *scene) { s.config.Hosts[1].MigrationURI = s.destination.MigrationURI }),
		},
		{
			name: "destination has the source's host name, and is renamed", guest: paused(),
			plant: func(s *scene) { rename(s, s.source.Name) },
			check: preflight.CheckHostname, host: "kvm2", warning: true,
			remedy: act("hostnamectl set-hostname NAME", func(s *scene) { rename(s, "kvm2") }),
		},
		{
			name: "two hosts with one host UUID", guest: paused(),
			plant:  func(s *scene) { s.hostUUID(s.destination, s.source.UUID) },
			check:  migration.CheckHosts, // whichever of the two it is that is wrong
			remedy: act("host_uuid", func(s *scene) { s.hostUUID(s.destination, s.destination.UUID) }),
		},
		{
			name: "destination's libvirt does not run", guest: paused(),
			plant: func(s *scene) { s.must(s.destination.Kill(s.context())) }, heal: true,
			check: migration.CheckAnswers, host: "kvm2",
			remedy: act("", func(s *scene) { s.must(s.destination.Start(s.context())) }),
		},
	}
}
