//go:build lab

package defects

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
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

// hostUUID gives a host another UUID until the test ends.
func (s *scene) hostUUID(h *lab.Host, id string) {
	s.Helper()
	set := func(id string) error {
		file := filepath.Join(h.Directory, "etc", "libvirtd.conf")
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var settings []string
		for line := range strings.Lines(string(content)) {
			if !strings.HasPrefix(line, "host_uuid") {
				settings = append(settings, line)
			}
		}
		settings = append(settings, "host_uuid = \""+id+"\"\n")
		return os.WriteFile(file, []byte(strings.Join(settings, "")), 0o644)
	}
	s.must(set(id))
	s.must(h.Restart(s.context()))
	s.Cleanup(func() {
		if id != h.UUID {
			s.must(set(h.UUID))
			s.must(h.Restart(s.after()))
		}
	})
}
