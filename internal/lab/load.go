package lab

import (
	"fmt"
	"strings"
	"time"
)

// Load is what a guest does to its memory. The zero value is no load.
type Load struct {
	// HotMiB is how much memory is dirtied, over and over, from its first page to its last. It is filled with data that
	// does not compress.
	HotMiB int
	// Cost is the CPU time burnt for each page of 4 KiB that is touched, measured by the guest when it boots. It makes a
	// throttled vCPU dirty less: auto-converge can tame such a load.
	Cost time.Duration
	// CeilingMiB, in MiB/s, is never exceeded; 0 is no ceiling. A load that has CPU to spare below its ceiling keeps its
	// dirty rate on a machine that is busy with other things.
	CeilingMiB int
	// RateMiB, in MiB/s, is kept on average by the guest's clock; 0 is no such rate. CeilingMiB is then ignored. After a
	// pause or a throttle the guest catches up: auto-converge cannot tame such a load before its throttle takes nearly all
	// of the CPU.
	RateMiB int
	// WholePages rewrites each page with random bytes, which XBZRLE cannot compress. Without it one byte of the page
	// changes, which XBZRLE makes small.
	WholePages bool
	// RestMiB is what is dirtied of HotMiB for RestFor, each time that all of it was dirtied for WorkFor. Without RestFor
	// the load never rests.
	RestMiB          int
	WorkFor, RestFor time.Duration
}

// BusyGuest dirties 96 MiB at 110 MB/s, with CPU to spare: over a link of 60 MiB/s it does not converge by itself,
// auto-converge tames it in about 16 s, and XBZRLE with a cache of 256 MiB in about 5 s.
func BusyGuest(name string) GuestSpec {
	return GuestSpec{Name: name, MemoryMiB: 256, Load: Load{HotMiB: 96, Cost: 15 * time.Microsecond, CeilingMiB: 105}}
}

// UntamableGuest dirties 96 MiB at 110 MB/s whatever the throttle: the moments that a throttle of 99 % leaves it are
// enough to catch up. Over a link of 20 MiB/s auto-converge does not make it converge. (Over 60 MiB/s it does: a pass
// then fits between two of those moments.)
func UntamableGuest(name string) GuestSpec {
	return GuestSpec{Name: name, MemoryMiB: 256, Load: Load{HotMiB: 96, RateMiB: 105}}
}

// RestlessGuest dirties work MiB for some time, then rest MiB for some time, with CPU to spare.
func RestlessGuest(work, rest int, workFor, restFor time.Duration) GuestSpec {
	return GuestSpec{MemoryMiB: 256, Load: Load{
		HotMiB: work, Cost: 10 * time.Microsecond, CeilingMiB: 105, RestMiB: rest, WorkFor: workFor, RestFor: restFor,
	}}
}

// IdleGuest boots, beats, and does not dirty memory.
func IdleGuest(name string) GuestSpec { return GuestSpec{Name: name} }

// commandLine is the kernel's, with what the guest is to do in it.
func (s GuestSpec) commandLine() string {
	// The kernel's check of the timer panics where a busy machine is late with the first interrupts.
	parameters := []string{"console=ttyS0", "quiet", "no_timer_check"}
	if s.Writes > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.sectors=%d", s.sectors()),
			fmt.Sprintf("lab.pause=%d", s.Writes.Nanoseconds()))
	}
	if s.SleepAfter > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.sleep=%d", s.SleepAfter.Nanoseconds()))
	}
	if s.Obeys {
		parameters = append(parameters, "lab.obeys=1")
	}
	return strings.Join(append(parameters, s.Load.parameters()...), " ")
}

// parameters are those of the load on the kernel's command line.
func (l Load) parameters() []string {
	var parameters []string
	if l.HotMiB > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.hot=%d", l.HotMiB<<20))
	}
	if l.CeilingMiB > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.ceiling=%d", l.CeilingMiB<<20))
	}
	if l.RateMiB > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.mean=%d", l.RateMiB<<20))
	}
	if l.Cost > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.cost=%d", l.Cost.Nanoseconds()))
	}
	if l.RestFor > 0 {
		parameters = append(parameters, fmt.Sprintf("lab.rest=%d", l.RestMiB<<20),
			fmt.Sprintf("lab.work-for=%d", l.WorkFor.Nanoseconds()), fmt.Sprintf("lab.rest-for=%d", l.RestFor.Nanoseconds()))
	}
	if l.WholePages {
		parameters = append(parameters, "lab.pattern=page")
	}
	return parameters
}
