package preflight_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	pt "github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight/preflighttest"
)

const uuid = "7a5b1c7e-0000-4000-8000-000000000001"

var errInternal = errors.New("internal error")

// scene is a VM named web on kvm1 that is to move to kvm2, in a bubble of fake time.
type scene struct {
	*testing.T
	kvm1, kvm2  *mt.Host // as the engine sees them
	here, there *pt.Host // as the checks do
	request     preflight.Request
}

func play(t *testing.T, test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := mt.NewWorld("kvm1", "kvm2")
		s := &scene{T: t, kvm1: w.Host("kvm1"), kvm2: w.Host("kvm2"), here: pt.New("kvm1"), there: pt.New("kvm2")}
		s.kvm1.Put(migration.Domain{
			UUID: uuid, Name: "web", State: migration.StateRunning, Persistent: true, MemoryBytes: mt.GiB,
		})
		s.request = preflight.Request{
			Move: migration.Request{
				UUID: uuid, Name: "web", Source: s.kvm1, Destination: s.kvm2,
				PeerURI: mt.PeerURI("kvm2"), MigrationURI: "tcp://10.0.0.2", Mode: migration.Auto,
				Policy: policy.Resolve(policy.Levels{}),
			},
			Source: s.here, Destination: s.there,
		}
		test(s)
	})
}

// policy sets the policy of the move as an override of it.
func (s *scene) policy(p policy.Policy) {
	s.request.Move.Policy = policy.Resolve(policy.Levels{Run: p})
}

// allowed checks that a finding is of a severity that the table has for its check, and an error
// of the plan where the table says so.
func allowed(t *testing.T, f migration.Finding) {
	t.Helper()
	for _, e := range preflight.Table() {
		if e.Check == f.Check {
			if !e.Severity.Allows(f.Warning) {
				t.Errorf("%s: the table says %s", f, e.Severity)
			}
			if e.Outlook.Plan != preflight.Either && f.Lasting != (e.Outlook.Plan == preflight.Errors && !f.Warning) {
				t.Errorf("%s: lasting %t, and the table says %q", f, f.Lasting, e.Outlook)
			}
			return
		}
	}
	t.Errorf("%s: the table has no such check", f)
}

