//go:build linux

// Command guest is the init of the lab's guests: the only program in their initrd. It dirties memory as the kernel
// command line asks for and prints a heartbeat on the serial console, so that whoever reads the console can tell
// whether the guest runs, how long it was paused, and whether two copies of it ran at once.
//
// The console carries five kinds of lines beside those of the kernel:
//
//	beat SEQUENCE MONOTONIC-NANOSECONDS PAGES-TOUCHED   every 100 ms
//	wrote SEQUENCE SECTOR                               each time that a sector is on the disk
//	ready                                               each second, once the memory is filled and the load runs
//	off                                                 when the power button was pressed, and the guest turns itself off
//	error TEXT                                          when memory, power management or a parameter is not as needed
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
)

func main() {
	// A collection would stop the heartbeat; nothing below allocates more than once.
	debug.SetGCPercent(-1)

	var touched atomic.Uint64
	go beat(&touched)

	if err := run(&touched); err != nil {
		fmt.Printf("error %v\n", err)
	}
	// The kernel panics when its init ends.
	select {}
}

// run fills the memory and dirties it for ever. It returns when there is nothing to dirty.
func run(touched *atomic.Uint64) error {
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	load, err := parseLoad(string(line))
	if err != nil {
		return err
	}
	if load.writer.sectors > 0 {
		go func() { fmt.Printf("error %v\n", load.writer.run()) }()
	}
	if load.obeys {
		hearing := make(chan struct{})
		go func() { fmt.Printf("error %v\n", obey(sync.OnceFunc(func() { close(hearing) }))) }()
		<-hearing
	}
	if load.hotBytes == 0 {
		load.ready()
		return nil
	}
	memory, err := syscall.Mmap(-1, 0, load.hotBytes, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("allocate %d bytes: %w", load.hotBytes, err)
	}
	load.dirty(memory, touched)
	return nil
}
