package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// stage is one scenario in one mode, while it runs. Its methods are what scenarios are made of; those that can not do
// their work end the test.
type stage struct {
	*testing.T

	mode  string
	world *lab.World // just the two hosts
	// from is where the guest is, to where it is to be.
	from, to *lab.Host
	guest    *lab.Guest

	// settings is what Terraform is told of the two hosts; scenarios may change it before Terraform starts.
	settings settings
	tf       terraform
	run      *run
	struck   time.Time
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
	block := "resource \"virt_vm_live_migration\" \"move\" {\n%s}\n"
	if asked == byAction {
		block = "action \"virt_vm_live_migration\" \"move\" {\n  config {\n%s  }\n}\n"
	}
	arguments := fmt.Sprintf("  vm = %q\n  destination = %q\n  mode = %q\n  policy = {%s\n  }\n", s.guest.Name, destinationName, s.mode, policy)
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

// moment is a point of a move that can be seen from outside.
type moment struct {
	name    string
	reached func(*stage) bool
}

var (
	// atStart is when the destination has its QEMU, and no memory has been sent.
	atStart = moment{"start", func(s *stage) bool { return len(s.guest.Processes()) == 2 }}
	// inMiddle is when memory has been sent for a while.
	inMiddle = moment{"middle", func(s *stage) bool { return s.sent() >= 8 }}
	// atEnd is when the guest has been stopped for the switch-over. See lingering.
	atEnd = moment{"end", func(s *stage) bool { return s.state(s.from) == "paused" && len(s.guest.Processes()) == 2 }}
	// inPostCopy is when the guest runs on the destination and its memory is still fetched.
	inPostCopy = moment{"post-copy", func(s *stage) bool { return s.state(s.to) == "running" && len(s.guest.Processes()) == 2 }}
)

// lingering makes a switch-over last about three seconds, over a link that is limited by lingerOn.
const lingering = `
    max_downtime_ms = 3000
    timeout         = "50s"
    stall_timeout   = "10s"`

// lingerOn is the link for lingering, to be arranged.
func lingerOn(s *stage) { s.limit(8) }

// lingerGap is what a guest may stand still for under lingering.
const lingerGap = 8 * time.Second

// await returns at a moment of the move.
func (s *stage) await(m moment) {
	s.Helper()
	s.eventually(patience, "the move is at its "+m.name, func() bool {
		if s.run.hasEnded() && !m.reached(s) {
			s.Fatalf("Terraform ended before the %s of the move%s", m.name, s.transcript())
		}
		return m.reached(s)
	})
}

// sent is how much of the guest's memory has been sent, in MiB.
func (s *stage) sent() float64 {
	info, err := s.from.Virsh(s.Context(), "domjobinfo", s.guest.UUID)
	if err != nil || !strings.Contains(info, "Outgoing migration") {
		return 0
	}
	_, processed, _ := strings.Cut(info, "Memory processed:")
	var amount float64
	var unit string
	if _, err := fmt.Sscan(processed, &amount, &unit); err != nil {
		return 0
	}
	switch unit {
	case "MiB":
		return amount
	case "GiB":
		return amount * 1024
	default:
		return 0
	}
}

// state is what a host says that the guest does there; empty when it has none.
func (s *stage) state(host *lab.Host) string {
	state, err := host.Virsh(s.Context(), "domstate", s.guest.UUID)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(state)
}
