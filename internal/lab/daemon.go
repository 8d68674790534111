package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTimeout bounds the start of a libvirtd; it takes one second on an idle machine.
const startTimeout = 2 * time.Minute

// pollInterval is how often the lab polls for what has no event.
const pollInterval = 20 * time.Millisecond

// Start starts the host's libvirtd, unless it runs, and returns when it answers. The host keeps its guests and files.
func (h *Host) Start(ctx context.Context) error {
	if h.Running() {
		return nil
	}
	// The shell's process becomes libvirtd. It is detached, so that it outlives the calling process.
	start := h.Command(ctx, "setsid", "--fork", "sh", "-c",
		"echo $$ >"+h.pidFile()+"; exec libvirtd --listen --pid-file /run/libvirt/libvirtd.pid >>"+h.Log+" 2>&1 </dev/null")
	if err := os.Remove(h.pidFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := capture(ctx, start); err != nil {
		return fmt.Errorf("start libvirtd on %s: %w", h.Name, err)
	}
	return h.waitReady(ctx)
}

// waitReady returns when libvirtd answers on the network and on its socket.
func (h *Host) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var refusal error
	err := poll(ctx, func() (bool, error) {
		if h.PID() != 0 && !h.Running() {
			return false, errors.New("libvirtd ended")
		}
		sockets := map[string]string{"tcp": net.JoinHostPort(h.Address, strconv.Itoa(port)), "unix": h.Socket}
		for network, address := range sockets {
			if !accepts(ctx, network, address) {
				return false, nil
			}
		}
		// A killed libvirtd accepts connections until its last thread has ended.
		_, refusal = h.Virsh(ctx, "version")
		return refusal == nil, nil
	})
	if err = errors.Join(err, refusal); err != nil {
		return fmt.Errorf("libvirtd on %s does not answer: %w\nThe end of %s:\n%s", h.Name, err, h.Log, tail(h.Log, 20))
	}
	return nil
}

// accepts tells whether the address accepts connections.
func accepts(ctx context.Context, network, address string) bool {
	connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}

// Kill ends libvirtd by SIGKILL. Guests keep running.
func (h *Host) Kill(ctx context.Context) error {
	if err := h.signal(syscall.SIGKILL); err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) { return !h.Running() && lastThread(h.PID()), nil })
}

// lastThread tells whether an ended process has no other thread left: those keep its files open and locked.
func lastThread(pid int) bool {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return err != nil || len(threads) <= 1
}

// Restart kills libvirtd, if it runs, and starts it again.
func (h *Host) Restart(ctx context.Context) error {
	if h.Running() {
		if err := h.Kill(ctx); err != nil {
			return err
		}
	}
	return h.Start(ctx)
}

// Pause stops libvirtd (SIGSTOP): it keeps its connections, accepts new ones, and never answers. Guests keep running.
func (h *Host) Pause() error { return h.signal(syscall.SIGSTOP) }

// Continue ends a [Host.Pause].
func (h *Host) Continue() error { return h.signal(syscall.SIGCONT) }

func (h *Host) signal(signal syscall.Signal) error {
	pid := h.PID()
	if pid == 0 {
		return fmt.Errorf("libvirtd of %s does not run", h.Name)
	}
	if err := syscall.Kill(pid, signal); err != nil {
		return fmt.Errorf("send %v to libvirtd of %s: %w", signal, h.Name, err)
	}
	return nil
}

// Running tells whether libvirtd runs or is stopped.
func (h *Host) Running() bool {
	pid := h.PID()
	return pid != 0 && processState(pid) != 0
}

// PID returns the process ID of the libvirtd that was started last, or 0.
func (h *Host) PID() int {
	pid, _ := readPID(h.pidFile())
	return pid
}

func (h *Host) pidFile() string { return filepath.Join(h.Directory, "libvirtd.pid") }

// readPID returns the process ID in a file, or 0.
func readPID(file string) (int, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(content)))
}

// processState returns the state letter of a process as in proc(5), or 0 if it has ended.
func processState(pid int) byte {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, after, found := bytes.Cut(status, []byte(") "))
	if !found || len(after) == 0 || after[0] == 'Z' || after[0] == 'X' {
		return 0
	}
	return after[0]
}

// poll calls ask until it returns true or an error, or the context ends.
func poll(ctx context.Context, ask func() (bool, error)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// tail returns the last lines of a file, for an error.
func tail(path string, lines int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Paused tells whether libvirtd is stopped by [Host.Pause].
func (h *Host) Paused() bool { return processState(h.PID()) == 'T' }

// answers tells whether libvirtd runs and is not stopped.
func (h *Host) answers() bool { return h.Running() && !h.Paused() }
