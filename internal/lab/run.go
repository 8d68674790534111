package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// stageVariable tells a process that a lab started how far inside it is. Each stage is the same program, run again with
// the same arguments, until the last one runs the program that the lab is for.
const stageVariable = "VIRT_LAB_STAGE"

const (
	stageInit  = "init"  // the first process of the PID namespace: reaps, and passes signals on
	stageWorld = "world" // builds the world and runs the program in it
)

// lifelineFD is the descriptor under which a lab's first process finds the pipe from the process that started it: one
// byte per signal to pass on, and the end of the lab when it closes.
const lifelineFD = 3

// stopGrace is how long a lab waits for its program after SIGTERM before it ends everything.
const stopGrace = 20 * time.Second

// Run runs a program in a new lab and returns its exit code, or 128 plus the number of the signal that ended it. It
// forwards SIGINT, SIGTERM, SIGQUIT and SIGHUP to the program. When Run returns, or its process is killed, nothing of
// the lab is left. An error means that the lab did not start and the program did not run.
//
// Run runs the calling program again, with the same arguments, in the lab's namespaces: the caller must reach the same
// call of Run there, without side effects before it.
func Run(ctx context.Context, program []string, opts ...Option) (int, error) {
	switch stage := os.Getenv(stageVariable); stage {
	case "":
		return runOutside(ctx, collect(opts))
	case stageInit:
		return reap()
	case stageWorld:
		return runInside(ctx, program, collect(opts))
	default:
		return 0, fmt.Errorf("unknown %s %q", stageVariable, stage)
	}
}

// runOutside checks that the machine can run a lab and starts its first process.
func runOutside(ctx context.Context, o options) (int, error) {
	if err := errors.Join(checkRequirements(ctx), checkReleases(o.chosenReleases())); err != nil {
		return 0, fmt.Errorf("start the lab: %w", err)
	}
	if _, err := prepareArtifacts(ctx); err != nil {
		return 0, fmt.Errorf("start the lab: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	hold, lifeline, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer lifeline.Close()

	args := append(namespaceArguments(), self)
	cmd := exec.Command("unshare", append(args, os.Args[1:]...)...)
	// There is no network in a lab. Without this, a proxy in a file would hide that a module was not fetched before.
	cmd.Env = append(os.Environ(), stageVariable+"="+stageInit, "GOPROXY=off")
	if hasTerminal() {
		cmd.Env = append(cmd.Env, terminalVariable+"=1")
		defer reclaimTerminal()
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{hold}
	// A process group of its own: what a terminal sends reaches the program once, by the lifeline.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	defer signal.Stop(signals)
	err = cmd.Start()
	hold.Close()
	if err != nil {
		return 0, fmt.Errorf("start the lab: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return exitCode(superviseOutside(ctx, signals, lifeline, ended))
}

// superviseOutside passes signals into the lab until it has ended.
func superviseOutside(ctx context.Context, signals <-chan os.Signal, lifeline *os.File, ended <-chan error) error {
	var deadline <-chan time.Time
	done := ctx.Done()
	for {
		select {
		case err := <-ended:
			return err
		case received := <-signals:
			number := signalNumber(received)
			if _, err := lifeline.Write([]byte{byte(number)}); err != nil {
				continue // The lab is ending by itself.
			}
			if number != syscall.SIGINT && deadline == nil {
				deadline = time.After(stopGrace)
			}
		case <-done:
			done = nil
			lifeline.Close()
		case <-deadline:
			lifeline.Close()
		}
	}
}

// signalNumber returns the number of a signal; on Linux every signal is one.
func signalNumber(received os.Signal) syscall.Signal {
	number, _ := received.(syscall.Signal)
	return number
}

// exitCode turns how a process ended into what a shell would make of it.
func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	default:
		return 0, err
	}
}

// runInside builds the world and runs the program in it.
func runInside(ctx context.Context, program []string, o options) (int, error) {
	world, err := start(ctx, o)
	if err != nil {
		return 0, fmt.Errorf("start the lab: %w", err)
	}
	environment, err := world.environment()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Env = append(withoutStage(os.Environ()), environment...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// A process group of its own, which a terminal can have in its foreground and signals can be sent to as a whole.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getenv(terminalVariable) != "" {
		cmd.SysProcAttr.Foreground = true
		cmd.SysProcAttr.Ctty = int(os.Stdin.Fd())
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("run the program in the lab: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return exitCode(err)
		case received := <-signals:
			// Gone meanwhile is fine: its end is on the way.
			_ = syscall.Kill(-cmd.Process.Pid, signalNumber(received))
		}
	}
}

// start makes the world that the options ask for, and says when it is ready.
func start(ctx context.Context, o options) (*World, error) {
	started := time.Now()
	artifacts, err := prepareArtifacts(ctx)
	if err != nil {
		return nil, err
	}
	world, err := build(ctx, o.hosts, o.chosenReleases(), artifacts)
	if err != nil {
		return nil, err
	}
	ready := world.names()
	for _, spec := range o.guests {
		guest, err := world.Start(ctx, spec)
		if err != nil {
			return nil, err
		}
		ready = append(ready, guest.Name)
	}
	fmt.Fprintf(os.Stderr, "lab: %s ready after %.1f s\n", strings.Join(ready, ", "), time.Since(started).Seconds())
	return world, nil
}
