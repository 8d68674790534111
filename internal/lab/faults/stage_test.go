//go:build lab

package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// stage is one scenario in one mode, while it runs. Its methods are what scenarios are made of; those that can not do
// their work end the test.
type stage struct {
	*testing.T

	mode string
	// copies is true where the guest's disk is copied.
	copies bool
	asked  form
	world  *lab.World // just the two hosts
	// from is where the guest is, to where it is to be.
	from, to *lab.Host
	guest    *lab.Guest

	// settings is what Terraform is told of the two hosts; scenarios may change it before Terraform starts.
	settings settings
	tf       terraform
	run      *run
	// rival is a second Terraform, if there is one.
	rival *run
	// began is when Terraform was started, struck when the fault happened.
	began, struck time.Time
	// crashed are the hosts whose libvirtd ended by itself after everything was healed.
	crashed []string
}

// settings are the provider's of both hosts. The hosts are named source and destination there, whichever of the lab's
// they are.
type settings struct {
	sourceURI, destinationURI, peerURI, migrationURI string
}

const (
	sourceName      = "source"
	destinationName = "destination"
)

// patience bounds every wait for something that is sure to come, on however busy a machine.
const patience = time.Minute

// configuration is Terraform's, for a guest, a mode, a form and the attributes of the move's policy.
func (s *stage) configuration(asked form, policy string) string {
	if s.copies {
		policy += "\n    copy_storage = \"full\""
	}
	block := "resource \"virt_vm_live_migration\" \"move\" {\n%s}\n"
	if asked == byAction {
		block = "action \"virt_vm_live_migration\" \"move\" {\n  config {\n%s  }\n}\n"
	}
	arguments := fmt.Sprintf("  vm = %q\n  destination = %q\n  mode = %q\n%s\n", s.guest.Name, destinationName, s.mode, policy)
	return fmt.Sprintf(`terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}

provider "virt" {
  hosts = {
    %s = { uri = %q }
    %s = { uri = %q, peer_uri = %q, migration_uri = %q }
  }
}

`, sourceName, s.settings.sourceURI, destinationName, s.settings.destinationURI, s.settings.peerURI, s.settings.migrationURI) + fmt.Sprintf(block, arguments)
}

// arguments are those of the command that makes the move.
func (asked form) arguments() []string {
	arguments := []string{"apply", "-auto-approve", "-input=false", "-json"}
	if asked == byAction {
		arguments = append(arguments, "-invoke=action.virt_vm_live_migration.move")
	}
	return arguments
}

// must ends the test when the fault could not be made.
func (s *stage) must(err error) {
	s.Helper()
	must(s.T, err)
}

// virsh asks a host, on its own socket.
func (s *stage) virsh(host *lab.Host, args ...string) string {
	s.Helper()
	return host.MustVirsh(s, args...)
}

// killQEMU ends the guest's QEMU on a host as SIGKILL does.
func (s *stage) killQEMU(host *lab.Host) {
	s.Helper()
	for _, process := range s.guest.Processes() {
		if process.Host == host.Name {
			s.must(process.Kill())
			return
		}
	}
	s.Fatalf("no QEMU of the guest on %s", host.Name)
}

// cut loses everything between the two hosts, join ends that.
func (s *stage) cut()  { s.Helper(); s.must(s.world.Cut(s.Context(), s.from, s.to)) }
func (s *stage) join() { s.Helper(); s.must(s.world.Join(s.Context(), s.from, s.to)) }

// limit bounds what the source's link carries, in MiB/s. QEMU does not know, unlike of a limit of the policy: it holds
// during the switch-over, too.
func (s *stage) limit(mibPerSecond int) { s.Helper(); s.must(s.from.Limit(s.Context(), mibPerSecond)) }

// hurry lifts the limit of the policy, so that a move that goes on is soon over.
func (s *stage) hurry() {
	s.Helper()
	s.virsh(s.from, "migrate-setspeed", s.guest.UUID, "1000")
}

// eventually waits until a condition holds.
func (s *stage) eventually(deadline time.Duration, what string, holds func() bool) {
	s.Helper()
	if !s.within(deadline, holds) {
		s.Fatalf("after %s it still does not hold that %s%s", deadline, what, s.transcript())
	}
}

// within tells whether a condition holds before the deadline.
func (s *stage) within(deadline time.Duration, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(s.Context(), deadline)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}

// transcript is what Terraform has said so far, for messages.
func (s *stage) transcript() string {
	if s.run == nil {
		return ""
	}
	return "\nterraform:\n" + s.run.output.String()
}
