//go:build lab

package faults

import (
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// moment is a point of a move that can be seen from outside.
type moment struct {
	name    string
	reached func(*stage) bool
	// policy and arrange make the moment long enough to be met, where it is not by itself; gap is what the guest may then
	// stand still for.
	policy  string
	arrange func(*stage)
	gap     time.Duration
}

var (
	// atStart is when the destination has its QEMU, and hardly any memory has been sent.
	atStart = moment{name: "start", reached: func(s *stage) bool { return len(s.guest.Processes()) == 2 }}
	// inMirror is when a part of the disk has been copied, and no memory has been sent.
	inMirror = moment{name: "copy of the disk", reached: func(s *stage) bool { return s.mirrored() >= 4 }}
	// inMiddle is when memory has been sent for a while.
	inMiddle = moment{name: "middle", reached: func(s *stage) bool { return s.sent() >= 8 }}
	// atEnd is when the guest was stopped for the switch-over, which takes about three seconds here. QEMU lifts its own
	// limit then; the link's holds.
	atEnd = moment{
		name:    "end",
		reached: func(s *stage) bool { return s.state(s.from) == "paused" && len(s.guest.Processes()) == 2 },
		policy:  "\n    max_downtime_ms = 3000\n    timeout = \"30s\"\n    stall_timeout = \"10s\"",
		arrange: func(s *stage) { s.limit(8) },
		gap:     8 * time.Second,
	}
	// inPostCopy is when the guest runs on the destination and its memory is still fetched.
	inPostCopy = moment{name: "post-copy", reached: func(s *stage) bool { return s.state(s.to) == "running" && len(s.guest.Processes()) == 2 }}
)

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