func TestAssess_findings(t *testing.T) {
	t.Parallel()
	postCopyInParallel := policy.Policy{PostCopy: new(true), ParallelConnections: new(int64(4))}
	conflict := policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))}
	tests := map[string]struct {
		arrange func(*scene)
		want    migration.Finding
	}{
		"the CPU": {
			func(s *scene) { s.there.CPUProblem = &preflight.CPUError{Reason: "missing features: avx2, bmi1"} },
			migration.Finding{
				Check: preflight.CheckCPU, Fact: preflight.CPUMissing{Reason: "missing features: avx2, bmi1"},
				Host: "kvm2", Lasting: true,
			},
		},
		"a destination that calls itself localhost": {
			func(s *scene) { s.kvm2.Is.Hostname, s.request.Move.MigrationURI = "localhost.localdomain", "" },
			migration.Finding{
				Check: preflight.CheckHostname, Fact: preflight.LocalHostname{Hostname: "localhost.localdomain"},
				Host: "kvm2", Warning: true,
			},
		},
		"a destination with the source's host name": {
			func(s *scene) { s.kvm2.Is.Hostname, s.request.Move.MigrationURI = s.kvm1.Is.Hostname, "" },
			migration.Finding{
				Check: preflight.CheckHostname, Fact: preflight.OneHostname{Hostname: "kvm1.example.com"},
				Host: "kvm2", Warning: true,
			},
		},
		"a disk that is not shared": {
			func(s *scene) { s.here.Fails("Begin", migration.ErrUnsafe) },
			migration.Finding{Check: preflight.CheckVerdict, Fact: preflight.Refused{}, Host: "kvm1", Lasting: true},
		},
		"a cordoned destination": {
			func(s *scene) { s.there.Record = cordon.Record{Cordoned: true, Why: "a new fan"} },
			migration.Finding{Check: preflight.CheckCordon, Fact: preflight.Cordoned{Why: "a new fan"}, Host: "kvm2", Lasting: true},
		},
		"a destination's own record that cannot be read": {
			func(s *scene) { s.there.Fails("Cordon", &cordon.InvalidError{Reason: "it is no text"}) },
			migration.Finding{
				Check: preflight.CheckCordon, Fact: preflight.CordonUnknown{Err: &cordon.InvalidError{Reason: "it is no text"}}, Host: "kvm2", Lasting: true,
			},
		},
		"a snapshot": {
			func(s *scene) { s.here.Fails("Begin", migration.ErrNotActive) },
			migration.Finding{Check: preflight.CheckVerdict, Fact: preflight.Refused{}, Host: "kvm1"},
		},
		"the host is too small": {
			func(s *scene) { s.there.Has = migration.Memory{Total: 512 * mt.MiB, Available: 512 * mt.MiB} },
			migration.Finding{
				Check: preflight.CheckMemory, Fact: preflight.MemoryTooSmall{Need: mt.GiB, Have: 512 * mt.MiB},
				Host: "kvm2", Warning: true,
			},
		},
		"memory is short": {
			func(s *scene) { s.there.Has.Available = 512 * mt.MiB },
			migration.Finding{
				Check: preflight.CheckMemory, Fact: preflight.MemoryShort{Need: mt.GiB, Have: 512 * mt.MiB},
				Host: "kvm2", Warning: true,
			},
		},
		"an old managed-save image": {
			func(s *scene) { s.here.Saved = true },
			migration.Finding{Check: preflight.CheckSave, Fact: preflight.ManagedSave{}, Host: "kvm1", Lasting: true},
		},
		"an old managed-save image of a definition on the destination": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateShutOff, Persistent: true})
				s.there.Saved = true
			},
			migration.Finding{Check: preflight.CheckSave, Fact: preflight.ManagedSave{}, Host: "kvm2", Lasting: true},
		},
		"post-copy in parallel with an old QEMU": {
			func(s *scene) { s.policy(postCopyInParallel); s.kvm1.Is.QEMUVersion = 10000002 },
			migration.Finding{
				Check: preflight.CheckVersions, Fact: preflight.VersionTooOld{
					Program: "QEMU", Feature: "post_copy together with parallel_connections", Need: 10001000, Have: 10000002,
				},
				Host: "kvm1", Lasting: true,
			},
		},
		"encryption with an old libvirt": {
			func(s *scene) {
				s.policy(policy.Policy{Encryption: new(true)})
				s.kvm2.Is.LibvirtVersion = 3001000
			},
			migration.Finding{
				Check: preflight.CheckVersions, Fact: preflight.VersionTooOld{
					Program: "libvirt", Feature: "encryption", Need: 3002000, Have: 3001000,
				},
				Host: "kvm2", Lasting: true,
			},
		},
		"an older QEMU": {
			func(s *scene) { s.kvm2.Is.QEMUVersion = 9000000 },
			migration.Finding{
				Check: preflight.CheckVersions, Fact: preflight.QEMUOlder{Source: 10001000, Destination: 9000000},
				Host: "kvm2", Warning: true,
			},
		},
		"a contradiction of the policy": {
			func(s *scene) { s.policy(conflict) },
			migration.Finding{Check: preflight.CheckPolicy, Fact: preflight.PolicyConflict{
				Conflict: policy.Resolve(policy.Levels{Run: conflict}).Conflicts()[0],
			}, Lasting: true},
		},
		"a timeout shorter than one pass": {
			func(s *scene) {
				s.policy(policy.Policy{BandwidthMiBPerSecond: new(int64(8)), Timeout: new(2 * time.Minute)})
			},
			migration.Finding{
				Check: preflight.CheckPass, Fact: preflight.PassTooLong{
					Memory: mt.GiB, Bandwidth: 8 * mt.MiB, BandwidthOrigin: policy.OriginRun,
					Takes: 128 * time.Second, Timeout: 2 * time.Minute, TimeoutOrigin: policy.OriginRun,
				},
				Warning: true,
			},
		},
		"RDMA without a memory limit": {
			func(s *scene) { s.request.Move.MigrationURI = "rdma://10.0.0.2" },
			migration.Finding{
				Check: preflight.CheckRDMA, Fact: preflight.NoHardLimit{Memory: mt.GiB}, Host: "kvm1", Lasting: true,
			},
		},
		"zero-copy with a memory limit below the guest's memory": {
			func(s *scene) {
				s.policy(policy.Policy{ParallelConnections: new(int64(2)), ZeroCopy: new(true)})
				s.here.Definition = "<domain><memtune><hard_limit unit='MiB'>512</hard_limit></memtune></domain>"
			},
			migration.Finding{
				Check: preflight.CheckLocked, Fact: preflight.LockLimit{Limit: 512 * mt.MiB, Memory: mt.GiB},
				Host: "kvm1", Warning: true,
			},
		},
		"zero-copy from an old QEMU": {
			func(s *scene) {
				s.policy(policy.Policy{ParallelConnections: new(int64(2)), ZeroCopy: new(true)})
				s.kvm1.Is.QEMUVersion, s.kvm2.Is.QEMUVersion = 7000000, 7000000 // only the source's counts
			},
			migration.Finding{
				Check: preflight.CheckVersions, Fact: preflight.VersionTooOld{
					Program: "QEMU", Feature: "zero_copy", Need: 7001000, Have: 7000000, Source: true,
				},
				Host: "kvm1", Lasting: true,
			},
		},
		"zstd with an old libvirt": {
			func(s *scene) {
				s.policy(policy.Policy{ParallelConnections: new(int64(2)), ParallelCompression: new(policy.Zstd)})
				s.kvm2.Is.LibvirtVersion = 9000000
			},
			migration.Finding{
				Check: preflight.CheckVersions, Fact: preflight.VersionTooOld{
					Program: "libvirt", Feature: "parallel_compression", Need: 9004000, Have: 9000000,
				},
				Host: "kvm2", Lasting: true,
			},
		},
		"a name of the certificate with an old libvirt": {
			func(s *scene) {
				s.policy(policy.Policy{Encryption: new(true)})
				s.request.Move.TLSDestination, s.kvm1.Is.LibvirtVersion = "kvm2.example.com", 5010000
			},
			migration.Finding{
				Check: preflight.CheckVersions, Fact: preflight.VersionTooOld{
					Program: "libvirt", Feature: "tls_destination", Need: 6000000, Have: 5010000,
				},
				Host: "kvm1", Lasting: true,
			},
		},
		"peer-to-peer without a peer URI": {
			func(s *scene) { s.request.Move.Mode, s.request.Move.PeerURI = migration.PeerToPeer, "" },
			migration.Finding{Check: preflight.CheckMode, Fact: preflight.NoPeerURI{}, Host: "kvm2", Lasting: true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				a := preflight.Assess(s.Context(), s.request)
				if len(a.Findings) != 1 || len(a.Notable()) > 0 {
					s.Fatalf("findings %v, unchecked %v", a.Findings, a.Unchecked)
				}
				f := a.Findings[0]
				allowed(t, f)
				test.want.Subject, f.Err = s.request.Move.Subject(), nil
				if diff := cmp.Diff(test.want, f); diff != "" {
					s.Errorf("finding (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The engine's own findings are as the table says, too.
func TestAssess_engine(t *testing.T) {
	t.Parallel()
	for check, arrange := range map[migration.Check]func(*scene){
		migration.CheckAnswers: func(s *scene) { s.kvm2.Cut() },
		migration.CheckHosts:   func(s *scene) { s.kvm2.Is.HostUUID = s.kvm1.Is.HostUUID },
		migration.CheckState:   func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff) },
		migration.CheckOneHome: func(s *scene) {
			s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning})
		},
		migration.CheckJob: func(s *scene) { s.kvm1.Before("Job", mt.Always(errInternal)) },
	} {
		t.Run(string(check), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				a := preflight.Assess(s.Context(), s.request)
				if len(a.Findings) != 1 || a.Findings[0].Check != check {
					s.Fatalf("found %v", a.Findings)
				}
				allowed(t, a.Findings[0])
			})
		})
	}
}

