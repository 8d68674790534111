//go:build lab

package host_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// After the daemon was restarted between two calls, nobody notices.
func TestDaemonRestart(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	clearRecord(t, h, host.Cluster)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for i, call := range []func() error{
		func() error { return ping(testContext(t), h) },
		func() error { return wrote(testContext(t), h, guest.UUID, document) },
		func() error { return h.WriteRecord(testContext(t), host.Cluster, document) },
		func() error { return h.Suspend(testContext(t), guest.UUID) },
		func() error { _, err := h.Domain(testContext(t), guest.UUID); return err },
	} {
		if err := ping(testContext(t), h); err != nil {
			t.Fatal(err)
		}
		if err := w.Hosts[0].Restart(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if err := call(); err != nil {
			t.Errorf("call %d after a restart: %v", i, err)
		}
	}
	checkRecord(t, h, guest.UUID, host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true})
	checkHostRecord(t, h, host.Cluster, new(document))
	connections(t, w.Hosts[0], 1)
}

// While the daemon is down calls fail at once; when it is back they succeed.
func TestDaemonDownAndUp(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	if err := ping(testContext(t), h); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
	if err := w.Hosts[0].Kill(testContext(t)); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := ping(testContext(t), h); !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want %v", err, migration.ErrUnreachable)
	}
	if took := time.Since(started); took > slack {
		t.Errorf("took %s", took)
	}
	if err := w.Hosts[0].Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if err := ping(testContext(t), h); err != nil {
		t.Error(err)
	}
}

// A daemon that is stopped in mid-call costs its deadline, and is used again
// once it goes on.
func TestDaemonStoppedAndContinued(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0], host.WithDeadlines(neverAnswers))
	until(t, "it answers", func() bool { return ping(testContext(t), h) == nil })
	t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
	if err := w.Hosts[0].Pause(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	err := ping(testContext(t), h)
	if !errors.Is(err, migration.ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a host that did not answer", err)
	}
	if took := time.Since(started); took < neverAnswers.Call || took > neverAnswers.Call+slack {
		t.Errorf("took %s", took)
	}
	if err := w.Hosts[0].Continue(); err != nil {
		t.Fatal(err)
	}
	until(t, "the host is used again", func() bool { return ping(testContext(t), h) == nil })
}

// A write that is lost on its way is repeated where it had no effect.
func TestLostWriteIsRepeatedAfterReading(t *testing.T) {
	w := world(t)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	direct := connect(t, w.Hosts[0])
	clearRecord(t, direct, host.Cluster)
	// Every connection loses its answers after the first few, wherever that
	// hits: before, in or after the write.
	for count := 3; count < 12; count++ {
		h := open(t, host.Config{Name: "kvm1", URI: peer(t, relay(w.Hosts[0].Address, closesAfter(count)))})
		json := fmt.Sprintf(`{"version":1,"max_downtime_ms":%d}`, count)
		for name, err := range map[string]error{
			"domain": wrote(testContext(t), h, guest.UUID, json),
			"host":   h.WriteRecord(testContext(t), host.Cluster, json),
		} {
			switch {
			case err == nil:
			case errors.Is(err, migration.ErrUnreachable):
				t.Logf("%s, answers lost after %d: %v", name, count, err)
			default:
				t.Errorf("%s, answers lost after %d: %v", name, count, err)
			}
			if err == nil && name == "domain" {
				checkRecord(t, direct, guest.UUID, host.DomainDocument{Live: &json, Config: &json, Active: true, Persistent: true})
			}
			if err == nil && name == "host" {
				checkHostRecord(t, direct, host.Cluster, &json)
			}
		}
	}
}

// A client that goes away leaves a peer-to-peer migration to libvirt.
func TestClosingLeavesPeerToPeerAlone(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.IdleGuest(""))
	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), migration.Parameters{
		Persistent: true, Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(1))}), MigrationURI: destination.MigrationURI(),
	})
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, host.ErrOutcomeUnknown) || !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want %v", err, host.ErrOutcomeUnknown)
	}
	w.Hosts[0].MustVirsh(t, "migrate-setspeed", guest.UUID, "100") // the slow part is over
	until(t, "the migration ended by itself", func() bool {
		d, err := destination.Domain(testContext(t), guest.UUID)
		return err == nil && d.State == migration.StateRunning
	})
	if _, err := guest.NextBeat(testContext(t)); err != nil {
		t.Error(err)
	}
}

// Giving a migration up leaves it to libvirt, and its connection is closed.
func TestGivingUpLeavesPeerToPeerAlone(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- source.MigratePeerToPeer(ctx, guest.UUID, destination.PeerURI(), migration.Parameters{
			Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))}), MigrationURI: destination.MigrationURI(),
		})
	}()
	running := func() bool {
		job, err := source.Job(testContext(t), guest.UUID)
		return err == nil && job.Type == migration.JobRunning && job.MemoryProcessed > 0
	}
	until(t, "memory is sent", running)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	connections(t, w.Hosts[0], 1)
	if !running() {
		t.Error("the job ended with the call")
	}
	if err := source.AbortJob(testContext(t), guest.UUID); err != nil {
		t.Error(err)
	}
	until(t, "the job is gone", func() bool { return !running() })
}

// Much use leaves nothing behind, here or at the daemon.
func TestNothingLeaks(t *testing.T) {
	w := world(t)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	before := runtime.NumGoroutine()
	for range 20 {
		h, err := host.New(host.Config{Name: "kvm1", URI: w.Hosts[0].URI})
		if err != nil {
			t.Fatal(err)
		}
		var use sync.WaitGroup
		for range 10 {
			use.Go(func() {
				if _, err := h.Domain(testContext(t), guest.UUID); err != nil {
					t.Error(err)
				}
			})
		}
		use.Wait()
		if n, err := w.Hosts[0].Connections(); err != nil || n != 1 {
			t.Errorf("%d connections, %v; want 1", n, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	settleGoroutines(t, before)
	connections(t, w.Hosts[0], 0)
}

// The statistics of one domain stay quick while others migrate.
func TestStatisticsStayQuickWhileManyMigrate(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	// All are up before the first is sent: it would have arrived before the last is.
	guests := w.StartGuests(t, 5, lab.IdleGuest(""))
	var endings []<-chan error
	for _, guest := range guests {
		endings = append(endings, startMigration(t, source, guest.UUID, destination.PeerURI(), migration.Parameters{
			Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(1))}), MigrationURI: destination.MigrationURI(),
		}))
	}
	var slowest time.Duration
	for range 50 {
		for _, guest := range guests {
			started := time.Now()
			if _, err := source.Job(testContext(t), guest.UUID); err != nil {
				t.Error(err)
			}
			slowest = max(slowest, time.Since(started))
		}
	}
	t.Logf("slowest of 250 readings: %s", slowest)
	if slowest > slack {
		t.Errorf("a reading took %s", slowest)
	}
	for i, guest := range guests {
		started := time.Now()
		if err := source.AbortJob(testContext(t), guest.UUID); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took > slack {
			t.Errorf("an abort took %s", took)
		}
		awaitAborted(t, source, guest.UUID, endings[i])
	}
	connections(t, w.Hosts[0], 1)
}
