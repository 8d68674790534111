package transport

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A process is made to end by force; one whose end does not come, because the
// kernel holds it, is waited for no longer.
func TestProcessThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	cmd := exec.Command("sh", "-c", "trap '' TERM; exec sleep 60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	endProcess(cmd.Process.Pid, never)
	if took := time.Since(started); took < 3*processGrace || took > 3*processGrace+10*time.Second {
		t.Errorf("took %s", took)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Errorf("it ended by itself: %v", cmd.ProcessState)
	}
}

// What a process has started ends with it, even if it does not want to.
func TestProcessLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	alive, held, err := os.Pipe() // held is open as long as one of them lives
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	cmd := exec.Command("sh", "-c", "(trap '' TERM; exec sleep 60) & exec sleep 60")
	cmd.ExtraFiles = []*os.File{held}
	tunnel, err := startTunnel(cmd, func(int, string) error { return nil })
	_ = held.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := tunnel.Close(); err != nil {
		t.Error(err)
	}
	_ = alive.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := alive.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one of them is left: %v", err)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	k := &tail{limit: 8}
	for _, part := range []string{"a", "bc", "defghijklm", "", "nop"} {
		if n, err := k.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := k.String(); got != "ijklmnop" {
		t.Errorf("kept %q", got)
	}
}
