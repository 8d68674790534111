//go:build linux

package main

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	// beatPeriod is the time between two heartbeats, in nanoseconds.
	beatPeriod     = 100_000_000
	beatsPerSecond = 1_000_000_000 / beatPeriod
)

// beat prints a heartbeat every beatPeriod. It owns an operating system thread with real-time priority, so that the
// load, which takes all the CPU there is, does not delay it.
func beat(touched *atomic.Uint64) {
	runtime.LockOSThread()
	const schedFIFO = 1
	priority := int32(50)
	// Without the priority the beat is less regular, no less true.
	_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, 0, schedFIFO, uintptr(unsafe.Pointer(&priority)))

	line := make([]byte, 0, 80)
	due := monotonic()
	for sequence := uint64(0); ; sequence++ {
		line = append(line[:0], "beat "...)
		line = strconv.AppendUint(line, sequence, 10)
		line = append(line, ' ')
		line = strconv.AppendInt(line, monotonic(), 10)
		line = append(line, ' ')
		line = strconv.AppendUint(line, touched.Load(), 10)
		line = append(line, '\n')
		if isReady.Load() && sequence%beatsPerSecond == 0 {
			line = append(line, "ready\n"...)
		}
		_, _ = syscall.Write(1, line)

		due = max(due+beatPeriod, monotonic())
		sleepUntil(due)
	}
}

// monotonic returns CLOCK_MONOTONIC in nanoseconds. It stands still while the virtual machine does.
func monotonic() int64 {
	const clockMonotonic = 1
	var now syscall.Timespec
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func sleepUntil(due int64) {
	for left := due - monotonic(); left > 0; left = due - monotonic() {
		duration := syscall.NsecToTimespec(left)
		_ = syscall.Nanosleep(&duration, nil)
	}
}
