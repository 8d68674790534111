package places

import (
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
)

// endedProcess is one of this machine that has ended.
func endedProcess(t *testing.T) lease.Process {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^$")
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	p := ThisProcess()
	p.PID = command.Process.Pid
	return p
}

func TestEnded(t *testing.T) {
	t.Parallel()
	this, ended := ThisProcess(), endedProcess(t)
	for name, test := range map[string]struct {
		process lease.Process
		want    bool
	}{
		"it has ended":           {ended, true},
		"it runs":                {this, false},
		"it is somebody else's":  {lease.Process{Among: this.Among, PID: 1}, false},
		"it is on a machine far": {lease.Process{Among: "far", PID: ended.PID}, false},
		"nothing is known of it": {lease.Process{}, false},
		"it has no number":       {lease.Process{Among: this.Among}, false},
	} {
		if got := Ended(test.process); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Who waits for a run that was killed on the same machine does not wait for its lease to expire; only a moment, in which
// what the run has asked for last begins.
func TestPlaces_killedHere(t *testing.T) {
	t.Parallel()
	ended := endedProcess(t)
	far := lease.Process{Among: "far", PID: ended.PID}
	for name, test := range map[string]struct {
		process     lease.Process
		least, most time.Duration
	}{
		"on this machine": {ended, lease.Settled, lease.Settled + 3*placePoll},
		"on another one":  {far, lease.Life / 2, lease.Life + 3*placePoll},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := newFakeHost("a", 1), newFakeHost("b", 2)
				killed, next := newFakeRun("killed", 1, a, b), newFakeRun("next", 1, a, b)
				killed.process = test.process
				to := trip(vmNumber(1), "a", "b")
				killed.enter(t, to).stop()
				came := time.Now()
				if err := next.move(t.Context(), to, time.Second, func() {
					if took := time.Since(came); took < test.least || took > test.most {
						t.Errorf("it began after %s", took)
					}
				}, silent); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
