//go:build lab

package host_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// overSSH makes a Host of a host in the lab, closed when the test ends.
func overSSH(t *testing.T, l *lab.Host, scheme string, options ...host.Option) *host.Host {
	t.Helper()
	return open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, ""), PeerURI: l.SSHURI, MigrationURI: l.MigrationURI}, options...)
}

// sessions wants a number of SSH connections on a host, before long.
func sessions(t *testing.T, l *lab.Host, want int) {
	t.Helper()
	var got []int
	var err error
	if !rpctest.Poll(20*time.Second, func() bool {
		got, err = l.SSHSessions()
		return err == nil && len(got) == want
	}) {
		t.Errorf("%s serves %d SSH connections (%v), want %d", l.Name, len(got), err, want)
	}
}

// children are the processes that this one has started.
func children(t *testing.T) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// proc(5): "pid (name) state ppid ..."; the name may hold anything.
		end := bytes.LastIndexByte(stat, ')')
		if fields := strings.Fields(string(stat[end+1:])); fields[1] == strconv.Itoa(os.Getpid()) {
			found = append(found, string(stat[:end+4]))
		}
	}
	return found
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestSSHRecordLifeCycle(t *testing.T) {
	w := world(t)
	for _, scheme := range sshSchemes[:2] {
		t.Run(scheme, func(t *testing.T) {
			h := overSSH(t, w.Hosts[0], scheme)
			guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
			clearRecord(t, h, host.Cluster)
			large := `{"version":1,"note":"` + strings.Repeat("x", 60<<10) + `"}`
			for _, json := range []string{document, large, document} {
				if err := wrote(testContext(t), h, guest.UUID, json); err != nil {
					t.Fatal(err)
				}
				checkRecord(t, h, guest.UUID, host.DomainDocument{Live: &json, Config: &json, Active: true, Persistent: true})
				if err := h.WriteRecord(testContext(t), host.Cluster, json); err != nil {
					t.Fatal(err)
				}
				checkHostRecord(t, h, host.Cluster, &json)
			}
			if err := h.DeleteDomainRecord(testContext(t), guest.UUID, host.DomainDocument{}); err != nil {
				t.Fatal(err)
			}
			checkRecord(t, h, guest.UUID, host.DomainDocument{Active: true, Persistent: true})
			sessions(t, w.Hosts[0], 1)
		})
	}
}

// Control and work go over connections of their own; the source's libvirt
// reaches the destination's through SSH too.
func TestSSHPeerToPeer(t *testing.T) {
	w := world(t)
	for _, scheme := range sshSchemes[:2] {
		t.Run(scheme, func(t *testing.T) {
			source, destination := overSSH(t, w.Hosts[0], scheme), overSSH(t, w.Hosts[1], scheme)
			guest := w.StartGuest(t, lab.IdleGuest(""))
			p := migration.Parameters{Persistent: true, Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(1))}), MigrationURI: destination.MigrationURI()}
			ended := startMigration(t, source, guest.UUID, destination.PeerURI(), p)
			sessions(t, w.Hosts[0], 2) // control and work
			sessions(t, w.Hosts[1], 1) // the source's libvirt
			abortMigration(t, source, guest.UUID, ended)
			sessions(t, w.Hosts[0], 1)
		})
	}
}

// What libvirt says of a login by itself has no account in it: nobody has asked for its words.
func TestSSHPeerRefused(t *testing.T) {
	w := world(t)
	source := overSSH(t, w.Hosts[0], "qemu+ssh")
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for _, peer := range []string{
		"qemu+ssh://" + lab.Retired + "@kvm2/system",
		"qemu+ssh://" + lab.Visitor + "@kvm2/system",
		"qemu+ssh://root@kvm2:23/system",
		"qemu+ssh://root@kvm2.invalid/system",
		"qemu+libssh2://root@kvm2/system?known_hosts=/none",
	} {
		err := source.MigratePeerToPeer(testContext(t), guest.UUID, peer, migration.Parameters{})
		if !isPeerUnreachable(err) {
			t.Errorf("%s: got %v, want an unreachable peer", peer, err)
			continue
		}
		hides(t, err, "root@", lab.Visitor, lab.Retired, "PRIVATE KEY")
	}
}

func TestSSHDaemonRestart(t *testing.T) {
	w := world(t)
	for _, scheme := range sshSchemes[:2] {
		h := overSSH(t, w.Hosts[0], scheme)
		for range 3 {
			if err := ping(testContext(t), h); err != nil {
				t.Fatal(err)
			}
			if err := w.Hosts[0].Restart(testContext(t)); err != nil {
				t.Fatal(err)
			}
		}
		if err := ping(testContext(t), h); err != nil {
			t.Error(err)
		}
		sessions(t, w.Hosts[0], 1)
		_ = h.Close()
	}
}

