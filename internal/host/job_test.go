//go:build lab

package host_test

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The statistics of a running job are in the units that package migration
// wants, and agree with each other.
func TestJobStatistics(t *testing.T) {
	const mebibyte = 1 << 20
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	spec := lab.UntamableGuest("")
	guest := w.StartGuest(t, spec)
	if job, err := source.Job(testContext(t), guest.UUID); err != nil || job.Type != migration.JobNone {
		t.Errorf("idle: %+v, %v", job, err)
	}
	requireDirtyRate(t, source, guest)
	started := time.Now()
	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), migration.Parameters{
		Policy:       told(policy.Policy{BandwidthMiBPerSecond: new(int64(60)), AutoConverge: new(true), AutoConvergeInitial: new(int64(33)), Compression: new(true)}),
		MigrationURI: destination.MigrationURI(),
	})
	var job migration.Job
	until(t, "auto-converge throttles", func() bool {
		var err error
		job, err = source.Job(testContext(t), guest.UUID)
		return err == nil && job.Throttle != nil
	})
	t.Logf("%+v", job)
	domain, err := source.Domain(testContext(t), guest.UUID)
	if err != nil {
		t.Fatal(err)
	}
	for name, right := range map[string]bool{
		"type":         job.Type == migration.JobRunning,
		"operation":    job.Operation == migration.OperationMigrationOut,
		"elapsed":      job.Elapsed > 0 && job.Elapsed < time.Since(started),
		"downtime":     job.Downtime > 0,
		"total":        job.MemoryTotal >= domain.MemoryBytes && job.MemoryTotal < domain.MemoryBytes+64*mebibyte,
		"remaining":    job.MemoryRemaining <= job.MemoryTotal,
		"bandwidth":    job.MemoryBandwidth > mebibyte && job.MemoryBandwidth < 100*mebibyte,
		"dirty rate":   job.DirtyRate > mebibyte && job.DirtyRate < 4096*mebibyte,
		"iteration":    job.Iteration >= 2,
		"throttle":     *job.Throttle%10 == 3 && *job.Throttle >= 33, // raised by 10 since, if it was seen late
		"compression":  job.CompressionPages != nil && job.CompressionCacheMisses != nil,
		"no post-copy": job.PostCopyRequests == 0,
	} {
		if !right {
			t.Errorf("%s is wrong in %+v", name, job)
		}
	}
	requireMigrations(t, source, 0, 1)
	requireMigrations(t, destination, 1, 0)
	abortMigration(t, source, guest.UUID, ended)
	requireMigrations(t, source, 0, 0)
}

// What is off has no figures.
func TestJobStatisticsOfAPlainMigration(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), migration.Parameters{
		Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))}), MigrationURI: destination.MigrationURI(),
	})
	job, err := source.Job(testContext(t), guest.UUID)
	if err != nil || job.Throttle != nil || job.CompressionPages != nil || job.CompressionCacheMisses != nil {
		t.Errorf("got %+v, %v; want neither throttle nor compression", job, err)
	}
	abortMigration(t, source, guest.UUID, ended)
}

// Post-copy as both hosts tell of it, from the switch to the end.
func TestPostCopy(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	// Slow enough to look at both hosts before all memory is there.
	if err := w.Hosts[0].Limit(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Hosts[0].Limit(testContextAfter(t), 0) })
	if err := source.StartPostCopy(testContext(t), guest.UUID); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("without a migration: %v, want %v", err, migration.ErrNotActive)
	}
	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), migration.Parameters{
		Policy: told(policy.Policy{PostCopy: new(true)}), Persistent: true, MigrationURI: destination.MigrationURI(),
	})
	if err := source.StartPostCopy(testContext(t), guest.UUID); err != nil {
		t.Fatal(err)
	}
	until(t, "source and destination of a post-copy migration can be told apart", func() bool {
		left, err := source.Domain(testContext(t), guest.UUID)
		runs, err2 := destination.Domain(testContext(t), guest.UUID)
		return err == nil && err2 == nil && left.State == migration.StatePostCopySource && runs.State == migration.StatePostCopy
	})
	until(t, "the destination asks for pages", func() bool {
		job, err := source.Job(testContext(t), guest.UUID)
		return err == nil && job.PostCopyRequests > 0
	})
	if err := source.AbortJob(testContext(t), guest.UUID); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("aborting post-copy: %v, want %v", err, migration.ErrNotActive)
	}
	if err := w.Hosts[0].Limit(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	d, err := destination.Domain(testContext(t), guest.UUID)
	if err != nil || d.State != migration.StateRunning {
		t.Errorf("at the end: %+v, %v", d, err)
	}
	if job, err := destination.CompletedJob(testContext(t), guest.UUID); err != nil || job.Type != migration.JobNone {
		t.Errorf("completed job: %+v, %v; libvirt is known to drop it", job, err)
	}
	if _, err := guest.NextBeat(testContext(t)); err != nil {
		t.Errorf("the guest: %v", err)
	}
}

// A paused source converges at once and runs again on the destination.
func TestSuspendAndResume(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for _, step := range []struct {
		do   func() error
		want migration.DomainState
	}{
		{func() error { return h.Suspend(testContext(t), guest.UUID) }, migration.StatePaused},
		{func() error { return h.Resume(testContext(t), guest.UUID) }, migration.StateRunning},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if d, err := h.Domain(testContext(t), guest.UUID); err != nil || d.State != step.want {
			t.Errorf("got %+v, %v; want state %d", d, err, step.want)
		}
	}
	if err := h.Suspend(testContext(t), "00000000-0000-4000-8000-00000000dead"); !errors.Is(err, migration.ErrNoDomain) {
		t.Errorf("got %v, want %v", err, migration.ErrNoDomain)
	}
}
