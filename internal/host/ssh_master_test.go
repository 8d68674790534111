//go:build lab

package host_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// A master that ssh's configuration names is used where it runs, and neither held
// up nor ended by us.
func TestSSHUsesControlMaster(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	command, path := sharedSSH(t, "ControlMaster auto\nControlPersist 60\n")
	endMaster := startMaster(t, command, l)
	config := host.Config{Name: l.Name, URI: sshURI(l, "qemu+ssh", "", "command", command)}
	quickest := time.Hour
	for i := range 3 {
		h := unclosed(t, config)
		if err := ping(testContext(t), h); err != nil {
			t.Fatal(err)
		}
		sessions(t, l, 1)
		started := time.Now()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		quickest = min(quickest, time.Since(started))
		if err := exec.Command(command, "-O", "check", l.Name).Run(); err != nil {
			t.Errorf("after %d connections the master is gone: %v", i+1, err)
		}
	}
	if quickest > sshGrace {
		t.Errorf("closing took %s at least", quickest)
	}
	sessions(t, l, 1)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	// What is lost with the master is made anew without it.
	h := open(t, config)
	if err := ping(testContext(t), h); err != nil {
		t.Fatal(err)
	}
	endMaster()
	if err := ping(testContext(t), h); err != nil {
		t.Error(err)
	}
	sessions(t, l, 1)
}

// Whatever ssh's configuration says, no connection of ours becomes one that others
// depend on: the first to be closed would end them all.
func TestSSHNeverBecomesAMaster(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	for _, master := range []string{"auto", "yes", "autoask"} {
		t.Run(master, func(t *testing.T) {
			command, path := sharedSSH(t, "ControlMaster "+master+"\n")
			config := host.Config{Name: l.Name, URI: sshURI(l, "qemu+ssh", "", "command", command)}
			first, second := unclosed(t, config), open(t, config)
			for _, h := range []*host.Host{first, second} {
				if err := ping(testContext(t), h); err != nil {
					t.Fatal(err)
				}
			}
			sessions(t, l, 2)
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a master listens on %s (%v)", path, err)
			}
			if err := first.Close(); err != nil {
				t.Error(err)
			}
			sessions(t, l, 1)
			if err := ping(testContext(t), second); err != nil {
				t.Errorf("the second connection ended with the first: %v", err)
			}
			sessions(t, l, 1)
		})
	}
}

// sharedSSH is a value for the parameter command: ssh that is configured to share
// connections, and where their master listens.
func sharedSSH(t testing.TB, how string) (command, path string) {
	t.Helper()
	w, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "master")
	return configured(t, fmt.Sprintf("%sControlPath %s\nIdentityFile %s\nGlobalKnownHostsFile %s\n", how, path, labKey, w.SSH.KnownHosts)), path
}

// startMaster starts the connection that others share, until the test ends or end
// is called.
func startMaster(t testing.TB, command string, l *lab.Host) (end func()) {
	t.Helper()
	if err := exec.Command(command, "-f", "-N", "-l", "root", l.Name).Run(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		if err := exec.Command(command, "-O", "exit", l.Name).Run(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return end
}
