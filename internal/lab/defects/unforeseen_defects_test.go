//go:build lab

package defects

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// unforeseenDefects are all that no check finds.
func unforeseenDefects() []unforeseen {
	return slices.Concat(unforeseenNames(), unforeseenCertificates(), unforeseenSettings())
}

// unforeseenNames are about the address and the ports that memory is sent to.
func unforeseenNames() []unforeseen {
	ownAddress := func(says string) remedy {
		return act(says, func(s *scene) { s.config.Hosts[1].MigrationURI = s.destination.MigrationURI })
	}
	return []unforeseen{
		{
			name: "LOCALHOST: the destination calls itself localhost", guest: paused(),
			plant: func(s *scene) {
				s.run(s.destination, "hostname", "localhost")
				s.Cleanup(func() { _ = s.destination.Command(s.after(), "hostname", s.destination.Name).Run() })
			},
			check: preflight.CheckHostname, kind: refusal.LocalHostname, host: "kvm2",
			remedy: ownAddress("Set migration_uri of kvm2"),
		},
		{
			name: "LOCALHOST: on the source the destination's name is 127.0.0.1", guest: paused(), short: true,
			plant: func(s *scene) { s.resolve(s.source, s.destination.Name, "127.0.0.1") },
			kind:  refusal.MemoryUnreachable, host: "kvm2",
			remedy: ownAddress("A migration_uri of kvm2 in the provider's configuration sets another one"),
		},
		{
			name: "FIXEDPORT: the port of the migration_uri is taken", guest: paused(),
			plant: func(s *scene) {
				s.config.Hosts[1].MigrationURI = "tcp://kvm2:49300"
				s.listen(s.destination, 49300)
			},
			kind: refusal.PortTaken, host: "kvm2",
			remedy: act("A migration_uri without a port", func(s *scene) { s.config.Hosts[1].MigrationURI = "tcp://kvm2" }),
		},
		{
			name: "VNC's fixed port taken by a program that is no VM", guest: paused(lab.VNC{Port: 5988}),
			plant: func(s *scene) { s.listen(s.destination, 5988) },
			kind:  refusal.PortTaken, host: "kvm2",
			remedy: act("`ss -ltunp` on kvm2 shows by whom", func(s *scene) { s.silence() }),
		},
	}
}

// unforeseenCertificates are about those that QEMU shows for an encrypted move.
func unforeseenCertificates() []unforeseen {
	// named gives the destination's QEMU a certificate of another name.
	named := func(s *scene) {
		authority, err := s.world.Authority()
		s.must(err)
		pair, err := authority.Issue(lab.CertificateSpec{CommonName: "storage", Names: []string{"storage"}})
		s.must(err)
		s.destination.ServeQEMUCertificate(s, pair)
		s.move.Policy.Encryption = new(true)
	}
	return []unforeseen{
		{
			name: "TLSDEST: certificate of another name, and a tls_destination of that name", guest: paused(), short: true,
			plant: named, check: preflight.CheckCertificate, kind: refusal.CertificateName, host: "kvm2",
			remedy: act("Set tls_destination of kvm2", func(s *scene) { s.config.Hosts[1].TLSDestination = "storage" }),
		},
		{
			name: "TLSDEST: certificate of another name, and a migration_uri of that name", guest: paused(),
			plant: named, check: preflight.CheckCertificate, kind: refusal.CertificateName, host: "kvm2",
			remedy: act("give it a migration_uri with such a name", func(s *scene) {
				s.resolve(s.source, "storage", s.destination.Address)
				s.resolve(s.destination, "storage", s.destination.Address)
				s.config.Hosts[1].MigrationURI = "tcp://storage"
			}),
		},
		{
			name: "TLSDEST: certificate of another name, and a new certificate", guest: paused(),
			plant: named, check: preflight.CheckCertificate, kind: refusal.CertificateName, host: "kvm2",
			remedy: act("or the certificate the name", func(s *scene) {
				authority, err := s.world.Authority()
				s.must(err)
				pair, err := authority.Issue(s.destination.CertificateSpec())
				s.must(err)
				s.destination.ServeQEMUCertificate(s, pair)
			}),
		},
	}
}

// unforeseenSettings are about what the destination's administrator has set.
func unforeseenSettings() []unforeseen {
	const hook = "/etc/libvirt/hooks/qemu"
	return []unforeseen{
		{
			name: "the destination takes encrypted moves only", guest: paused(),
			plant: func(s *scene) { s.qemuConf(s.destination, "migrate_tls_force = 1") },
			kind:  refusal.EncryptionForced, host: "kvm2",
			remedy: act("Set encryption = true", func(s *scene) { s.move.Policy.Encryption = new(true) }),
		},
		{
			name:  "UFFD: the destination's QEMU may not use userfaultfd",
			guest: lab.GuestSpec{Bare: true}, // a paused one is not moved by post-copy
			plant: func(s *scene) {
				s.needNoUserfaultfd()
				s.unprivileged(s.destination)
				s.move.Policy.PostCopy = new(true)
			},
			check: preflight.CheckUserfaultfd, kind: refusal.Userfaultfd, host: "kvm2",
			remedy: act("set post_copy = false", func(s *scene) { s.move.Policy.PostCopy = new(false) }),
		},
		{
			name: "a disk that the destination's QEMU may not open", guest: paused(lab.Disk{}),
			plant: func(s *scene) {
				s.unprivileged(s.destination)
				s.must(os.Chmod(s.destination.File(first(s)), 0o600))
			},
			kind: refusal.StorageDenied, host: "kvm2",
			remedy: act("See the owner and the mode of the file", func(s *scene) {
				s.must(os.Chmod(s.destination.File(first(s)), 0o666))
			}),
		},
		{
			name: "a hook script of the destination refuses the VM", guest: paused(),
			plant: func(s *scene) {
				s.put(hook, []byte("#!/bin/sh\n[ \"$2\" != migrate ] || { echo 'no room here' >&2; exit 1; }\n"), s.destination)
				s.must(s.destination.Restart(s.context())) // libvirtd looks for hooks when it starts
			},
			kind: refusal.Hook, host: "kvm2",
			remedy: act(hook, func(s *scene) {
				s.must(os.Remove(s.destination.File(hook)))
				s.must(s.destination.Restart(s.context()))
			}),
		},
	}
}

// unprivileged has a host's QEMUs run as nobody until the test ends. Where there is a /dev/kvm, they get its group: while
// libvirt sees that they cannot use it, it asks QEMU at every call anew what it can do.
func (s *scene) unprivileged(h *lab.Host) {
	s.Helper()
	group := "nogroup"
	var device syscall.Stat_t
	if err := syscall.Stat("/dev/kvm", &device); err == nil {
		group = fmt.Sprintf("+%d", device.Gid)
	}
	s.qemuConf(h, `user = "nobody"`, fmt.Sprintf("group = %q", group))
}

// needNoUserfaultfd leaves the test out on a machine whose kernel lets any program use userfaultfd.
func (s *scene) needNoUserfaultfd() {
	s.Helper()
	const setting = "/proc/sys/vm/unprivileged_userfaultfd"
	content, err := os.ReadFile(setting)
	s.must(err)
	if strings.TrimSpace(string(content)) != "0" {
		s.Skipf("%s is %s: this machine's kernel refuses nobody", setting, content)
	}
}
