//go:build lab

package faults

import "time"

// callerFaults lose what Terraform and a host send each other; the hosts still reach each other.
var callerFaults = []scenario{
	{
		name:   "Terraform is cut off from the source",
		modes:  []string{peerToPeer},
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.from.CutCaller(s.Context())); s.hurry() },
		want:   want{ends: []whereabouts{onDestination}, codes: []int{1}, summaries: []string{failed}, within: 100 * time.Second},
	},
	{
		name:   "Terraform is cut off from the source",
		modes:  []string{direct},
		policy: hasty,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.from.CutCaller(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut}, within: 100 * time.Second},
	},
	{
		name:   "Terraform is cut off from the destination",
		modes:  []string{peerToPeer},
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.to.CutCaller(s.Context())); s.hurry() },
		want:   want{ends: []whereabouts{onDestination}, codes: []int{1}, summaries: []string{failed}, within: 100 * time.Second},
	},
	{
		name:   "Terraform is cut off from the destination",
		modes:  []string{direct},
		policy: slow,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.to.CutCaller(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"had not answered"}, within: 60 * time.Second},
	},
	{
		name:   "Terraform is cut off from both hosts",
		modes:  []string{peerToPeer},
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.cutCaller(); s.hurry() },
		want:   want{ends: []whereabouts{onDestination}, codes: []int{1}, summaries: []string{timedOut}, within: 100 * time.Second},
	},
	{
		// Both libvirtds find out after 30 s that their client is gone.
		name:   "Terraform is cut off from both hosts",
		modes:  []string{direct},
		policy: slow,
		at:     []moment{inMiddle},
		strike: (*stage).cutCaller,
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 3 * time.Minute},
	},
	{
		name:   "Terraform is cut off from the source",
		modes:  []string{peerToPeer},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.from.CutCaller(s.Context())) },
		want:   want{ends: []whereabouts{onDestination}, codes: []int{0, 1}, summaries: []string{failed, timedOut}, within: 100 * time.Second},
	},
	{
		name:   "Terraform is cut off from the source",
		modes:  []string{direct},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.from.CutCaller(s.Context())) },
		want:   want{ends: []whereabouts{pausedOnSource}, codes: []int{1}, summaries: []string{failed, timedOut}, within: 3 * time.Minute},
	},
	{
		name:   "Terraform is cut off from the destination",
		modes:  []string{peerToPeer},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.to.CutCaller(s.Context())) },
		want:   want{ends: []whereabouts{onDestination}, codes: []int{0, 1}, summaries: []string{failed, timedOut}, within: 100 * time.Second},
	},
	{
		name:   "Terraform is cut off from the destination",
		modes:  []string{direct},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.to.CutCaller(s.Context())) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed},
			words: []string{"was not told to start"}, within: 2 * time.Minute, gap: 30 * time.Second,
		},
	},
	{
		name:   "Terraform is cut off from both hosts",
		modes:  []string{peerToPeer},
		at:     []moment{atEnd},
		strike: (*stage).cutCaller,
		want:   want{ends: []whereabouts{onDestination}, codes: []int{1}, summaries: []string{failed, timedOut}, within: 100 * time.Second},
	},
	{
		// The client is lost when only it can let the guest run on.
		name:   "Terraform is cut off from both hosts",
		modes:  []string{direct},
		at:     []moment{atEnd},
		strike: (*stage).cutCaller,
		want:   want{ends: []whereabouts{pausedOnSource}, codes: []int{1}, summaries: []string{failed, timedOut}, within: 3 * time.Minute},
	},
}

// cutCaller loses what Terraform and either host send each other.
func (s *stage) cutCaller() {
	s.Helper()
	s.must(s.from.CutCaller(s.Context()))
	s.must(s.to.CutCaller(s.Context()))
}
