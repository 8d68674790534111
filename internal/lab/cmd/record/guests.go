package main

import (
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// recorded is what a recorded guest does to its memory.
type recorded struct {
	name string
	spec lab.GuestSpec
}

// guests differ in their working set, in how fast they go over it, and in what a throttle does to them.
func guests() []recorded {
	const cost = 10 * time.Microsecond // of CPU for each page: a throttled vCPU dirties less
	busy := func(name string, load lab.Load) recorded {
		return recorded{name, lab.GuestSpec{MemoryMiB: 256, Load: load}}
	}
	return []recorded{
		{"idle", lab.GuestSpec{MemoryMiB: 256}},
		busy("16 MiB at 6 MiB/s", lab.Load{HotMiB: 16, Cost: cost, CeilingMiB: 6}),
		busy("32 MiB at 24 MiB/s", lab.Load{HotMiB: 32, Cost: cost, CeilingMiB: 24}),
		busy("64 MiB at 48 MiB/s", lab.Load{HotMiB: 64, Cost: cost, CeilingMiB: 48}),
		busy("48 MiB at 12 MiB/s on average", lab.Load{HotMiB: 48, RateMiB: 12}),
		busy("32 MiB at 40 MiB/s, whole pages", lab.Load{HotMiB: 32, Cost: cost, CeilingMiB: 40, WholePages: true}),
	}
}

// kind is the policy of a recorded move.
type kind struct {
	name   string
	policy policy.Policy
}

// moves are those of each guest: over three links, with switches on and off. Their limits of time are short, so that
// one that does not end is recorded soon.
func moves() []kind {
	switches := []kind{
		{"off", policy.Policy{}},
		{"auto_converge", policy.Policy{AutoConverge: new(true)}},
		{"compression", policy.Policy{Compression: new(true)}},
		{"pause", policy.Policy{OnTimeout: new(policy.Pause)}},
	}
	var moves []kind
	for _, link := range []int64{32, 8, 16} {
		for _, s := range switches {
			s.policy.BandwidthMiBPerSecond = new(link)
			s.policy.Timeout, s.policy.StallTimeout = new(45*time.Second), new(20*time.Second)
			moves = append(moves, kind{fmt.Sprintf("%d %s", link, s.name), s.policy})
		}
	}
	return moves
}
