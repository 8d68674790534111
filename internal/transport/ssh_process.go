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
	// processGrace is how long a process may take to end after the end of its input,
	// and after each signal. It covers a round trip to a distant host.
	processGrace = time.Second
	// stderrGrace is how long to read the standard error of a process that has ended.
	// A master of ssh's ControlPersist lives on and may hold it open for ever.
	stderrGrace = 200 * time.Millisecond
	// stderrLimit is how much of what a process says is kept.
	stderrLimit = 8 << 10
)

// startTunnel starts a process with the far end of a stream for its input and
// output. failure makes an error of its exit status (-1 when a signal ended it) and
// the last lines of its standard error; nil is success.
func startTunnel(cmd *exec.Cmd, failure func(status int, said string) error) (*tunnel, error) {
	near, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer far.Close()
	said := &tail{limit: stderrLimit}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = far, far, said
	cmd.WaitDelay = stderrGrace
	// In a session of its own it has no terminal to ask at, and no Ctrl-C of a terminal
	// reaches it: a migration cannot be aborted without the connection. It also leads
	// a process group, which ends with it.
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

// endProcess ends a process that has lost its input and leads a group, if need be by
// force, and returns when it has ended. An ssh that has not logged in does not look at
// its input, and does not end the ssh that it started for a jump host. So the whole
// group is signalled, the second time also for those that outlive their leader. A
// master of ssh's ControlPersist is not in the group: it has a session of its own.
// What even SIGKILL does not end, because it waits for a file on a server that is
// gone, is given up: it ends when the kernel lets it.
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

// tail keeps the last bytes that are written to it.
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
