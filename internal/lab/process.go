package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Process is a QEMU that runs on a host of the lab.
type Process struct {
	// PID is the process ID in the lab's PID namespace.
	PID int
	// Host is the name of the host that it runs on.
	Host string
}

// Kill ends the process by SIGKILL. An ended process is no error.
func (p Process) Kill() error {
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("kill QEMU %d on %s: %w", p.PID, p.Host, err)
	}
	return nil
}

// Starved returns how long the thread of the process that waited most for a processor has waited since it began: what
// other work on the machine, not QEMU, took from the guest. It is 0 where the kernel does not count it.
func (p Process) Starved() time.Duration {
	var longest time.Duration
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.PID))
	for _, thread := range threads {
		var ran, waited int64
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // It ended meanwhile.
		}
		if _, err := fmt.Sscan(string(text), &ran, &waited); err == nil {
			longest = max(longest, time.Duration(waited))
		}
	}
	return longest
}

// Processes returns the QEMUs of the guest: none if it is shut off, one if it runs or is paused, two during a move,
// when the destination has the incoming domain.
func (g *Guest) Processes() []Process {
	return g.world.processes(g.UUID)
}

// processes finds QEMUs by the UUID on their command line, and their host by the network namespace that they are in.
func (w *World) processes(uuid string) []Process {
	var found []Process
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || processState(pid) == 0 {
			continue
		}
		commandLine, err := os.ReadFile(filepath.Join(entry, "cmdline"))
		ours := bytes.Contains(commandLine, []byte("\x00-uuid\x00"+uuid+"\x00"))
		program, _ := os.Readlink(filepath.Join(entry, "exe")) // None if it ended meanwhile.
		if err != nil || !ours || program != Emulator {
			continue
		}
		network, err := os.Stat(filepath.Join(entry, "ns", "net"))
		if err != nil {
			continue // It ended meanwhile.
		}
		for _, host := range w.Hosts {
			if own, err := os.Stat("/run/netns/" + host.Name); err == nil && os.SameFile(network, own) {
				found = append(found, Process{PID: pid, Host: host.Name})
			}
		}
	}
	return found
}
