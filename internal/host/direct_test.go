//go:build lab

package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// steps makes the five steps one by one.
type steps struct {
	t                   *testing.T
	source, destination *host.Host
	guest               *lab.Guest
	p                   migration.Parameters
	xml, uri            string
	cookie              []byte
}

func newSteps(t *testing.T, spec lab.GuestSpec, p migration.Parameters) *steps {
	t.Helper()
	w := world(t)
	s := &steps{t: t, source: connect(t, w.Hosts[0]), destination: connect(t, w.Hosts[1]), p: p, guest: w.StartGuest(t, spec)}
	s.p.MigrationURI = s.destination.MigrationURI()
	return s
}

func (s *steps) begin() error {
	xml, cookie, err := s.source.Begin(testContext(s.t), s.guest.UUID, s.p)
	s.xml, s.cookie = xml, cookie
	return err
}

func (s *steps) prepare() error {
	uri, cookie, err := s.destination.Prepare(testContext(s.t), s.xml, s.cookie, s.p)
	s.uri, s.cookie = uri, cookie
	return err
}

func (s *steps) perform() error {
	cookie, err := s.source.Perform(testContext(s.t), s.guest.UUID, s.uri, s.cookie, s.p)
	s.cookie = cookie
	return err
}

func (s *steps) finish(cancelled bool) error {
	cookie, err := s.destination.Finish(testContext(s.t), s.guest.Name, s.cookie, s.p, cancelled)
	s.cookie = cookie
	return err
}

func (s *steps) confirm(cancelled bool) error {
	return s.source.Confirm(testContext(s.t), s.guest.UUID, s.cookie, s.p, cancelled)
}

// do makes steps that must succeed.
func (s *steps) do(made ...func() error) {
	s.t.Helper()
	for i, step := range made {
		if err := step(); err != nil {
			s.t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// runsOnSource checks that nothing has become of the migration.
func (s *steps) runsOnSource() {
	s.t.Helper()
	until(s.t, "it runs on the source, without a job, and is not on the destination", func() bool {
		d, err := s.source.Domain(testContext(s.t), s.guest.UUID)
		_, gone := s.destination.Domain(testContext(s.t), s.guest.UUID)
		if err != nil || d.State != migration.StateRunning || !errors.Is(gone, migration.ErrNoDomain) {
			return false
		}
		job, err := s.source.Job(testContext(s.t), s.guest.UUID)
		return err == nil && job.Type == migration.JobNone
	})
	// What was left behind would show in the next attempt.
	s.do(s.begin, s.prepare, s.perform, func() error { return s.finish(false) }, func() error { return s.confirm(false) })
}

func TestDirect(t *testing.T) {
	tests := map[string]struct {
		spec   lab.GuestSpec
		p      migration.Parameters
		state  migration.DomainState
		record host.DomainDocument
	}{
		"persistent": {
			lab.GuestSpec{},
			migration.Parameters{Persistent: true},
			migration.StateRunning,
			host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true},
		},
		"transient": {
			lab.GuestSpec{Transient: true},
			migration.Parameters{},
			migration.StateRunning,
			host.DomainDocument{Live: new(document), Active: true},
		},
		"paused": {
			lab.GuestSpec{State: lab.Paused},
			migration.Parameters{Persistent: true, Paused: true},
			migration.StatePaused,
			host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true},
		},
		"encrypted": {
			lab.GuestSpec{},
			migration.Parameters{Persistent: true, Policy: told(policy.Policy{Encryption: new(true)})},
			migration.StateRunning,
			host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true},
		},
		"tuned": {
			lab.GuestSpec{},
			migration.Parameters{
				Persistent: true,
				Policy: told(policy.Policy{
					AutoConverge: new(true), AutoConvergeInitial: new(int64(30)), Compression: new(true),
					CompressionCacheMiB: new(int64(16)), BandwidthMiBPerSecond: new(int64(0)), PostCopy: new(true),
				}),
			},
			migration.StateRunning,
			host.DomainDocument{Live: new(document), Config: new(document), Active: true, Persistent: true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.spec.Bare = true
			s := newSteps(t, test.spec, test.p)
			s.do(
				func() error { return wrote(testContext(t), s.source, s.guest.UUID, document) },
				s.begin, s.prepare, s.perform,
				func() error { return s.finish(false) },
				func() error { return s.confirm(false) },
			)
			checkArrived(t, s.source, s.destination, s.guest.UUID, test.state, test.record)
			for _, l := range world(t).Hosts {
				connections(t, l, 1) // the control connection; those of the steps are closed
			}
		})
	}
}

// connections waits until a daemon has so many connections over TCP.
func connections(t *testing.T, l *lab.Host, want int) {
	t.Helper()
	until(t, "connections of "+l.Name+" closed", func() bool {
		n, err := l.Connections()
		return err == nil && n == want
	})
}

func TestDirectGivenUpAfterBegin(t *testing.T) {
	s := newSteps(t, lab.GuestSpec{Bare: true}, migration.Parameters{Persistent: true})
	s.do(s.begin)
	s.runsOnSource()
}

func TestDirectCancelledAfterPrepare(t *testing.T) {
	s := newSteps(t, lab.GuestSpec{Bare: true}, migration.Parameters{Persistent: true})
	s.do(s.begin, s.prepare)
	d, err := s.destination.Domain(testContext(t), s.guest.UUID)
	if err != nil || d.State != migration.StateIncoming {
		t.Errorf("on the destination: %+v, %v; want the incoming domain", d, err)
	}
	s.cookie = nil
	_ = s.finish(true) // libvirt answers that the domain is gone
	s.runsOnSource()
}

