//go:build lab

package provider

import (
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// An ssh whose host is mute ends with the first signal.
func TestSignalEndsSSH(t *testing.T) {
	t.Parallel()
	defer catchSignals()()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	_, port, err := net.SplitHostPort(mute.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ssh := exec.Command("ssh", "-F", os.DevNull, "-o", "BatchMode=yes", "-p", port, "127.0.0.1", "true")
	if err := ssh.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := mute.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); err != nil { // it has begun to talk
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = ssh.Wait()
	}()
	started := time.Now()
	if err := ssh.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
		t.Logf("it took %s", time.Since(started))
	case <-time.After(10 * time.Second): // one that ignores it goes on for ever
		t.Error("it goes on")
		_ = ssh.Process.Kill()
		<-ended
	}
}