// When sshd is killed in mid-call the call's outcome is unknown and its cause is
// told; the migration goes on, and is seen again once sshd is back.
func TestSSHKilledInMidCall(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	for _, scheme := range sshSchemes[:2] {
		t.Run(scheme, func(t *testing.T) {
			t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
			source, destination := overSSH(t, l, scheme), connect(t, w.Hosts[1])
			guest := w.StartGuest(t, lab.IdleGuest(""))
			ended := startMigration(t, source, guest.UUID, destination.PeerURI(), migration.Parameters{
				Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(1))}), MigrationURI: destination.MigrationURI(),
			})
			killed := time.Now()
			if err := l.KillSSH(testContext(t)); err != nil {
				t.Fatal(err)
			}
			err := <-ended
			if !errors.Is(err, host.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "closed the SSH connection") {
				t.Errorf("got %v, want a lost connection", err)
			}
			if took := time.Since(killed); took > slack {
				t.Errorf("took %s to notice", took)
			}
			checkUnreachable(t, ping(testContext(t), source), "nothing listens there; is sshd running")
			if err := l.StartSSH(testContext(t)); err != nil {
				t.Fatal(err)
			}
			job, err := source.Job(testContext(t), guest.UUID)
			if err != nil || job.Type != migration.JobRunning {
				t.Errorf("the job is %+v, %v", job, err)
			}
			if err := source.AbortJob(testContext(t), guest.UUID); err != nil {
				t.Error(err)
			}
		})
	}
}

// Whatever does not answer, libvirt, sshd or the network, costs its deadline and
// leaves nothing behind.
func TestSSHMute(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	mute := map[string]func() error{
		"libvirtd": l.Pause,
		"sshd":     l.PauseSSH,
		"network":  func() error { return l.CutCaller(testContext(t)) },
	}
	for _, scheme := range sshSchemes[:2] {
		for name, silence := range mute {
			t.Run(scheme+", "+name, func(t *testing.T) {
				t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
				goroutines, fds := runtime.NumGoroutine(), descriptors(t)
				config := host.Config{Name: l.Name, URI: sshURI(l, scheme, "")}
				fresh, used := unclosed(t, config, muteDeadlines), unclosed(t, config, muteDeadlines)
				until(t, "one is connected", func() bool { return ping(testContext(t), used) == nil })
				if err := silence(); err != nil {
					t.Fatal(err)
				}
				for h, limit := range map[*host.Host]time.Duration{fresh: muteDeadlines.Open, used: muteDeadlines.Open + muteDeadlines.Call} {
					started := time.Now()
					err := ping(testContext(t), h)
					if name == "sshd" && h == used {
						if err != nil {
							t.Error(err) // what is open stays open
						}
						continue
					}
					if !errors.Is(err, migration.ErrUnreachable) || errors.Is(err, context.Canceled) {
						t.Errorf("got %v, want an unreachable host", err)
					}
					if took := time.Since(started); took > limit+slack {
						t.Errorf("took %s, more than %s", took, limit)
					}
				}
				for _, h := range []*host.Host{fresh, used} {
					if err := h.Close(); err != nil {
						t.Error(err)
					}
				}
				nothingLeft(t, goroutines, fds)
			})
		}
	}
}

// muteDeadlines are long enough to connect on a busy machine.
var muteDeadlines = host.Deadlines{Open: 3 * time.Second, Call: time.Second, Close: 3 * time.Second}

// unclosed makes a Host that the test closes itself.
func unclosed(t *testing.T, config host.Config, deadlines ...host.Deadlines) *host.Host {
	t.Helper()
	var options []host.Option
	for _, d := range deadlines {
		options = append(options, host.WithDeadlines(d))
	}
	h, err := host.New(config, options...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// nothingLeft checks that no process, goroutine or descriptor is there that was
// not there before.
func nothingLeft(t *testing.T, goroutines, fds int) {
	t.Helper()
	if left := children(t); len(left) > 0 {
		t.Errorf("processes left: %q", left)
	}
	settleGoroutines(t, goroutines)
	if now := descriptors(t); now > fds {
		t.Errorf("%d descriptors, %d before", now, fds)
	}
}

// sshGrace is just less than what an ssh may take to end by itself. On a busy machine one of several may need more.
const sshGrace = 900 * time.Millisecond

// A closed host leaves no process, session, goroutine or descriptor, whether it
// was connected or refused.
func TestSSHClosesFully(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	for _, scheme := range sshSchemes {
		t.Run(scheme, func(t *testing.T) {
			sessions(t, l, 0)
			goroutines, fds := runtime.NumGoroutine(), descriptors(t)
			quickest := time.Hour
			for range 5 {
				h := unclosed(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "")})
				if err := ping(testContext(t), h); err != nil {
					t.Fatal(err)
				}
				sessions(t, l, 1)
				started := time.Now()
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				quickest = min(quickest, time.Since(started))
			}
			if quickest > sshGrace {
				t.Errorf("closing took %s at least: ssh had to be made to end", quickest)
			}
			for _, account := range []string{lab.Retired, lab.Visitor, lab.Shellless} {
				h, err := host.New(host.Config{Name: l.Name, URI: sshURI(l, scheme, account)})
				if err != nil {
					t.Fatal(err)
				}
				if err := ping(testContext(t), h); err == nil {
					t.Error("the login was accepted")
				}
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			}
			nothingLeft(t, goroutines, fds)
			sessions(t, l, 0)
		})
	}
}