func TestAssess_unchecked(t *testing.T) {
	t.Parallel()
	of := func(a preflight.Assessment, check migration.Check) preflight.Why {
		for _, u := range a.Unchecked {
			if u.Check == check {
				return u.Why
			}
		}
		return ""
	}
	never := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	tests := map[string]struct {
		arrange              func(*scene)
		cpu, memory, verdict preflight.Why
		notable              bool
	}{
		"the CPU cannot be compared": {
			func(s *scene) { s.there.CPUProblem = errInternal }, preflight.Failed, "", "", true,
		},
		"memory is denied": {
			func(s *scene) { s.there.Fails("Memory", migration.ErrDenied) }, "", preflight.Denied, "", true,
		},
		"memory is not told": {
			func(s *scene) { s.there.Fails("Memory", migration.ErrUnsupported) }, "", preflight.Unsupported, "", false,
		},
		"memory is told too late": {
			func(s *scene) { s.there.Before("Memory", never) }, "", preflight.Late, "", true,
		},
		"the definition cannot be read": {
			func(s *scene) { s.here.Fails("DomainXML", errInternal) }, preflight.Unread, preflight.Unread, preflight.Unread, true,
		},
		"the definition cannot be parsed": {
			func(s *scene) { s.here.Definition = "<domain" }, preflight.Unread, preflight.Unread, preflight.Unread, true,
		},
		"beginning is denied": {
			func(s *scene) { s.here.Fails("Begin", migration.ErrDenied) }, "", "", preflight.Denied, true,
		},
		"beginning finds a job": {
			func(s *scene) { s.here.Fails("Begin", migration.ErrBusy) }, "", "", preflight.UnderWay, false,
		},
		"beginning takes too long": {
			func(s *scene) { s.here.Before("Begin", never) }, "", "", preflight.Late, true,
		},
		"the VM is shut off": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff) }, preflight.Unfit, preflight.Unfit, preflight.Unfit, false,
		},
		"a host does not answer": {
			func(s *scene) { s.kvm2.Cut() }, preflight.Unanswered, preflight.Unanswered, preflight.Unanswered, false,
		},
		"the source does not tell of jobs": {
			func(s *scene) { s.kvm1.Before("Job", mt.Always(errInternal)) }, preflight.UnderWay, preflight.UnderWay, preflight.UnderWay, false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				began := time.Now()
				a := preflight.Assess(s.Context(), s.request)
				if took := time.Since(began); took > 40*time.Second {
					s.Errorf("took %s", took)
				}
				for check, want := range map[migration.Check]preflight.Why{
					preflight.CheckCPU: test.cpu, preflight.CheckMemory: test.memory, preflight.CheckVerdict: test.verdict,
				} {
					if got := of(a, check); got != want {
						s.Errorf("%s: %q, want %q", check, got, want)
					}
				}
				if notable := len(a.Notable()) > 0; notable != test.notable {
					s.Errorf("notable: %v", a.Notable())
				}
			})
		})
	}
}

