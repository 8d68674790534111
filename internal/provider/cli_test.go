//go:build lab

package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// The tests that use this file run the real Terraform CLI with the provider as
// a process of its own: what terraform-plugin-testing has no step for, -invoke,
// signals and exit codes.

// builtProvider builds the provider once for all tests and returns the
// directory that it is in, which is gone when the lab ends.
var builtProvider = sync.OnceValues(func() (string, error) {
	world, err := lab.Current()
	if err != nil {
		return "", err
	}
	directory, err := os.MkdirTemp(filepath.Dir(world.Hosts[0].Directory), "provider")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", filepath.Join(directory, "terraform-provider-virt"), "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return directory, nil
})

// workspace is a directory in which Terraform is run.
type workspace struct {
	directory, cliConfig string
	// environment is what Terraform gets beside the environment of the tests.
	environment []string
}

// newWorkspace makes a directory with a configuration for the lab's hosts.
func newWorkspace(t *testing.T, config string) *workspace {
	t.Helper()
	provider, err := builtProvider()
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{directory: t.TempDir()}
	w.cliConfig = filepath.Join(t.TempDir(), "terraform.rc")
	w.writeFile(t, w.cliConfig, fmt.Sprintf(`provider_installation {
  dev_overrides { "terraform-provider-virt/virt" = %q }
  direct {}
}
`, provider))
	w.write(t, config)
	t.Cleanup(func() { w.tidy(t) })
	return w
}

// tidy destroys what a test that failed has left, so that its records of whole hosts do not fail the tests after it.
func (w *workspace) tidy(t *testing.T) {
	t.Helper()
	_, err := os.Stat(filepath.Join(w.directory, "terraform.tfstate"))
	if !t.Failed() || errors.Is(err, fs.ErrNotExist) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*time.Minute)
	defer cancel()
	destroy := w.command(ctx, "destroy", "-auto-approve", "-input=false")
	if out, err := destroy.CombinedOutput(); err != nil {
		t.Logf("what the test has left stays: %v\n%s", err, out)
	}
}

// command is Terraform in the workspace.
func (w *workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Getenv("TF_ACC_TERRAFORM_PATH"), args...)
	cmd.Dir = w.directory
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+w.cliConfig, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color")
	cmd.Env = append(cmd.Env, w.environment...)
	return cmd
}

// logged has the provider's log of the commands that follow kept in a file, apart from what Terraform prints, and returns
// what reads it.
func (w *workspace) logged(t *testing.T) func() string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "terraform.log")
	w.environment = append(w.environment, "TF_LOG_PROVIDER=INFO", "TF_LOG_PATH="+file)
	return func() string {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return string(text)
	}
}

// write replaces the configuration.
func (w *workspace) write(t *testing.T, config string) {
	t.Helper()
	const required = `terraform {
  required_providers {
    virt = { source = "terraform-provider-virt/virt" }
  }
}
`
	w.writeFile(t, filepath.Join(w.directory, "main.tf"), required+config)
}

func (*workspace) writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// result is how a run of Terraform ended.
type result struct {
	code           int
	stdout, stderr string
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d\nstdout:\n%s\nstderr:\n%s", r.code, r.stdout, r.stderr)
}

// terraform runs a command to its end.
func (w *workspace) terraform(t *testing.T, args ...string) result {
	t.Helper()
	return w.start(t, args...).wait(t, 3*time.Minute)
}

// must runs a command that is to exit with the code.
func (w *workspace) must(t *testing.T, code int, args ...string) result {
	t.Helper()
	r := w.terraform(t, args...)
	if r.code != code {
		t.Fatalf("terraform %s: want exit code %d, got %s", strings.Join(args, " "), code, r)
	}
	return r
}

// attributes are the values of a resource in state; nil when it is not there.
func (w *workspace) attributes(t *testing.T, address string) map[string]any {
	t.Helper()
	var state struct {
		Values struct {
			RootModule struct {
				Resources []struct {
					Address string
					Values  map[string]any
				}
			} `json:"root_module"`
		}
	}
	out := w.must(t, 0, "show", "-json").stdout
	if err := json.Unmarshal([]byte(out), &state); err != nil {
		t.Fatalf("terraform show -json: %v\n%s", err, out)
	}
	for _, r := range state.Values.RootModule.Resources {
		if r.Address == address {
			return r.Values
		}
	}
	return nil
}

// run is Terraform while it runs, in a process group of its own.
type run struct {
	args           []string
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
}

// start starts a command. It is killed, if need be, when the test ends.
func (w *workspace) start(t *testing.T, args ...string) *run {
	t.Helper()
	r := &run{args: args, ended: make(chan struct{})}
	r.cmd = w.command(context.WithoutCancel(t.Context()), args...)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.ended)
		_ = r.cmd.Wait() // the exit code is read from the process's state
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) // nothing is left of it after a test that passed
		<-r.ended
	})
	return r
}

