//go:build lab

package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// sleeping starts a guest on the first host that has put itself to sleep.
func sleeping(t *testing.T, spec lab.GuestSpec) *lab.Guest {
	t.Helper()
	w := world(t)
	spec.SleepAfter = time.Second
	guest := w.StartGuest(t, spec)
	h := connect(t, w.Hosts[0])
	until(t, "the guest sleeps", func() bool {
		d, err := h.Domain(testContext(t), guest.UUID)
		return err == nil && d.State == migration.StateAsleep
	})
	return guest
}

// status is what QEMU says that the guest does.
func status(t *testing.T, l *lab.Host, uuid string) string {
	t.Helper()
	answer := l.MustVirsh(t, "qemu-monitor-command", uuid, `{"execute":"query-status"}`)
	_, rest, _ := strings.Cut(answer, `"status":"`)
	said, _, _ := strings.Cut(rest, `"`)
	return said
}

// wakes wakes the guest on a host, and expects its heart to beat on where it
// stopped, once.
func wakes(t *testing.T, guest *lab.Guest, l *lab.Host) {
	t.Helper()
	before := guest.Beats()
	last := before[len(before)-1]
	l.MustVirsh(t, "dompmwakeup", guest.UUID)
	// It may have beaten several times before virsh has ended.
	until(t, "it wakes", func() bool { return len(guest.Beats()) > len(before) })
	if beat := guest.Beats()[len(before)]; beat.Sequence != last.Sequence+1 {
		t.Errorf("it beat %d last, and %d after it was woken: it is not the same guest", last.Sequence, beat.Sequence)
	}
	if said := status(t, l, guest.UUID); said != "running" {
		t.Errorf("QEMU says that it is %s", said)
	}
	runsOnly(t, guest, l)
}

// A guest that sleeps is moved as virsh does it, and the same wake-up works.
func TestSleepingGuestMoves(t *testing.T) {
	w := world(t)
	from, to := w.Hosts[0], w.Hosts[1]
	source, destination := connect(t, from), connect(t, to)
	moves := map[string]func(*testing.T, *lab.Guest){
		"virsh": func(t *testing.T, guest *lab.Guest) {
			from.MustVirsh(t, "migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--migrateuri", to.MigrationURI, guest.UUID, to.PeerURI)
		},
	}
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		moves[string(mode)] = func(t *testing.T, guest *lab.Guest) {
			report, err := migration.Run(testContext(t), moveOf(guest, source, destination, mode, policy.Policy{}), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Warnings) != 1 || report.Warnings[0].Kind != migration.WarningAsleep {
				t.Errorf("warnings: %+v", report.Warnings)
			}
		}
	}
	for name, move := range moves {
		t.Run(name, func(t *testing.T) {
			guest := sleeping(t, lab.GuestSpec{})
			move(t, guest)
			// libvirt does not know that it sleeps; QEMU does.
			if d, err := destination.Domain(testContext(t), guest.UUID); err != nil || d.State != migration.StateRunning && d.State != migration.StateAsleep {
				t.Errorf("on the destination: %+v, %v", d, err)
			}
			if said := status(t, to, guest.UUID); said != "suspended" {
				t.Errorf("QEMU on the destination says that it is %s, want it suspended", said)
			}
			wakes(t, guest, to)
		})
	}
}

func moveOf(guest *lab.Guest, source, destination *host.Host, mode migration.Mode, p policy.Policy) migration.Request {
	return migration.Request{
		UUID: guest.UUID, Name: guest.Name, Source: source, Destination: destination, Mode: mode,
		PeerURI: destination.PeerURI(), MigrationURI: destination.MigrationURI(), Policy: policy.Resolve(policy.Levels{Run: p}),
	}
}

// Cancelled in mid-move, it sleeps on on the source, and wakes there.
func TestSleepingGuestStaysWhenItsMoveIsCancelled(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			guest := sleeping(t, lab.GuestSpec{Load: lab.Load{HotMiB: 64, CeilingMiB: 8}})
			ctx, cancel := context.WithCancel(testContext(t))
			defer cancel()
			slow := policy.Policy{BandwidthMiBPerSecond: new(int64(5))}
			_, err := migration.Run(ctx, moveOf(guest, source, destination, mode, slow), func(p migration.Progress) {
				if p.Phase == migration.PhasePreCopy {
					cancel()
				}
			})
			var cancelled *migration.CancelledError
			if !errors.As(err, &cancelled) || cancelled.Outcome.Place() != migration.PausedOnSource || !cancelled.Outcome.Source.Is(migration.StateAsleep) {
				t.Errorf("got %v", err)
			}
			if said := status(t, w.Hosts[0], guest.UUID); said != "suspended" {
				t.Errorf("QEMU on the source says that it is %s, want it suspended", said)
			}
			wakes(t, guest, w.Hosts[0])
		})
	}
}

// A sleeping guest that has been sent, and that the destination does not start, is
// stopped for good on the source, as with virsh: the engine's advice is to start it
// again.
func TestSleepingGuestThatWasSentIsStartedAgain(t *testing.T) {
	w := world(t)
	s := &steps{t: t, source: connect(t, w.Hosts[0]), destination: connect(t, w.Hosts[1]), p: migration.Parameters{Persistent: true}, guest: sleeping(t, lab.GuestSpec{})}
	s.p.MigrationURI = s.destination.MigrationURI()
	s.do(s.begin, s.prepare, s.perform)
	s.cookie = nil
	_ = s.finish(true)
	s.do(func() error { return s.confirm(true) })
	if d, err := s.source.Domain(testContext(t), s.guest.UUID); err != nil || d.State != migration.StateAsleep {
		t.Errorf("on the source: %+v, %v", d, err)
	}
	if _, err := w.Hosts[0].Virsh(testContext(t), "dompmwakeup", s.guest.UUID); err == nil {
		t.Log("this libvirt or QEMU wakes it: the advice can be left out")
	} else if !strings.Contains(err.Error(), "not in suspended state") {
		t.Errorf("waking it: %v", err)
	}
	w.Hosts[0].MustVirsh(t, "destroy", s.guest.UUID)
	w.Hosts[0].MustVirsh(t, "start", s.guest.UUID)
	if _, err := s.guest.NextBeat(testContext(t)); err != nil {
		t.Errorf("it does not run again: %v", err)
	}
}