// TestAssess_unknowable says what nobody can ask, where it would matter, and only there.
func TestAssess_unknowable(t *testing.T) {
	t.Parallel()
	for check, p := range map[migration.Check]policy.Policy{
		preflight.CheckUserfaultfd: {PostCopy: new(true)},
		preflight.CheckCertificate: {Encryption: new(true)},
	} {
		t.Run(string(check), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.policy(p)
				a := preflight.Assess(s.Context(), s.request)
				if len(a.Findings) > 0 || len(a.Unchecked) != 1 || a.Unchecked[0].Check != check ||
					a.Unchecked[0].Why != preflight.Unknowable || len(a.Notable()) > 0 {
					s.Errorf("findings %v, unchecked %v", a.Findings, a.Unchecked)
				}
			})
		})
	}
}

func TestAssess_goodMove(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*scene){
		"plain":              func(*scene) {},
		"just enough memory": func(s *scene) { s.there.Has = migration.Memory{Total: mt.GiB, Available: mt.GiB} },
		"no migration_uri":   func(s *scene) { s.request.Move.MigrationURI = "" },
		"localhost, and one": func(s *scene) { s.kvm2.Is.Hostname = "localhost" },
		"RDMA with a memory limit": func(s *scene) {
			s.request.Move.MigrationURI = "rdma://10.0.0.2"
			s.here.Definition = "<domain><memtune><hard_limit unit='G'>2</hard_limit></memtune></domain>"
		},
		"zero-copy with a memory limit": func(s *scene) {
			s.policy(policy.Policy{ParallelConnections: new(int64(2)), ZeroCopy: new(true)})
			s.here.Definition = "<domain><memtune><hard_limit unit='G'>2</hard_limit></memtune></domain>"
		},
		"zero-copy that is dormant, with a low memory limit": func(s *scene) {
			s.policy(policy.Policy{ZeroCopy: new(true)})
			s.here.Definition = "<domain><memtune><hard_limit unit='MiB'>1</hard_limit></memtune></domain>"
		},
		"a name of a certificate that nothing asks for": func(s *scene) {
			s.request.Move.TLSDestination, s.kvm1.Is.LibvirtVersion = "kvm2.example.com", 5010000
		},
		"a pass that just ends in time": func(s *scene) {
			s.policy(policy.Policy{BandwidthMiBPerSecond: new(int64(8)), Timeout: new(128 * time.Second)})
		},
		"no timeout": func(s *scene) {
			s.policy(policy.Policy{BandwidthMiBPerSecond: new(int64(1)), Timeout: new(time.Duration(0))})
		},
		"no limit of the bandwidth": func(s *scene) {
			s.policy(policy.Policy{BandwidthMiBPerSecond: new(int64(0)), Timeout: new(time.Second)})
		},
		"post-copy at the timeout": func(s *scene) {
			s.policy(policy.Policy{
				BandwidthMiBPerSecond: new(int64(1)), Timeout: new(time.Second),
				PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy),
			})
		},
		"huge pages are kept apart": func(s *scene) {
			s.here.Definition = "<domain><memoryBacking><hugepages/></memoryBacking></domain>"
			s.there.Has.Available = 0
			s.there.Is.Pages, s.there.Free = map[uint64]uint64{2048: 512}, map[uint64]uint64{2048: 512}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				a := preflight.Assess(s.Context(), s.request)
				// No host tells whether QEMU may use userfaultfd.
				a.Unchecked = slices.DeleteFunc(a.Unchecked, func(u preflight.Unchecked) bool {
					return u.Check == preflight.CheckUserfaultfd
				})
				if len(a.Findings) > 0 || len(a.Unchecked) > 0 || a.AlreadyThere || a.Running {
					s.Errorf("%+v", a)
				}
			})
		})
	}
}

