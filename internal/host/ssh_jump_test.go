//go:build lab

package host_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync/atomic"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// A jump host that accepts and never answers costs the deadline, and the ssh that
// our ssh has started to reach it ends too.
func TestSSHJumpHostThatNeverAnswers(t *testing.T) {
	var opened, closed atomic.Int32
	_, port, err := net.SplitHostPort(listen(t, "tcp", "127.0.0.1:0", func(_ int, c net.Conn) {
		opened.Add(1)
		_, _ = io.Copy(io.Discard, c)
		closed.Add(1)
	}))
	if err != nil {
		t.Fatal(err)
	}
	l := labHosts(t)[0]
	command := configured(t, fmt.Sprintf("Host jump\nHostName 127.0.0.1\nPort %s\nHost %s\nProxyJump jump\n", port, l.Name))
	h := unclosed(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+ssh", "", "command", command)}, muteDeadlines)
	checkUnreachable(t, ping(testContext(t), h), "it did not answer within 3")
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if !rpctest.Poll(slack, func() bool { return closed.Load() == opened.Load() }) || opened.Load() == 0 {
		t.Errorf("of %d connections to the jump host %d have ended", opened.Load(), closed.Load())
	}
}

// The master that the way to a jump host leaves behind, as ControlPersist says,
// serves others too: it survives the ssh that we end by force.
func TestSSHLeavesTheMasterOfAJumpHost(t *testing.T) {
	w := world(t)
	jump, mute := w.Hosts[0], w.Hosts[1]
	t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
	if err := mute.PauseSSH(); err != nil {
		t.Fatal(err)
	}
	shared, path := sharedSSH(t, "ControlMaster auto\nControlPersist 60\n")
	command := configured(t, fmt.Sprintf("Host %s\nProxyCommand %s -W %%h:%%p -l root %s\n", mute.Name, shared, jump.Name))
	h := unclosed(t, host.Config{Name: mute.Name, URI: sshURI(mute, "qemu+ssh", "", "command", command)}, sshDeadlines)
	checkUnreachable(t, ping(testContext(t), h), "it did not answer within 5")
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if out, err := exec.Command(shared, "-O", "check", jump.Name).CombinedOutput(); err != nil {
		t.Fatalf("the master on %s is gone: %v: %s", path, err, out)
	}
	if out, err := exec.Command(shared, "-O", "exit", jump.Name).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	sessions(t, jump, 0)
}
