package faults

import "time"

// daemonFaults end or stop a libvirtd.
var daemonFaults = []scenario{
	{
		name:   "the source's libvirtd is killed and restarted",
		at:     inMiddle,
		strike: func(s *stage) { s.must(s.from.Restart(s.Context())) },
		want:   want{places: []place{onSource}, codes: []int{1}, summary: failed, within: 60 * time.Second},
	},
	{
		name:   "the destination's libvirtd is killed and restarted",
		at:     inMiddle,
		strike: func(s *stage) { s.must(s.to.Restart(s.Context())) },
		want:   want{places: []place{onSource}, codes: []int{1}, summary: failed, within: 60 * time.Second},
	},
}
