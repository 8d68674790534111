//go:build linux

package provider

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// handled are the signals that do not end a provider.
var handled = []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE}

// What the provider starts is ended by the signals that do not end the provider:
// an ssh that has not logged in keeps to an ignored one for as long as it lives.
func TestSignalsOfChildren(t *testing.T) {
	t.Parallel()
	defer catchSignals()()
	status, err := exec.Command("cat", "/proc/self/status").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(status), "\nSigIgn:")
	if !found {
		t.Fatalf("no ignored signals in %s", status)
	}
	ignored, err := strconv.ParseUint(strings.Fields(rest)[0], 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, signal := range handled {
		if ignored&(1<<(signal-1)) != 0 {
			t.Errorf("a child ignores %s", signal)
		}
	}
}

// standardError is os.Stderr, which package testing makes the standard output where its results are JSON. It is kept, as the
// end of a File closes it.
var standardError = os.NewFile(uintptr(syscall.Stderr), "standard error")

// The provider survives what a process group gets, again and again, and a log
// that nobody reads any more.
func TestSignalsOfTheProvider(t *testing.T) { //nolint:paralleltest // it takes standard error from all of them
	defer catchSignals()()
	runtime.LockOSThread() // a signal to this thread has arrived when it is sent
	defer runtime.UnlockOSThread()
	for range 10 {
		for _, signal := range handled {
			if _, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(signal)); errno != 0 {
				t.Fatal(errno)
			}
		}
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	stderr, err := syscall.Dup(syscall.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(stderr)
	if err := syscall.Dup3(int(write.Fd()), syscall.Stderr, 0); err != nil {
		t.Fatal(err)
	}
	_, wrote := standardError.Write([]byte("to nobody\n"))
	if err := syscall.Dup3(stderr, syscall.Stderr, 0); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(wrote, syscall.EPIPE) {
		t.Errorf("got %v, want %v", wrote, syscall.EPIPE)
	}
}