// A caller that gives up while ssh is connecting leaves nothing behind.
func TestSSHCancelledWhileConnecting(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
	if err := l.PauseSSH(); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range sshSchemes[:2] {
		goroutines, fds := runtime.NumGoroutine(), descriptors(t)
		h, err := host.New(host.Config{Name: l.Name, URI: sshURI(l, scheme, "")})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		started := time.Now()
		if err := ping(ctx, h); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		cancel()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took > slack {
			t.Errorf("took %s", took)
		}
		nothingLeft(t, goroutines, fds)
	}
}

// interruptVariable makes a process of this test the one that is interrupted: it
// holds what to migrate.
const interruptVariable = "HOST_TEST_INTERRUPT"

// Ctrl-C reaches every process of the terminal's foreground group. The
// connections that the abort needs must not die of it.
func TestSSHSurvivesInterrupt(t *testing.T) {
	w := world(t)
	if uuid := os.Getenv(interruptVariable); uuid != "" {
		migrateUntilInterrupted(t, w, uuid)
		return
	}
	guest := w.StartGuest(t, lab.IdleGuest(""))
	process, said := migrateElsewhere(t, w, guest)
	if err := syscall.Kill(-process.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Fatalf("%v:\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), "aborted after the interrupt") {
		t.Errorf("it said:\n%s", said.String())
	}
	runsOnly(t, guest, w.Hosts[0])
	sessions(t, w.Hosts[0], 0)
}

// A process that is killed outright takes its connections with it, and leaves
// the migration to libvirt.
func TestSSHEndsWithAKilledProcess(t *testing.T) {
	w := world(t)
	guest := w.StartGuest(t, lab.IdleGuest(""))
	process, _ := migrateElsewhere(t, w, guest)
	sessions(t, w.Hosts[0], 2)
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait()
	sessions(t, w.Hosts[0], 0)
	source := connect(t, w.Hosts[0])
	if job, err := source.Job(testContext(t), guest.UUID); err != nil || job.Type != migration.JobRunning {
		t.Errorf("the job is %+v, %v", job, err)
	}
	if err := source.AbortJob(testContext(t), guest.UUID); err != nil {
		t.Error(err)
	}
}

// migrateElsewhere starts a process, the leader of a group, that migrates the
// guest over SSH, and returns once it does.
func migrateElsewhere(t *testing.T, w *lab.World, guest *lab.Guest) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSSHSurvivesInterrupt$", "-test.v")
	cmd.Env = append(os.Environ(), interruptVariable+"="+guest.UUID)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	direct := connect(t, w.Hosts[0])
	until(t, "the migration runs", func() bool {
		job, err := direct.Job(testContext(t), guest.UUID)
		return err == nil && job.Type == migration.JobRunning && job.MemoryProcessed > 0
	})
	return cmd, &said
}

func migrateUntilInterrupted(t *testing.T, w *lab.World, uuid string) {
	t.Helper()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT)
	source, destination := overSSH(t, w.Hosts[0], "qemu+ssh"), overSSH(t, w.Hosts[1], "qemu+ssh")
	ended := startMigration(t, source, uuid, destination.PeerURI(), migration.Parameters{
		Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(1))}), MigrationURI: destination.MigrationURI(),
	})
	<-interrupted
	abortMigration(t, source, uuid, ended)
	t.Log("aborted after the interrupt")
}

// The agent's keys are offered inside the process as ssh offers them.
func TestSSHAgent(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	socket := filepath.Join(t.TempDir(), "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait()
	})
	until(t, "the agent listens", func() bool { _, err := os.Stat(socket); return err == nil })
	t.Setenv("SSH_AUTH_SOCK", socket)
	uri := sshURI(l, "qemu+libssh", "", "keyfile", w.SSH.StrangerKey)
	checkUnreachable(t, ping(testContext(t), open(t, host.Config{Name: l.Name, URI: uri})), "it refused the login")
	if out, err := exec.Command("ssh-add", labKey).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, auth := range []string{"", "agent", "privkey,agent", "password,agent"} {
		h := open(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+libssh", "", "sshauth", auth, "keyfile", w.SSH.StrangerKey)})
		if err := ping(testContext(t), h); err != nil {
			t.Errorf("sshauth=%s: %v", auth, err)
		}
	}
	uri = sshURI(l, "qemu+libssh", "", "sshauth", "privkey", "keyfile", w.SSH.StrangerKey)
	checkUnreachable(t, ping(testContext(t), open(t, host.Config{Name: l.Name, URI: uri})), "it refused the login")
}

// A machine without ssh is told what to install, or to use instead.
func TestSSHNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	l := labHosts(t)[0]
	err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: l.SSHURI}))
	checkUnreachable(t, err, "install OpenSSH's client (package openssh-client), or use qemu+libssh")
	if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+libssh", "")})); err != nil {
		t.Error(err)
	}
	err = ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+ssh", "", "command", "/opt/none/ssh")}))
	checkUnreachable(t, err, "ssh did not start: ")
}
