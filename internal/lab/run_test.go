//go:build lab

package lab_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program is a shell script in a lab of its own, inside the lab of the tests: all that it leaves behind would show here.
func program(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "VIRT_LAB") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	cmd.Env = append(cmd.Env, programVariable+"="+script)
	cmd.Stderr = testWriter{t}
	return cmd
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(line)))
	return len(line), nil
}

func TestExitCodeOfTheProgramPassesThrough(t *testing.T) {
	for script, want := range map[string]int{
		"exit 0":                              0,
		"exit 7":                              7,
		"kill -KILL $$":                       137,
		"virsh -c $VIRT_LAB_KVM1_URI version": 0,
		"virsh -c $VIRT_LAB_KVM2_URI hostname | grep -qx kvm2 && test \"$VIRT_LAB_HOSTS\" = 'kvm1 kvm2' && exit 5": 5,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel() // Several labs at once do not meet.
			cmd := program(t, script)
			_ = cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != want {
				t.Errorf("exit code %d, want %d", got, want)
			}
		})
	}
}

func TestSignalReachesTheProgramOnce(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd := program(t, `trap 'echo signal' INT TERM; echo up; read line; read line; exit 3`)
			stdin, err := cmd.StdinPipe()
			must(t, err)
			lines := start(t, cmd)
			expect(t, lines, "up")
			must(t, cmd.Process.Signal(signal))
			expect(t, lines, "signal")
			must(t, stdin.Close())
			if lines.Scan() {
				t.Errorf("one more line: %q", lines.Text())
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 3 {
				t.Errorf("exit code %d, want 3", code)
			}
		})
	}
}

func TestNothingIsLeftWhenALabEnds(t *testing.T) {
	const script = `virsh -q -c $VIRT_LAB_KVM1_URI create /dev/stdin <<-XML >&2
		<domain type='qemu'><name>left</name><memory unit='MiB'>16</memory><os><type>hvm</type></os></domain>
	XML
	echo up; read line`
	for name, end := range map[string]func(cmd *exec.Cmd, stdin io.Closer) error{
		"the program ends":             func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() },
		"SIGTERM":                      func(cmd *exec.Cmd, _ io.Closer) error { return cmd.Process.Signal(syscall.SIGTERM) },
		"SIGKILL of the outer process": func(cmd *exec.Cmd, _ io.Closer) error { return cmd.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			before := traces(t)
			cmd := program(t, script)
			stdin, err := cmd.StdinPipe()
			must(t, err)
			expect(t, start(t, cmd), "up")
			if during := traces(t); cmp.Equal(before, during) {
				t.Fatal("the lab left no trace while it ran: the test looks in the wrong place")
			}
			must(t, end(cmd, stdin))
			_ = cmd.Wait()
			eventually(t, "nothing left", func() bool { // what is gone of before was another's
				return !slices.ContainsFunc(traces(t), func(trace string) bool { return !slices.Contains(before, trace) })
			})
		})
	}
}

// traces lists what a lab makes, as far as it can be seen from outside of it: processes, mounts, interfaces.
func traces(t *testing.T) []string {
	t.Helper()
	var found []string
	processes, err := filepath.Glob("/proc/[0-9]*")
	must(t, err)
	for _, process := range processes {
		commandLine, err := os.ReadFile(filepath.Join(process, "cmdline"))
		if err != nil || len(commandLine) == 0 {
			continue // It ended meanwhile, or waits to be collected.
		}
		found = append(found, fmt.Sprintf("%s %q", process, commandLine))
	}
	for _, command := range [][]string{{"ip", "-o", "link"}, {"ip", "netns"}, {"cat", "/proc/self/mounts"}} {
		printed, err := exec.Command(command[0], command[1:]...).Output()
		must(t, err)
		found = append(found, slices.Collect(strings.Lines(string(printed)))...)
	}
	return found
}

// start starts a command and returns the lines that it prints.
func start(t *testing.T, cmd *exec.Cmd) *bufio.Scanner {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return bufio.NewScanner(stdout)
}

func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() || lines.Text() != want {
		t.Fatalf("line %q, error %v, want %q", lines.Text(), lines.Err(), want)
	}
}
