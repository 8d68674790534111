//go:build lab

package faults

import "time"

// hasty is calm with a timeout that ends the waiting for a daemon that does not answer. The guest would take longer.
const hasty = `
    bandwidth_mib_per_second = 2
    timeout                  = "10s"
    stall_timeout            = "10s"`

// slow is calm at a quarter of its pace.
const slow = `
    bandwidth_mib_per_second = 1
    stall_timeout            = "10s"`

// daemonFaults end or stop a libvirtd.
var daemonFaults = []scenario{
	{
		name:   "the source's libvirtd is killed and restarted",
		always: true,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.from.Restart(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 60 * time.Second},
	},
	{
		name:   "the source's libvirtd is killed and stays dead",
		policy: hasty,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.from.Kill(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut, failed}, within: 60 * time.Second},
	},
	{
		name:   "the source's libvirtd is stopped",
		policy: hasty,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.from.Pause()) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{timedOut}, within: 60 * time.Second},
	},
	{
		name:   "the destination's libvirtd is killed and restarted",
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.to.Restart(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 60 * time.Second},
	},
	{
		name:   "the destination's libvirtd is killed and stays dead",
		policy: slow,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.to.Kill(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 60 * time.Second},
	},
	{
		name:   "the destination's libvirtd is stopped",
		modes:  []string{direct},
		policy: slow,
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.to.Pause()) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, words: []string{"had not answered"}, within: 60 * time.Second},
	},
	{
		// libvirt finds out after 30 s by itself. Until then a guest that was stopped for the switch-over stays so.
		name:   "the destination's libvirtd is stopped",
		modes:  []string{peerToPeer},
		at:     []moment{inMiddle},
		strike: func(s *stage) { s.must(s.to.Pause()) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed, timedOut},
			within: 90 * time.Second, gap: 35 * time.Second,
		},
	},
	{
		name:    "the destination's libvirtd is mute from the beginning",
		arrange: func(s *stage) { s.must(s.to.Pause()) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{unplanned},
			words: []string{destinationName, "did not answer within"}, within: 60 * time.Second,
		},
	},
	{
		name:   "the source's libvirtd is killed and restarted",
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.from.Restart(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 60 * time.Second},
	},
	{
		name:   "the source's libvirtd is killed and stays dead",
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.from.Kill(s.Context())) },
		// Nobody else can let the guest go on.
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed, timedOut},
			within: 2 * time.Minute, gap: 3 * time.Minute,
		},
	},
	{
		name:   "the source's libvirtd is stopped",
		modes:  []string{peerToPeer},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.from.Pause()) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed, timedOut},
			within: 2 * time.Minute, gap: 3 * time.Minute,
		},
	},
	{
		// When the daemon goes on, it learns in either order that the memory was sent and that its client is gone.
		name:   "the source's libvirtd is stopped",
		modes:  []string{direct},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.from.Pause()) },
		want: want{
			ends: []whereabouts{onSource, pausedOnSource}, codes: []int{1}, summaries: []string{failed, timedOut},
			within: 2 * time.Minute, gap: 3 * time.Minute,
		},
	},
	{
		name:   "the destination's libvirtd is killed and restarted",
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.to.Restart(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed}, within: 60 * time.Second},
	},
	{
		name:   "the destination's libvirtd is killed and stays dead",
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.to.Kill(s.Context())) },
		want:   want{ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed, timedOut}, within: 60 * time.Second},
	},
	{
		// libvirt gives up after 30 s. What the daemon was told before it still does when it goes on, and undoes.
		name:   "the destination's libvirtd is stopped",
		modes:  []string{peerToPeer},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.to.Pause()) },
		want: want{
			ends: []whereabouts{onSource, onSourceDefined}, codes: []int{1}, summaries: []string{failed, timedOut},
			within: 90 * time.Second, gap: 40 * time.Second,
		},
	},
	{
		// A daemon that is silent when all memory has been sent is not told to start the guest.
		name:   "the destination's libvirtd is stopped",
		modes:  []string{direct},
		at:     []moment{atEnd},
		strike: func(s *stage) { s.must(s.to.Pause()) },
		want: want{
			ends: []whereabouts{onSource}, codes: []int{1}, summaries: []string{failed},
			words: []string{"was not told to start"}, within: 2 * time.Minute, gap: 30 * time.Second,
		},
	},
}
