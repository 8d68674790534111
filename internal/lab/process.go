package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	// UUID is the guest's.
	UUID string
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

// Resident is how many bytes of memory the process holds; 0 once it has ended.
func (p Process) Resident() int64 {
	var size, resident int64
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.PID))
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &resident)
	}
	if err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

// Processes returns the QEMUs of the guest: none if it is shut off, one if it runs or is paused, two during a move,
// when the destination has the incoming domain.
func (g *Guest) Processes() []Process {
	return slices.DeleteFunc(g.world.Processes(), func(p Process) bool { return p.UUID != g.UUID })
}

// uuidArgument is what comes before the UUID on QEMU's command line.
var uuidArgument = []byte("\x00-uuid\x00")

// Processes finds the QEMUs of all guests by the UUIDs on their command lines, and their hosts by the network
// namespaces that they are in.
func (w *World) Processes() []Process {
	var found []Process
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || processState(pid) == 0 {
			continue
		}
		commandLine, err := os.ReadFile(filepath.Join(entry, "cmdline"))
		_, after, ours := bytes.Cut(commandLine, uuidArgument)
		program, _ := os.Readlink(filepath.Join(entry, "exe")) // None if it ended meanwhile.
		if err != nil || !ours || program != Emulator {
			continue
		}
		network, err := os.Stat(filepath.Join(entry, "ns", "net"))
		if err != nil {
			continue // It ended meanwhile.
		}
		uuid, _, _ := bytes.Cut(after, []byte{0})
		for _, host := range w.Hosts {
			if own, err := os.Stat("/run/netns/" + host.Name); err == nil && os.SameFile(network, own) {
				found = append(found, Process{PID: pid, Host: host.Name, UUID: string(uuid)})
			}
		}
	}
	return found
}
