package host

import (
	"os/exec"
	"testing"
	"time"
)

// A process is made to end by force; one whose end does not come, because the
// kernel holds it, is waited for no longer.
func TestProcessThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	cmd := exec.Command("sh", "-c", "trap '' TERM; exec sleep 60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	endProcess(cmd.Process, never)
	if took := time.Since(started); took < 3*processGrace || took > 3*processGrace+2*time.Second {
		t.Errorf("took %s", took)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != -1 {
		t.Errorf("it ended by itself: %v", cmd.ProcessState)
	}
}
