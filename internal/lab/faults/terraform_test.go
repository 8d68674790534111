//go:build lab

package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builtProvider builds the provider once for all scenarios and returns the directory that it is in.
var builtProvider = sync.OnceValues(func() (string, error) {
	directory, err := os.MkdirTemp("", "faults-provider")
	if err != nil {
		return "", err
	}
	printed, err := exec.Command("go", "build", "-o", filepath.Join(directory, "terraform-provider-virt"), "../../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, printed)
	}
	return directory, nil
})

// terraform is the Terraform CLI in a directory with a configuration.
type terraform struct{ directory, cliConfig string }

func newTerraform(t *testing.T, configuration string) terraform {
	t.Helper()
	provider, err := builtProvider()
	must(t, err)
	directory := t.TempDir()
	tf := terraform{directory: directory, cliConfig: filepath.Join(directory, "terraform.rc")}
	cliConfig := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"terraform-provider-virt/virt\" = %q\n  }\n  direct {}\n}\n", provider)
	must(t, os.WriteFile(tf.cliConfig, []byte(cliConfig), 0o600))
	tf.configure(t, configuration)
	return tf
}

// configure replaces the configuration.
func (tf terraform) configure(t *testing.T, configuration string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(tf.directory, "main.tf"), []byte(configuration), 0o600))
}

// start starts a command in a process group of its own. What is left of it when the test ends is killed.
func (tf terraform) start(t *testing.T, args ...string) *run {
	t.Helper()
	r := &run{began: time.Now(), ended: make(chan struct{})}
	r.cmd = exec.Command(os.Getenv(terraformVariable), args...)
	r.cmd.Dir = tf.directory
	r.cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+tf.cliConfig, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Once Terraform is killed, a provider that outlives it holds the pipes.
	r.cmd.WaitDelay = time.Second
	must(t, r.cmd.Start())
	go func() {
		defer close(r.ended)
		_ = r.cmd.Wait() // the exit code is in the process's state
		r.over = time.Now()
	}()
	t.Cleanup(func() {
		_ = r.signalGroup(syscall.SIGKILL) // nothing is left of one that ended
		<-r.ended
	})
	return r
}

// run is a command of Terraform.
type run struct {
	cmd    *exec.Cmd
	output output
	began  time.Time
	ended  chan struct{} // closed at the end; what is below is set then
	over   time.Time
}

// wait returns when the command has ended; one that does not within the deadline ends the test.
func (r *run) wait(t *testing.T, deadline time.Duration) {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(deadline):
		t.Fatalf("terraform has not ended after %s:\n%s", deadline, &r.output)
	}
}

// hasEnded tells whether the command has ended.
func (r *run) hasEnded() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// code is the exit code of a command that has ended, -1 of one that was killed.
func (r *run) code() int { return r.cmd.ProcessState.ExitCode() }

// signal sends a signal to Terraform alone, signalGroup to Terraform and its provider.
func (r *run) signal(s syscall.Signal) error      { return r.cmd.Process.Signal(s) }
func (r *run) signalGroup(s syscall.Signal) error { return syscall.Kill(-r.cmd.Process.Pid, s) }

// left tells whether a process of the group is left.
func (r *run) left() bool { return !errors.Is(syscall.Kill(-r.cmd.Process.Pid, 0), syscall.ESRCH) }

// said is what a command told people.
type said struct {
	errors   []diagnostic
	progress []string
}

type diagnostic struct{ Severity, Summary, Detail string }

// said reads the output of a command that was given -json.
func (r *run) said() said {
	var s said
	for lines := bufio.NewScanner(strings.NewReader(r.output.String())); lines.Scan(); {
		var event struct {
			Type       string
			Diagnostic diagnostic
			Hook       struct{ Message string }
		}
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue // not Terraform's own, but that of a process that crashed
		}
		switch {
		case event.Type == "action_progress":
			s.progress = append(s.progress, event.Hook.Message)
		case event.Type == "diagnostic" && event.Diagnostic.Severity == "error":
			s.errors = append(s.errors, event.Diagnostic)
		}
	}
	return s
}

// output collects what a process writes.
type output struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.text.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
