//go:build lab

package lab_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// ssh runs a command on a host as an account of the lab.
func ssh(t *testing.T, account string, host *lab.Host, command string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	output, err := exec.CommandContext(ctx, "ssh", "-o", "BatchMode=yes", account+"@"+host.Name, command).CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

func TestSSHReachesEveryHostAndNothingElse(t *testing.T) {
	world := current(t)
	for _, host := range world.Hosts {
		if name, err := ssh(t, "root", host, "hostname"); err != nil || name != host.Name {
			t.Errorf("%s calls itself %q, %v", host.Name, name, err)
		}
	}
	for _, directory := range []string{"/etc/ssh", "/root/.ssh"} {
		entries, err := os.ReadDir(directory)
		if err != nil {
			continue // not there, or not for us
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), "ssh_host_") || strings.HasPrefix(entry.Name(), "id_") {
				t.Errorf("the machine's own %s/%s is seen", directory, entry.Name())
			}
		}
	}
}

func TestSSHAccounts(t *testing.T) {
	host := current(t).Hosts[0]
	if id, err := ssh(t, lab.Visitor, host, "id -un; nc -U /run/libvirt/libvirt-sock </dev/null"); err == nil || !strings.Contains(id, "visitor\n") || !strings.Contains(id, "Permission denied") {
		t.Errorf("visitor: %q, %v", id, err)
	}
	if said, err := ssh(t, lab.Retired, host, "true"); err == nil || !strings.Contains(said, "Permission denied (publickey)") {
		t.Errorf("retired: %q, %v", said, err)
	}
	if said, err := ssh(t, lab.Shellless, host, "true"); err == nil || !strings.Contains(said, "not available") {
		t.Errorf("shellless: %q, %v", said, err)
	}
}

func TestSSHFaultsAreHealed(t *testing.T) {
	world := current(t)
	host := world.Hosts[0]
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	faults := map[string]struct {
		make func() error
		said string
	}{
		"killed":           {func() error { return host.KillSSH(ctx) }, "Connection refused"},
		"host key changed": {func() error { return host.ChangeHostKey(ctx) }, "REMOTE HOST IDENTIFICATION HAS CHANGED"},
	}
	for name, fault := range faults {
		if err := fault.make(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if said, err := ssh(t, "root", host, "true"); err == nil || !strings.Contains(said, fault.said) {
			t.Errorf("%s: %q, %v", name, said, err)
		}
		if err := world.Heal(ctx); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if said, err := ssh(t, "root", host, "true"); err != nil {
			t.Errorf("%s, healed: %q, %v", name, said, err)
		}
	}
}

// sshd serves a connection by one process or by two, which depends on its release and on who logs in. A kill ends all of
// them at once, and leaves what they had started: that ends when it reads or writes next.
func TestKilledSSHEndsItsConnections(t *testing.T) {
	world := current(t)
	host := world.Hosts[0]
	t.Cleanup(func() { must(t, world.Heal(context.WithoutCancel(t.Context()))) })
	for _, account := range []string{"root", lab.Visitor} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "ssh", "-o", "BatchMode=yes", account+"@"+host.Name, "echo $$; exec sleep 300")
		output, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		started, err := bufio.NewReader(output).ReadString('\n')
		must(t, err)
		if sessions, err := host.SSHSessions(); err != nil || len(sessions) != 1 {
			t.Errorf("%s: sessions %v, %v, want one", account, sessions, err)
		}
		must(t, host.KillSSH(ctx))
		if err := cmd.Wait(); ctx.Err() != nil || cmd.ProcessState.ExitCode() != 255 {
			t.Errorf("%s: ssh ended with %v, %v, want exit code 255", account, err, ctx.Err())
		}
		command, err := strconv.Atoi(strings.TrimSpace(started))
		must(t, err)
		if err := syscall.Kill(command, syscall.SIGKILL); err != nil {
			t.Errorf("%s: kill what ran on the host: %v", account, err)
		}
		must(t, host.StartSSH(ctx))
	}
}

func TestHiddenProgramsAreHiddenOnOneHost(t *testing.T) {
	world := current(t)
	for _, program := range []string{"virt-ssh-helper", "nc"} {
		if err := world.Hosts[0].HideProgram(t.Context(), program); err != nil {
			t.Fatal(err)
		}
		if said, err := ssh(t, "root", world.Hosts[0], "sh -c 'command -v "+program+"'"); err == nil {
			t.Errorf("%s is there: %q", program, said)
		}
		if said, err := ssh(t, "root", world.Hosts[1], "sh -c 'command -v "+program+"'"); err != nil {
			t.Errorf("%s is gone elsewhere: %q, %v", program, said, err)
		}
		if err := world.Hosts[0].ShowProgram(t.Context(), program); err != nil {
			t.Fatal(err)
		}
		if said, err := ssh(t, "root", world.Hosts[0], "sh -c 'command -v "+program+"'"); err != nil {
			t.Errorf("%s is not back: %q, %v", program, said, err)
		}
	}
}
