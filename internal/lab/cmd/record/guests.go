package main

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
)

// recorded is what a recorded guest does to its memory.
type recorded struct {
	name string
	spec lab.GuestSpec
}

// cost is the CPU time of each page that a busy guest touches: a throttled vCPU dirties less.
const cost = 10 * time.Microsecond

func idle(memory int) recorded { return recorded{"idle", lab.GuestSpec{MemoryMiB: memory}} }

func busy(memory int, name string, load lab.Load) recorded {
	return recorded{name, lab.GuestSpec{MemoryMiB: memory, Load: load}}
}

// guests differ in their working set, in how fast they go over it, and in what a throttle does to them. No guest of
// one set is one of the other. Those that take longest come first.
var guests = map[string][]recorded{
	recordings.Development: {
		idle(256),
		busy(256, "16 MiB at 6 MiB/s", lab.Load{HotMiB: 16, Cost: cost, CeilingMiB: 6}),
		busy(256, "32 MiB at 24 MiB/s", lab.Load{HotMiB: 32, Cost: cost, CeilingMiB: 24}),
		busy(256, "64 MiB at 48 MiB/s", lab.Load{HotMiB: 64, Cost: cost, CeilingMiB: 48}),
		busy(256, "48 MiB at 12 MiB/s on average", lab.Load{HotMiB: 48, RateMiB: 12}),
		busy(256, "32 MiB at 40 MiB/s, whole pages", lab.Load{HotMiB: 32, Cost: cost, CeilingMiB: 40, WholePages: true}),
	},
	recordings.Independent: {
		busy(320, "96 MiB at 50 MiB/s", lab.Load{HotMiB: 96, Cost: cost, CeilingMiB: 50}),
		busy(256, "36 MiB at 34 MiB/s, whole pages", lab.Load{HotMiB: 36, Cost: cost, CeilingMiB: 34, WholePages: true}),
		busy(256, "64 MiB at 15 MiB/s on average", lab.Load{HotMiB: 64, RateMiB: 15}),
		busy(320, "40 MiB at 28 MiB/s", lab.Load{HotMiB: 40, Cost: cost, CeilingMiB: 28}),
		busy(256, "24 MiB at 5 MiB/s", lab.Load{HotMiB: 24, Cost: cost, CeilingMiB: 5}),
		idle(384),
	},
}
