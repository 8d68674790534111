package faults

import (
	"syscall"
	"time"
)

// signalFaults interrupt and kill Terraform at every moment of a move.
var signalFaults = []scenario{
	{
		name:   "Terraform is interrupted",
		at:     []moment{atStart, inMiddle},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGINT)) },
		want:   want{places: []place{onSource}, codes: []int{1}, summaries: []string{cancelled}, within: 20 * time.Second},
	},
	{
		name:   "Terraform is interrupted",
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGINT)) },
		want:   want{places: []place{onSource, onDestination}, codes: []int{0, 1}, summaries: []string{cancelled}, within: 20 * time.Second},
	},
	{
		name:   "Terraform is killed, its provider is not",
		asked:  byResource,
		at:     []moment{atStart, inMiddle, atEnd},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGKILL)) },
		want:   want{places: []place{onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		modes:  []string{peerToPeer},
		asked:  byResource,
		at:     []moment{atStart, inMiddle, atEnd},
		strike: (*stage).killAll,
		want:   want{places: []place{onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		always: true,
		modes:  []string{direct},
		asked:  byResource,
		at:     []moment{atStart, inMiddle},
		strike: (*stage).killAll,
		want:   want{places: []place{onSource}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		modes:  []string{direct},
		asked:  byResource,
		at:     []moment{atEnd},
		strike: (*stage).killAll,
		want:   want{places: []place{onSource, onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
}

// killAll ends Terraform and its provider as SIGKILL does.
func (s *stage) killAll() {
	s.Helper()
	s.must(s.run.signalGroup(syscall.SIGKILL))
}
