//go:build lab

package faults

import (
	"strings"
	"syscall"
	"time"
)

// signalFaults interrupt and kill Terraform at every moment of a move.
var signalFaults = []scenario{
	{
		name:   "Terraform is interrupted",
		asked:  bothForms,
		at:     []moment{atStart, inMiddle},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGINT)) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{cancelled}, within: 20 * time.Second},
	},
	{
		// A move that is cancelled too late arrives, and is a success.
		name:   "Terraform is interrupted",
		asked:  bothForms,
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGINT)) },
		want:   want{ends: []whereabouts{onSource, onDestination}, codes: []int{0, 1}, summaries: []string{cancelled}, within: 20 * time.Second},
	},
	{
		// As by Ctrl-C on a terminal.
		name:   "Terraform and its provider are interrupted",
		asked:  bothForms,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.run.signalGroup(syscall.SIGINT)) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{cancelled}, within: 20 * time.Second},
	},
	{
		name:   "Terraform is killed, its provider is not",
		asked:  bothForms,
		at:     []moment{atStart, inMiddle, atEnd},
		strike: func(s *stage) { s.must(s.run.signal(syscall.SIGKILL)) },
		want:   want{ends: []whereabouts{onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		modes:  []string{peerToPeer},
		asked:  bothForms,
		at:     []moment{atStart, inMiddle, atEnd},
		strike: (*stage).killAll,
		want:   want{ends: []whereabouts{onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		always: true,
		modes:  []string{direct},
		asked:  []form{byResource},
		at:     []moment{atStart, inMiddle},
		strike: (*stage).killAll,
		want:   want{ends: []whereabouts{onSource}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		modes:  []string{direct},
		at:     []moment{atStart, inMiddle},
		strike: (*stage).killAll,
		want:   want{ends: []whereabouts{onSource}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider",
		modes:  []string{direct},
		asked:  bothForms,
		at:     []moment{atEnd},
		strike: (*stage).killAll,
		want:   want{ends: []whereabouts{onSource, onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		name:   "Terraform is killed with its provider and asked again at once",
		modes:  []string{peerToPeer},
		asked:  bothForms,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.killAll(); s.askAgain() },
		repair: (*stage).judgeAdoption,
		want:   want{ends: []whereabouts{onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
	{
		// A direct migration ends with its client, so that this one is a migration of its own.
		name:   "Terraform is killed with its provider and asked again at once",
		modes:  []string{direct},
		asked:  bothForms,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.killAll(); s.askAgain() },
		repair: (*stage).judgeRival,
		want:   want{ends: []whereabouts{onDestination}, codes: []int{codeKilled}, within: 10 * time.Second},
	},
}

// interruptOnceItSays interrupts Terraform once its progress has some words: that is the fault, then.
func (s *stage) interruptOnceItSays(words string) {
	s.Helper()
	s.eventually(2*patience, "Terraform says "+words, func() bool { return strings.Contains(s.run.output.String(), words) })
	s.struck = time.Now()
	s.must(s.run.signal(syscall.SIGINT))
}

// killAll ends Terraform and its provider as SIGKILL does.
func (s *stage) killAll() {
	s.Helper()
	s.must(s.run.signalGroup(syscall.SIGKILL))
}

// askAgain asks the Terraform of the move, which has ended, for the same once more.
func (s *stage) askAgain() {
	s.Helper()
	s.run.wait(s.T, patience)
	s.rival = s.tf.start(s.T, s.asked.arguments()...)
}
