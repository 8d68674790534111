package transport

import (
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// processGrace is how long a process may take to end once its input has, and
	// after each signal. It covers a round trip to a host far away.
	processGrace = time.Second
	// stderrGrace is how long the last words of a process that has ended are
	// waited for. A master of ssh's ControlPersist, which goes on by itself, may
	// hold on to them for ever.
	stderrGrace = 200 * time.Millisecond
	// stderrLimit is how much of what a process says is kept.
	stderrLimit = 8 << 10
)

// startTunnel starts a process with the far end of a stream for its input and
// output. failure says, of an exit status (-1 when a signal ended it) and of the
// last that the process said, why it failed; it is nil when it did not.
func startTunnel(cmd *exec.Cmd, failure func(status int, said string) error) (*tunnel, error) {
	near, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer far.Close()
	said := &tail{limit: stderrLimit}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = far, far, said
	cmd.WaitDelay = stderrGrace
	// In a session of its own it has no terminal to ask at, and what a terminal
	// sends to everybody, such as Ctrl-C, does not reach it: a migration could
	// not be aborted without it. It also leads a group, which ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = near.Close()
		return nil, err
	}
	ended := make(chan struct{})
	t := &tunnel{Conn: near, ended: ended}
	go func() {
		defer close(ended)
		_ = cmd.Wait()
		t.failure = failure(cmd.ProcessState.ExitCode(), said.String())
	}()
	t.end = func() { endProcess(cmd.Process.Pid, ended) }
	return t, nil
}

// endProcess ends a process that has lost its input, and leads a group of its own,
// if need be by force, and returns when it has ended. An ssh that has not logged in
// does not look at its input, and a signal ends it without a word to the ssh that
// it has started for a jump host: so the whole group is signalled, the second time
// for those that outlive their leader, too. A master that goes on for others, as
// ssh's ControlPersist says, is not of the group: it has made a session of its own.
// What not even SIGKILL ends, as it waits for a file on a server that is gone, is
// given up: it ends when the kernel lets it.
func endProcess(leader int, ended <-chan struct{}) {
	soon := func() bool {
		select {
		case <-ended:
			return true
		case <-time.After(processGrace):
			return false
		}
	}
	if soon() {
		return
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = syscall.Kill(-leader, signal)
		soon()
	}
}

// socketPair makes a stream of which one end can be given to a process.
func socketPair() (near net.Conn, far *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	mine := os.NewFile(uintptr(fds[0]), "near end")
	defer mine.Close()
	far = os.NewFile(uintptr(fds[1]), "far end")
	near, err = net.FileConn(mine)
	if err != nil {
		_ = far.Close()
		return nil, nil, err
	}
	return near, far, nil
}

// tail keeps the last of what is written to it.
type tail struct {
	limit int

	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if surplus := len(t.kept) - t.limit; surplus > 0 {
		t.kept = append(t.kept[:0], t.kept[surplus:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
