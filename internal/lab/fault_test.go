//go:build lab

package lab_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestKilledDaemonLeavesItsGuestRunning(t *testing.T) {
	world := current(t)
	host := world.Hosts[0]
	guest := world.StartGuest(t, lab.IdleGuest(""))
	world.HealAfter(t)
	processes := guest.Processes()

	before := time.Now()
	must(t, host.Kill(t.Context()))
	if host.Running() {
		t.Error("libvirtd runs after it was killed")
	}
	if _, err := host.Virsh(t.Context(), "version"); err == nil {
		t.Error("virsh got an answer from a killed libvirtd")
	}
	next(t, guest)
	must(t, host.Start(t.Context()))
	next(t, guest)
	if record := guest.Between(before, time.Now()); len(record.Lost) > 0 || len(record.Repeated) > 0 {
		t.Errorf("beats lost %v, repeated %v, want none", record.Lost, record.Repeated)
	}
	if diff := cmp.Diff(processes, guest.Processes()); diff != "" {
		t.Errorf("QEMUs (-before +after):\n%s", diff)
	}
	if state := strings.TrimSpace(host.MustVirsh(t, "domstate", guest.UUID)); state != "running" {
		t.Errorf("state %q after the restart, want running", state)
	}
}

func TestDaemonThatDoesNotComeUpIsExplainedByItsLog(t *testing.T) {
	world := current(t)
	world.HealAfter(t)
	host := world.Hosts[1]
	configuration := filepath.Join(host.Directory, "etc", "libvirtd.conf")
	good, err := os.ReadFile(configuration)
	must(t, err)
	t.Cleanup(func() { must(t, os.WriteFile(configuration, good, 0o600)) })
	must(t, os.WriteFile(configuration, []byte("listen_tcp = \"perhaps\"\n"), 0o600))

	must(t, host.Kill(t.Context()))
	err = host.Start(t.Context())
	for _, part := range []string{"libvirtd on kvm2", "ended", "listen_tcp"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}
}

func TestPausedDaemonAcceptsConnectionsAndDoesNotAnswer(t *testing.T) {
	world := current(t)
	world.HealAfter(t)
	host := world.Hosts[0]
	must(t, host.Pause())
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(host.Address, "16509"), 5*time.Second)
	must(t, err)
	must(t, connection.Close())
	if err := callerReaches(t, host, lossTimeout); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("virsh: %v, want no answer", err)
	}
	must(t, host.Continue())
	must(t, callerReaches(t, host, patience))
}

func TestFaultsLoseTheTrafficTheyNameAlone(t *testing.T) {
	world := current(t)
	a, b := world.Hosts[0], world.Hosts[1]
	tests := map[string]struct {
		fault               func(context.Context) error
		callerToA, callerTB bool
		aToB, bToA          bool
	}{
		"none":       {fault: func(context.Context) error { return nil }, callerToA: true, callerTB: true, aToB: true, bToA: true},
		"unplugged":  {fault: a.Unplug, callerTB: true},
		"hosts cut":  {fault: func(ctx context.Context) error { return world.Cut(ctx, a, b) }, callerToA: true, callerTB: true},
		"caller cut": {fault: a.CutCaller, callerTB: true, aToB: true, bToA: true},
		"slow but whole": {
			fault:     func(ctx context.Context) error { return a.Limit(ctx, 10) },
			callerToA: true, callerTB: true, aToB: true, bToA: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			world.HealAfter(t)
			must(t, test.fault(t.Context()))
			ways := []struct {
				what    string
				arrives bool
				try     func(within time.Duration) error
			}{
				{"caller to a", test.callerToA, func(within time.Duration) error { return callerReaches(t, a, within) }},
				{"caller to b", test.callerTB, func(within time.Duration) error { return callerReaches(t, b, within) }},
				{"a to b", test.aToB, func(within time.Duration) error { return reaches(t, a, b, within) }},
				{"b to a", test.bToA, func(within time.Duration) error { return reaches(t, b, a, within) }},
			}
			for _, way := range ways {
				within := lossTimeout
				if way.arrives {
					within = patience
				}
				if err := way.try(within); (err == nil) != way.arrives {
					t.Errorf("%s: %v, want an answer: %t", way.what, err, way.arrives)
				}
			}
			must(t, world.Heal(t.Context()))
			for _, way := range ways {
				if err := way.try(patience); err != nil {
					t.Errorf("%s, after healing: %v", way.what, err)
				}
			}
		})
	}
}

func TestLimitBoundsWhatTheLinkCarries(t *testing.T) {
	world := current(t)
	world.HealAfter(t)
	const mib, limit = 8, 4
	host := world.Hosts[0]
	free := send(t, host, mib)
	must(t, host.Limit(t.Context(), limit))
	const ideal = mib * time.Second / limit
	limited := send(t, host, mib)
	for range 2 { // a busy machine makes it slower, and never quicker
		if limited > ideal*2 {
			limited = send(t, host, mib)
		}
	}
	if limited < ideal*8/10 || limited > ideal*2 {
		t.Errorf("%d MiB took %v over a link of %d MiB/s (%v without), want about %v", mib, limited, limit, free, ideal)
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	host := current(t).Hosts[0]
	eventually(t, "no connection of the tests before", func() bool {
		now, err := host.Connections()
		return err == nil && now == 0
	})
	connection, err := net.Dial("tcp", net.JoinHostPort(host.Address, "16509"))
	must(t, err)
	eventually(t, "one connection", func() bool {
		now, err := host.Connections()
		return err == nil && now == 1
	})
	must(t, connection.Close())
	eventually(t, "no connection", func() bool {
		now, err := host.Connections()
		return err == nil && now == 0
	})
}

// lossTimeout is how long an answer is waited for that is not to come.
const lossTimeout = 3 * time.Second

func callerReaches(t *testing.T, host *lab.Host, within time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return answered(ctx, exec.CommandContext(ctx, "virsh", "-c", host.URI, "version"))
}

func reaches(t *testing.T, from, to *lab.Host, within time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return answered(ctx, from.Command(ctx, "virsh", "-c", to.PeerURI, "version"))
}

func answered(ctx context.Context, cmd *exec.Cmd) error {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("%w: %s", err, stderr.String()))
	}
	return nil
}

// send measures how long the host takes to send that much to the caller.
func send(t *testing.T, host *lab.Host, mib int) time.Duration {
	t.Helper()
	listener, err := net.Listen("tcp", "10.77.0.1:0")
	must(t, err)
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	must(t, err)
	sender := host.Command(ctx, "bash", "-c", fmt.Sprintf("head -c %dM /dev/zero >/dev/tcp/10.77.0.1/%s", mib, port))
	must(t, sender.Start())
	connection, err := listener.Accept()
	must(t, err)
	defer connection.Close()
	start := time.Now()
	received, err := io.Copy(io.Discard, connection)
	must(t, err)
	took := time.Since(start)
	must(t, sender.Wait())
	if received != int64(mib)<<20 {
		t.Fatalf("received %d bytes of %d MiB", received, mib)
	}
	return took
}
