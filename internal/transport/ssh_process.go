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
	// processGrace is how long a process may take to end after its input ended and
	// after each signal. It covers a round trip to a distant host.
	processGrace = time.Second
	// stderrGrace is how long to read the standard error of an ended process: a master
	// of ssh's ControlPersist may hold it open for ever.
	stderrGrace = 200 * time.Millisecond
	// stderrLimit is how many bytes of standard error are kept.
	stderrLimit = 8 << 10
)

// startTunnel starts a process whose input and output are the far end of a stream.
// failure makes an error of its exit status (-1 if a signal ended it) and the end of its
// standard error; nil is success.
func startTunnel(cmd *exec.Cmd, failure func(status int, said string) error) (*tunnel, error) {
	near, far, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer far.Close()
	said := &tail{limit: stderrLimit}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = far, far, said
	cmd.WaitDelay = stderrGrace
	// In its own session it has no terminal to ask on, and Ctrl-C does not reach it:
	// without the connection a migration could not be aborted. endProcess signals the
	// process group that it leads.
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

// endProcess waits for a process that has lost its input and then signals its group: an
// ssh that has not logged in does not read its input, nor end the ssh of its jump host.
// A ControlPersist master is not in the group. A process that survives SIGKILL, because
// it waits for a lost file server, is left to the kernel.
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

// socketPair makes a stream whose far end can be given to a process.
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
