//go:build lab

package faults

import (
	"strings"
	"time"
)

// rivalFaults have somebody else ask for a migration of the same guest.
var rivalFaults = []scenario{
	{
		name:   "a second Terraform asks for the same move",
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.startRival(); s.awaitRival("under way already"); s.hurry() },
		repair: (*stage).judgeRival,
		want:   want{ends: []whereabouts{onDestination}, codes: []int{0}, within: 60 * time.Second},
	},
	{
		name:    "two Terraforms ask for the same move at once",
		arrange: (*stage).startRival,
		repair:  (*stage).judgeRival,
		want:    want{ends: []whereabouts{onDestination}, codes: []int{0}, within: 60 * time.Second},
	},
	{
		name: "virsh asks for a second migration",
		at:   []moment{inMiddle},
		strike: func(s *stage) {
			_, err := s.from.Virsh(s.Context(), "migrate", "--live", "--p2p", "--persistent", "--undefinesource", s.guest.UUID, s.to.PeerURI, s.to.MigrationURI)
			if err == nil {
				s.Error("libvirt took a second migration")
			}
			s.hurry()
		},
		want: want{ends: []whereabouts{onDestination}, codes: []int{0}, within: 60 * time.Second},
	},
}

// startRival starts a second Terraform that asks for the same.
func (s *stage) startRival() {
	s.Helper()
	s.rival = newTerraform(s.T, s.configuration(s.asked, calm)).start(s.T, s.asked.arguments()...)
}

// awaitRival returns when the second Terraform has said some words.
func (s *stage) awaitRival(words string) {
	s.Helper()
	s.eventually(patience, "the second Terraform says: "+words, func() bool {
		if s.rival.hasEnded() {
			s.Fatalf("the second Terraform ended:\n%s", &s.rival.output)
		}
		return strings.Contains(s.rival.output.String(), words)
	})
}

// judgeRival wants the second Terraform to tell the truth, too.
func (s *stage) judgeRival() {
	s.Helper()
	s.rival.wait(s.T, 2*patience)
	last := s.settled([]whereabouts{onDestination})
	claim := s.rival.said().claim()
	if claim.line == "" && s.asked == byResource && s.rival.code() == 0 {
		return // a resource says nothing when all is well
	}
	if err := claim.contradiction(last, nil); err != nil || s.rival.code() != 0 {
		s.Errorf("the second Terraform exited with %d, %v:\n%s", s.rival.code(), err, &s.rival.output)
	}
}

// judgeAdoption wants the second Terraform to have watched the migration of the first one, of which a resource tells
// only the log.
func (s *stage) judgeAdoption() {
	s.Helper()
	s.judgeRival()
	if text := s.rival.said().claim().text; s.asked == byAction && !strings.Contains(text, "under way already") {
		s.Errorf("the second Terraform has not watched the migration of the first one:\n%s", text)
	}
}
