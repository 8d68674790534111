//go:build lab

package faults

import "time"

// qemuFaults end a QEMU of the guest.
var qemuFaults = []scenario{
	{
		name:    "the source's QEMU is killed",
		at:      []moment{inMiddle, atEnd},
		strike:  func(s *stage) { s.killQEMU(s.from) },
		want:    want{ends: []whereabouts{onNeither}, codes: []int{1}, summaries: []string{failed}, words: []string{"virsh start"}, within: 30 * time.Second},
		excused: "the guest is gone",
	},
	{
		name:   "the destination's QEMU is killed",
		always: true,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.killQEMU(s.to) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 30 * time.Second},
	},
	{
		name:    "the VM is destroyed on the source",
		at:      []moment{inMiddle, atEnd},
		strike:  func(s *stage) { s.virsh(s.from, "destroy", s.guest.UUID) },
		want:    want{ends: []whereabouts{onNeither}, codes: []int{1}, summaries: []string{failed}, words: []string{"virsh start"}, within: 30 * time.Second},
		excused: "the guest is gone",
	},
	{
		name:   "the destination's QEMU is killed",
		at:     []moment{atEnd},
		strike: func(s *stage) { s.killQEMU(s.to) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 30 * time.Second},
	},
}
