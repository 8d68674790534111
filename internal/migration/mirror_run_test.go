package migration_test

import (
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// disks gives the move a disk to copy, by a mirror.
func (s *scene) disks(m mt.Mirror) {
	script := mt.Converging()
	script.Disks = &m
	s.world.Play(script)
	s.request.Storage = &migration.StorageCopy{Disks: []migration.CopiedDisk{{Target: "vda", Bytes: m.Bytes}}}
}

// phases are those that were reported, each once.
func (s *scene) phases() []migration.Phase {
	var all []migration.Phase
	for _, p := range s.progress {
		if n := len(all); n == 0 || all[n-1] != p.Phase {
			all = append(all, p.Phase)
		}
	}
	return all
}

func TestRunCopiesDisksBeforeMemory(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				s.policy(policy.Policy{CopyStorage: new(policy.CopyFull)})
				s.disks(mt.Mirror{Bytes: 600 * mt.MiB, Rate: 40 * mt.MiB, WriteRate: 10 * mt.MiB})
				r := s.arrives()
				// For 20 s the guest writes 10 MiB/s again.
				if r.DiskTotal != 600*mt.MiB || r.DiskTransferred < 780*mt.MiB || r.DiskTransferred > 800*mt.MiB {
					s.Errorf("disks: %d of %d bytes", r.DiskTransferred, r.DiskTotal)
				}
				want := []migration.Phase{"starting", "mirroring", "pre_copy", "verifying"}
				if got := s.phases(); !slices.Equal(got, want) {
					s.Errorf("phases %v, want %v", got, want)
				}
				told := false
				for _, p := range s.progress {
					if p.Phase != migration.PhaseMirroring || p.Mirror.Rate == 0 {
						continue
					}
					told = true
					if p.Mirror.Rate < 39*mt.MiB || p.Mirror.WriteRate < 9*mt.MiB || p.Estimate == nil || *p.Estimate > 20*time.Second {
						s.Errorf("progress %+v, estimate %v", p.Mirror, p.Estimate)
					}
				}
				if !told {
					s.Error("no rate of the copy was reported")
				}
			})
		})
	}
}

// Of each disk is told what was copied, where there are several; a host that does not say that keeps nothing from going on.
func TestRunTellsOfEachDisk(t *testing.T) {
	t.Parallel()
	vda, vdb := migration.CopiedDisk{Target: "vda", Bytes: 200 * mt.MiB}, migration.CopiedDisk{Target: "vdb", Bytes: 400 * mt.MiB}
	for name, test := range map[string]struct {
		disks []migration.CopiedDisk
		fault mt.Fault
		want  []string
	}{
		"one":     {[]migration.CopiedDisk{vda}, nil, nil},
		"several": {[]migration.CopiedDisk{vda, vdb}, nil, []string{"vda", "vdb"}},
		"refused": {[]migration.CopiedDisk{vda, vdb}, mt.Always(migration.ErrDenied), nil},
		"mute":    {[]migration.CopiedDisk{vda, vdb}, mt.Hang(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.policy(policy.Policy{CopyStorage: new(policy.CopyFull)})
				s.disks(mt.Mirror{Bytes: 600 * mt.MiB, Rate: 40 * mt.MiB})
				s.request.Storage.Disks = test.disks
				s.kvm1.Before("DiskCopy", test.fault)
				s.arrives()
				ready := map[string]bool{}
				for _, p := range s.progress {
					var told []string
					for _, d := range p.Mirror.Disks {
						told = append(told, d.Target)
						ready[d.Target] = ready[d.Target] || d.Ready()
					}
					if p.Phase == migration.PhaseMirroring && !slices.Equal(told, test.want) {
						s.Errorf("told of disks %v, want %v", told, test.want)
					}
				}
				if ready["vda"] != (test.want != nil) || ready["vdb"] {
					s.Errorf("ready were %v, want vda alone", ready)
				}
				if len(test.disks) == 1 && s.kvm1.Calls("DiskCopy") > 0 {
					s.Error("one disk is asked for by itself")
				}
			})
		})
	}
}