// preparesSlowly keeps the destination's QEMU from starting until start is called.
func (s *steps) preparesSlowly() (start func()) {
	s.t.Helper()
	emulator := regexp.MustCompile("<emulator>(.*)</emulator>").FindStringSubmatch(s.xml)
	if emulator == nil {
		s.t.Fatalf("no emulator in %s", s.xml)
	}
	directory := s.t.TempDir()
	slow, held := filepath.Join(directory, "qemu"), filepath.Join(directory, "held")
	script := "#!/bin/sh\ncase \"$*\" in *-incoming*) while [ -e " + held + " ]; do sleep 0.1; done ;; esac\nexec " + emulator[1] + " \"$@\"\n"
	// QEMU is started from it.
	if err := errors.Join(os.WriteFile(slow, []byte(script), 0o755), os.WriteFile(held, nil, 0o600)); err != nil {
		s.t.Fatal(err)
	}
	s.xml = strings.Replace(s.xml, emulator[0], "<emulator>"+slow+"</emulator>", 1)
	return func() {
		if err := os.Remove(held); err != nil {
			s.t.Error(err)
		}
	}
}

// The incoming domain can be seen while the destination is slow to prepare, which
// tells it from one that hangs; given up by then, it leaves nothing behind.
func TestDirectWhileTheDestinationPrepares(t *testing.T) {
	for name, givenUp := range map[string]bool{"waited for": false, "given up": true} {
		t.Run(name, func(t *testing.T) {
			s := newSteps(t, lab.GuestSpec{Bare: true}, migration.Parameters{Persistent: true})
			s.do(s.begin)
			start := s.preparesSlowly()
			ctx, giveUp := context.WithCancel(testContext(t))
			defer giveUp()
			prepared := make(chan error, 1)
			go func() {
				_, _, err := s.destination.Prepare(ctx, s.xml, s.cookie, s.p)
				prepared <- err
			}()
			until(t, "the destination holds the incoming domain", func() bool {
				d, err := s.destination.Domain(testContext(t), s.guest.UUID)
				return err == nil && d.State == migration.StateIncoming
			})
			if givenUp {
				giveUp()
			} else {
				start()
			}
			if err := <-prepared; (err != nil) != givenUp {
				t.Errorf("given up: %t, and Prepare: %v", givenUp, err)
			}
			if givenUp {
				start()
			}
			s.cookie = nil
			_ = s.finish(true) // libvirt answers that the migration was aborted
			s.runsOnSource()
		})
	}
}

func TestDirectAbortedDuringPerform(t *testing.T) {
	s := newSteps(t, lab.UntamableGuest(""), migration.Parameters{Persistent: true, Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))})})
	s.do(s.begin, s.prepare)
	ended := make(chan error, 1)
	go func() { ended <- s.perform() }()
	until(t, "memory is sent", func() bool {
		job, err := s.source.Job(testContext(t), s.guest.UUID)
		return err == nil && job.Operation == migration.OperationMigrationOut && job.MemoryProcessed > 0
	})
	s.do(func() error { return s.source.AbortJob(testContext(t), s.guest.UUID) })
	// Mostly ErrAborted; but QEMU shuts its socket for the order, and now and then
	// stumbles over that before it has noted why: then libvirt says that it failed.
	if err := <-ended; err == nil || errors.Is(err, host.ErrOutcomeUnknown) {
		t.Errorf("got %v, want that libvirt ended the job", err)
	}
	_ = s.finish(true)
	s.p.Policy = told(policy.Policy{AutoConverge: new(true), AutoConvergeInitial: new(int64(99))})
	s.runsOnSource()
}

func TestDirectCancelledAfterPerform(t *testing.T) {
	s := newSteps(t, lab.GuestSpec{Bare: true}, migration.Parameters{Persistent: true})
	s.do(s.begin, s.prepare, s.perform)
	d, err := s.source.Domain(testContext(t), s.guest.UUID)
	if err != nil || d.State != migration.StatePaused {
		t.Errorf("on the source: %+v, %v; want it paused", d, err)
	}
	s.cookie = nil
	_ = s.finish(true)
	s.do(func() error { return s.confirm(true) })
	s.runsOnSource()
}

// A client that goes away in mid-move leaves the guest on the source.
func TestDirectClientGoesAway(t *testing.T) {
	s := newSteps(t, lab.UntamableGuest(""), migration.Parameters{Persistent: true, Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))})})
	s.do(s.begin, s.prepare)
	ended := make(chan error, 1)
	go func() { ended <- s.perform() }()
	until(t, "memory is sent", func() bool {
		job, err := s.source.Job(testContext(t), s.guest.UUID)
		return err == nil && job.MemoryProcessed > 0
	})
	started := time.Now()
	if err := errors.Join(s.source.Close(), s.destination.Close()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, host.ErrOutcomeUnknown) {
		t.Errorf("got %v, want %v", err, host.ErrOutcomeUnknown)
	}
	if took := time.Since(started); took > host.DefaultClose+slack {
		t.Errorf("closing took %s", took)
	}
	w := world(t)
	s.source, s.destination = connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	s.p.Policy = told(policy.Policy{AutoConverge: new(true), AutoConvergeInitial: new(int64(99))})
	s.runsOnSource()
}