// Before a start nothing counts that was asked for before the checks.
func TestAssess_fresh(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Destination = preflight.Share(s.there)
		s.there.Has.Available = 512 * mt.MiB
		short := func() int { return len(preflight.Assess(s.Context(), s.request).Findings) }
		if n := short(); n != 1 {
			s.Errorf("%d findings, want the memory's", n)
		}
		s.there.Has.Available = mt.GiB
		if n := short(); n != 1 {
			s.Errorf("%d findings, want the shared one", n)
		}
		time.Sleep(time.Millisecond)
		s.request.Fresh = true
		if n := short(); n != 0 {
			s.Errorf("%d findings, want none: the memory is free by now", n)
		}
	})
}

func TestAssess_sortsForPlansAndRuns(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.there.CPUProblem = &preflight.CPUError{Reason: "missing features: avx2"}          // error, lasting
		s.there.Has.Available = 0                                                           // warning
		s.kvm2.Is.QEMUVersion = 9000000                                                     // warning
		s.policy(policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))}) // error, may change
		s.request.Unsettled = true
		a := preflight.Assess(s.Context(), s.request)
		for name, list := range map[string]struct {
			got  []migration.Finding
			want []migration.Check
		}{
			"errors":    {a.Errors(), []migration.Check{preflight.CheckPolicy, preflight.CheckCPU}},
			"warnings":  {a.Warnings(), []migration.Check{preflight.CheckVersions, preflight.CheckMemory}},
			"certain":   {a.Certain(), []migration.Check{preflight.CheckCPU}},
			"uncertain": {a.Uncertain(), []migration.Check{preflight.CheckPolicy, preflight.CheckVersions, preflight.CheckMemory}},
		} {
			var got []migration.Check
			for _, f := range list.got {
				got = append(got, f.Check)
			}
			if !slices.Equal(got, list.want) {
				s.Errorf("%s: %v, want %v", name, got, list.want)
			}
		}
	})
}