// wait returns how the command ended.
func (r *run) wait(t *testing.T, deadline time.Duration) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	select {
	case <-r.ended:
	case <-ctx.Done():
		t.Fatalf("terraform %s has not ended after %s\nstdout:\n%s\nstderr:\n%s", strings.Join(r.args, " "), deadline, &r.stdout, &r.stderr)
	}
	return result{code: r.cmd.ProcessState.ExitCode(), stdout: r.stdout.String(), stderr: r.stderr.String()}
}

// mustRun ends the test when the command has ended.
func (r *run) mustRun(t *testing.T) {
	t.Helper()
	select {
	case <-r.ended:
		t.Fatalf("terraform %s ended too early: %s", strings.Join(r.args, " "), r.wait(t, time.Minute))
	default:
	}
}

// signal sends a signal to Terraform alone.
func (r *run) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// signalGroup sends a signal to Terraform and every provider it has started, as
// a terminal does.
func (r *run) signalGroup(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-r.cmd.Process.Pid, s); err != nil {
		t.Fatal(err)
	}
}

// processes tells whether anything is left of the process group.
func (r *run) processes() bool { return !errors.Is(syscall.Kill(-r.cmd.Process.Pid, 0), syscall.ESRCH) }

// output collects what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// eventually polls until a condition holds.
func eventually(t *testing.T, deadline time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("after %s it still does not hold that %s", deadline, what)
		case <-ticker.C:
		}
	}
}

// needActions skips a test where the CLI does not know actions; the tests run
// with one that does, and once more with the machine's own.
func needActions(t *testing.T) {
	t.Helper()
	if cliIsOpenTofu() || !cliIsAtLeast("1.14.0") {
		t.Skip("this CLI has no actions")
	}
}

// cliIsOpenTofu reports whether the CLI is OpenTofu, whose versions go their own way.
var cliIsOpenTofu = sync.OnceValue(func() bool {
	out, err := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), "version").Output()
	return err == nil && strings.HasPrefix(string(out), "OpenTofu")
})

// cliIsAtLeast reports whether the CLI is of the version or newer.
func cliIsAtLeast(oldest string) bool {
	v := cliVersion()
	return v == nil || !v.Core().LessThan(version.Must(version.NewVersion(oldest)))
}

// cliVersion is nil where the CLI does not say: the test then tells what is wrong.
var cliVersion = sync.OnceValue(func() *version.Version {
	var answer struct {
		Version string `json:"terraform_version"`
	}
	out, err := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), "version", "-json").Output()
	if err != nil || json.Unmarshal(out, &answer) != nil {
		return nil
	}
	v, err := version.NewVersion(answer.Version)
	if err != nil {
		return nil
	}
	return v
})

// unchanged expects nothing to have gone stale since the last apply, and nothing
// to be planned.
func (w *workspace) unchanged(t *testing.T) {
	t.Helper()
	w.nothingStale(t)
	w.must(t, 0, "plan", "-detailed-exitcode")
}

// nothingStale expects a refresh-only plan that finds nothing changed outside of
// Terraform. Before 1.15, Terraform exits with 2 even so (its issue 35117: it
// compares what it has cached in memory, too): there, only the drift counts.
func (w *workspace) nothingStale(t *testing.T) {
	t.Helper()
	args := []string{"plan", "-refresh-only", "-detailed-exitcode", "-out=refresh.tfplan"}
	switch r := w.terraform(t, args...); {
	case r.code == 0:
	case r.code == 2 && !cliIsAtLeast("1.15.0"):
	default:
		t.Fatalf("terraform %s: want exit code 0, got %s", strings.Join(args, " "), r)
	}
	if drift := w.drift(t, "refresh.tfplan"); len(drift) > 0 {
		t.Fatalf("these have changed outside of Terraform: %v", drift)
	}
}

// drift is what has changed outside of Terraform, as a saved plan says: the attributes by
// the addresses of their resources.
func (w *workspace) drift(t *testing.T, plan string) map[string][]string {
	t.Helper()
	var shown struct {
		ResourceDrift []struct {
			Address string
			Change  struct{ Before, After map[string]any }
		} `json:"resource_drift"`
	}
	out := w.must(t, 0, "show", "-json", plan).stdout
	if err := json.Unmarshal([]byte(out), &shown); err != nil {
		t.Fatalf("terraform show -json: %v\n%s", err, out)
	}
	drift := map[string][]string{}
	for _, r := range shown.ResourceDrift {
		drift[r.Address] = []string{}
		for name, before := range r.Change.Before {
			if !reflect.DeepEqual(before, r.Change.After[name]) {
				drift[r.Address] = append(drift[r.Address], name)
			}
		}
	}
	return drift
}
