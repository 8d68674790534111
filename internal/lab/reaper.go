package lab

import (
	"os"
	"slices"
	"strings"
	"syscall"
)

// reap is the first process of the lab's PID namespace. It runs this program again as the stage that builds the world,
// and reaps every process that ends in the lab: to libvirtd an unreaped QEMU would still be alive. It returns when the
// world has ended; then the kernel ends everything else.
func reap() (int, error) {
	syscall.CloseOnExec(lifelineFD)
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	if err := os.Setenv(stageVariable, stageWorld); err != nil {
		return 0, err
	}
	world, err := syscall.ForkExec(self, os.Args, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		return 0, err
	}
	go obey(os.NewFile(lifelineFD, "lifeline"), world)

	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case pid != world:
		case status.Signaled():
			return 128 + int(status.Signal()), nil
		case status.Exited():
			return status.ExitStatus(), nil
		}
	}
}

// obey forwards signals from the lifeline to the world, and ends the lab when the lifeline closes.
func obey(lifeline *os.File, world int) {
	number := make([]byte, 1)
	for {
		if count, err := lifeline.Read(number); count == 0 || err != nil {
			os.Exit(128 + int(syscall.SIGKILL))
		}
		_ = syscall.Kill(world, syscall.Signal(number[0]))
	}
}

// withoutStage removes the variables that one stage of a lab sets for the next.
func withoutStage(environment []string) []string {
	return slices.DeleteFunc(environment, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == stageVariable || name == terminalVariable
	})
}