func TestRunEndsACopyOfDisksThatDoesNotConverge(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]policy.Policy{
		"abort":     {},
		"pause":     {OnTimeout: new(policy.Pause)},
		"post-copy": {OnTimeout: new(policy.SwitchToPostCopy), PostCopy: new(true)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				on.CopyStorage, on.BandwidthMiBPerSecond, on.StallTimeout = new(policy.CopyFull), new(int64(40)), new(20*time.Second)
				s.policy(on)
				s.disks(mt.Mirror{Bytes: 600 * mt.MiB, Rate: 40 * mt.MiB, WriteRate: 50 * mt.MiB})
				began := time.Now()
				err := fails[*migration.NotConvergedError](s, runsOnSource,
					"disks were still being copied", "20s (stall_timeout, run)", "40 MiB/s were copied", "50 MiB/s again",
					"synchronous_writes is false (default)", "bandwidth_mib_per_second is 40 (run)")
				if got := explain.Failure(err).Summary; got != "Disk Copy Did Not Converge" {
					s.Errorf("summary %q", got)
				}
				if took := time.Since(began); took < 20*time.Second || took > 25*time.Second {
					s.Errorf("took %s", took)
				}
				if s.kvm1.Calls("Suspend") > 0 || s.kvm1.Calls("StartPostCopy") > 0 {
					s.Error("on_timeout is tried while disks are copied")
				}
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

func TestRunEndsACopyOfDisksOverADeadLink(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{CopyStorage: new(policy.CopyFull), StallTimeout: new(20 * time.Second)})
		s.disks(mt.Mirror{Bytes: 600 * mt.MiB, Rate: 40 * mt.MiB, IdleAfter: 5 * time.Second})
		err := fails[*migration.TimedOutError](s, runsOnSource, "no byte had been sent for 20s (stall_timeout, run)")
		if err.Limit != policy.FieldStallTimeout {
			s.Errorf("limit %s", err.Limit)
		}
	})
}

// libvirt has ended such a job once the kernel has given the connection up, and not before.
func TestRunWaitsForMirrorsOverADeadLink(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				s.deadLink(15 * time.Minute)
				fails[*migration.TimedOutError](s, runsOnSource, "was cancelled after 15m", "libvirt on kvm1 took 15m0s to end it, because QEMU there")
				s.expectSaid("has not ended the migration for 45s")
				s.expectSaid("Ctrl-C ends the waiting")
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

func TestCancelEndsTheWaitForMirrors(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				s.deadLink(15 * time.Minute)
				s.at(5*time.Minute, s.cancel)
				began := time.Now()
				fails[*migration.TimedOutError](s, runsOnSource+mayGoOn, "was told to end it, and had not done so within 4m",
					"still has the migration job, because QEMU there", "net.ipv4.tcp_retries2")
				if took := time.Since(began); took > 5*time.Minute+30*time.Second {
					s.Errorf("took %s", took)
				}
				// libvirt would take it for the end of the next migration, and the VM would run twice.
				if s.kvm1.Calls("Confirm") > 0 {
					s.Error("the source is told of an end while it still ends mirrors")
				}
			})
		})
	}
}

// deadLink has disks copied over a link that is cut, whose job takes so long to end.
func (s *scene) deadLink(takes time.Duration) {
	s.policy(policy.Policy{CopyStorage: new(policy.CopyFull), StallTimeout: new(20 * time.Second)})
	script := mt.Converging()
	script.Disks = &mt.Mirror{Bytes: 600 * mt.MiB, Rate: 40 * mt.MiB, IdleAfter: 5 * time.Second}
	script.AbortTakes = takes
	s.world.Play(script)
	s.request.Storage = &migration.StorageCopy{Disks: []migration.CopiedDisk{{Target: "vda", Bytes: script.Disks.Bytes}}}
}

func TestRunTimesOutWhileDisksAreCopied(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{CopyStorage: new(policy.CopyFull), Timeout: new(30 * time.Second)})
		s.disks(mt.Mirror{Bytes: 6000 * mt.MiB, Rate: 40 * mt.MiB})
		err := fails[*migration.TimedOutError](s, runsOnSource, "had not finished after 30s (timeout, run)",
			"Of the disks 12", "timeout is 30s (run): the rest of the disks would have taken about 1m5")
		if err.Limit != policy.FieldTimeout {
			s.Errorf("limit %s", err.Limit)
		}
	})
}

func TestRunCancelsACopyOfDisks(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{CopyStorage: new(policy.CopyFull)})
		s.disks(mt.Mirror{Bytes: 6000 * mt.MiB, Rate: 40 * mt.MiB})
		s.at(10*time.Second, s.cancel)
		fails[*migration.CancelledError](s, runsOnSource, "was cancelled after 12s")
		if got, want := s.kvm1.Calls("AbortJob"), 1; got != want {
			s.Errorf("%d orders to abort", got)
		}
		s.runsOn(s.kvm1, s.kvm2)
	})
}
