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
// one set is one of the other, or was recorded before the model was made. Those that take longest come first.
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
		busy(320, "80 MiB at 60 MiB/s", lab.Load{HotMiB: 80, Cost: cost, CeilingMiB: 60}),
		busy(256, "28 MiB at 36 MiB/s, whole pages", lab.Load{HotMiB: 28, Cost: cost, CeilingMiB: 36, WholePages: true}),
		busy(256, "56 MiB at 18 MiB/s on average", lab.Load{HotMiB: 56, RateMiB: 18}),
		busy(320, "44 MiB at 30 MiB/s", lab.Load{HotMiB: 44, Cost: cost, CeilingMiB: 30}),
		busy(256, "24 MiB at 20 MiB/s", lab.Load{HotMiB: 24, Cost: cost, CeilingMiB: 20}),
		busy(256, "20 MiB at 5 MiB/s", lab.Load{HotMiB: 20, Cost: cost, CeilingMiB: 5}),
	},
}
