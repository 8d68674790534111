package migration_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	asError   = "error"
	asWarning = "warning"
)

func TestPreflightNamesTheCheckThatFailed(t *testing.T) {
	t.Parallel()
	postCopyInParallel := policy.Policy{PostCopy: new(true), ParallelConnections: new(int64(4))}
	tests := map[string]struct {
		arrange func(*scene)
		check   migration.Check
		host    string
		as      string
		lasting bool
		words   string
	}{
		"the destination refuses": {
			func(s *scene) { s.kvm2.Cut() },
			migration.CheckAnswers, "kvm2", asError, false, "does not answer",
		},
		"the destination is mute": {
			func(s *scene) { s.kvm2.Mute() },
			migration.CheckAnswers, "kvm2", asError, false, "does not answer",
		},
		"the source is mute": {
			func(s *scene) { s.kvm1.Mute() },
			migration.CheckAnswers, "kvm1", asError, false, "does not answer",
		},
		"both names are one host": {
			func(s *scene) { s.kvm2.Is.HostUUID = s.kvm1.Is.HostUUID },
			migration.CheckHosts, "", asError, true, "the same host",
		},
		"the VM is shut off": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff) },
			migration.CheckState, "kvm1", asError, false, "not running on kvm1 (shut off)",
		},
		"the VM has crashed": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateCrashed) },
			migration.CheckState, "kvm1", asError, false, "crashed",
		},
		"the VM is gone": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff); s.request.UUID = "other" },
			migration.CheckState, "kvm1", asError, false, "does not exist",
		},
		"a failed post-copy": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StatePostCopyFailed) },
			migration.CheckState, "kvm1", asError, false, "lost its link",
		},
		"the VM runs twice": {
			func(s *scene) { s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning}) },
			migration.CheckOneHome, "", asError, false, "running on kvm1 and running on kvm2",
		},
		"the destination holds a paused copy": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused})
			},
			migration.CheckOneHome, "", asError, false, "running on kvm1 and paused on kvm2",
		},
		"the destination holds a copy that has crashed": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateCrashed})
			},
			migration.CheckOneHome, "", asError, false, "running on kvm1 and crashed on kvm2",
		},
		"another job": {
			func(s *scene) { s.kvm1.Before("Job", mt.Always(errInternal)) },
			migration.CheckJob, "kvm1", asError, false, "does not say whether another job runs",
		},
		"an incoming domain is left": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateIncoming})
			},
			migration.CheckJob, "kvm2", asError, false, "still holds the incoming domain",
		},
		"the CPU": {
			func(s *scene) { s.kvm2.CPUProblem = &migration.CPUError{Reason: "missing features: avx2, bmi1"} },
			migration.CheckCPU, "kvm2", asError, true, "avx2, bmi1",
		},
		"the CPU cannot be compared": {
			func(s *scene) { s.kvm2.CPUProblem = errInternal },
			migration.CheckCPU, "kvm2", asWarning, false, "not known",
		},
		"the definition cannot be read": {
			func(s *scene) { s.kvm1.Before("DomainXML", mt.Always(errInternal)) },
			migration.CheckCPU, "kvm1", asWarning, false, "cannot be compared",
		},
		"the host is too small": {
			func(s *scene) { s.kvm2.Has = migration.Memory{Total: 512 * mt.MiB, Available: 512 * mt.MiB} },
			migration.CheckMemory, "kvm2", asError, true, "512 MiB in all",
		},
		"memory is short": {
			func(s *scene) { s.kvm2.Has.Available = 512 * mt.MiB },
			migration.CheckMemory, "kvm2", asWarning, false, "512 MiB available",
		},
		"memory is short, and the definition cannot be parsed": {
			func(s *scene) { s.kvm2.Has.Available, s.kvm1.Definition = 0, "<domain" },
			migration.CheckMemory, "kvm2", asWarning, false, "0 B available",
		},
		"memory is not known": {
			func(s *scene) { s.kvm2.Before("Memory", mt.Always(errInternal)) },
			migration.CheckMemory, "kvm2", asWarning, false, "not known",
		},
		"post-copy in parallel with an old QEMU": {
			func(s *scene) { s.policy(postCopyInParallel); s.kvm1.Is.QEMUVersion = 10000002 },
			migration.CheckVersions, "kvm1", asError, true, "needs QEMU 10.1.0 or newer on both hosts, and kvm1 has 10.0.2",
		},
		"encryption with an old libvirt": {
			func(s *scene) {
				s.policy(policy.Policy{Encryption: new(true)})
				s.kvm2.Is.LibvirtVersion = 3001000
			},
			migration.CheckVersions, "kvm2", asError, true, "encryption needs libvirt 3.2.0",
		},
		"an older QEMU": {
			func(s *scene) { s.kvm2.Is.QEMUVersion = 9000000 },
			migration.CheckVersions, "kvm2", asWarning, true, "older than 10.1.0 on kvm1",
		},
		"a contradiction of the policy": {
			func(s *scene) {
				s.policy(policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))})
			},
			migration.CheckPolicy, "", asError, false, "XBZRLE",
		},
		"peer-to-peer without a peer URI": {
			func(s *scene) { s.request.Mode, s.request.PeerURI = migration.PeerToPeer, "" },
			migration.CheckMode, "kvm2", asError, true, "Set peer_uri",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				began := time.Now()
				a := migration.Preflight(s.ctx, s.request)
				if took := time.Since(began); took > 40*time.Second {
					s.Errorf("took %s", took)
				}
				if len(a.Findings) != 1 {
					s.Fatalf("%d findings: %v", len(a.Findings), a.Findings)
				}
				f := a.Findings[0]
				if f.Check != test.check || f.Host != test.host || f.Lasting != test.lasting || f.Warning != (test.as == asWarning) {
					s.Errorf("finding: %+v", f)
				}
				if text := explain.Finding(f); !strings.Contains(text, test.words) {
					s.Errorf("%q does not say %q", text, test.words)
				}
				s.commandsByUUID(explain.Finding(f))
				s.changedNothing()
			})
		})
	}
}

// changedNothing checks that no call was made that changes anything.
func (s *scene) changedNothing() {
	s.Helper()
	for _, h := range []*mt.Host{s.kvm1, s.kvm2} {
		for _, call := range []string{"Resume", "AbortJob", "Suspend", "SetMaxDowntime", "MigratePeerToPeer", "Begin", "Prepare"} {
			if n := h.Calls(call); n > 0 {
				s.Errorf("%d calls of %s on %s", n, call, h.Name())
			}
		}
	}
}

func TestPreflightOfAGoodMoveFindsNothing(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		a := migration.Preflight(s.ctx, s.request)
		if len(a.Findings) > 0 || a.AlreadyThere || a.Running {
			s.Errorf("%+v", a)
		}
	})
}

func TestPreflightIsContentWithAsMuchMemoryAsTheGuestMayUse(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.Has = migration.Memory{Total: mt.GiB, Available: mt.GiB}
		if a := migration.Preflight(s.ctx, s.request); len(a.Findings) > 0 {
			s.Errorf("findings: %v", a.Findings)
		}
	})
}

func TestPreflightKeepsHugePagesApart(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Definition = "<domain><memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking></domain>"
		s.kvm2.Has.Available = 0
		if a := migration.Preflight(s.ctx, s.request); len(a.Findings) > 0 {
			s.Errorf("findings: %v", a.Findings)
		}
	})
}

func TestPreflightSortsForPlansAndRuns(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.CPUProblem = &migration.CPUError{Reason: "missing features: avx2"}           // error, lasting
		s.kvm2.Has.Available = 0                                                            // warning
		s.kvm2.Is.QEMUVersion = 9000000                                                     // warning, lasting
		s.policy(policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))}) // error, may change
		a := migration.Preflight(s.ctx, s.request)
		for name, list := range map[string]struct {
			got  []migration.Finding
			want []migration.Check
		}{
			"errors":    {a.Errors(), []migration.Check{migration.CheckPolicy, migration.CheckCPU}},
			"warnings":  {a.Warnings(), []migration.Check{migration.CheckVersions, migration.CheckMemory}},
			"certain":   {a.Certain(), []migration.Check{migration.CheckCPU}},
			"uncertain": {a.Uncertain(), []migration.Check{migration.CheckPolicy, migration.CheckVersions, migration.CheckMemory}},
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

func TestRunStartsNothingAgainstAnError(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.CPUProblem = &migration.CPUError{Reason: "missing features: avx2"}
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(100))})
		err := fails[*migration.PreflightError](s, runsOnSource, "was not started", "guest CPU on kvm2", "avx2")
		var cpu *migration.CPUError
		if !errors.As(err, &cpu) {
			s.Error("the CPU error is lost")
		}
		if explain.Failure(err).Summary != "Unable to Migrate Virtual Machine" {
			s.Errorf("summary %q", explain.Failure(err).Summary)
		}
		s.changedNothing()
	})
}

func TestRunTellsWhereAShutOffVMIs(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.SetState(uuid, migration.StateShutOff)
		err := fails[*migration.PreflightError](s, "VM web is shut off on kvm1", "VM web is not running on kvm1 (shut off)")
		// And no advice as if it had ended on the way.
		if strings.Contains(words(err), "QEMU ended") {
			s.Errorf("it says that the VM has ended: %v", words(err))
		}
		s.changedNothing()
	})
}

func TestPreflightTellsThatTheHostsAreTheSame(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Destination = s.kvm1
		a := migration.Preflight(s.ctx, s.request)
		if len(a.Findings) != 1 || a.Findings[0].Problem != migration.SameHost || a.AlreadyThere {
			s.Errorf("%+v", a)
		}
	})
}

// alias is a host by another name.
type alias struct {
	*mt.Host
	name string
}

func (a alias) Name() string { return a.name }

// While it does not answer, nobody knows that the two are one.
func TestPreflightOfASilentHostUnderTwoNames(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Destination = alias{s.kvm1, "kvm1.example.com"}
		s.kvm1.Mute()
		a := migration.Preflight(s.ctx, s.request)
		var silent []string
		for _, f := range a.Errors() {
			if f.Problem == migration.NoAnswer && !f.Lasting {
				silent = append(silent, f.Host)
			}
		}
		if want := []string{"kvm1", "kvm1.example.com"}; !slices.Equal(silent, want) || len(a.Findings) != len(want) || a.AlreadyThere || a.Running {
			s.Errorf("%v do not answer, want %v: %+v", silent, want, a)
		}
	})
}

func TestRunGoesOnInSpiteOfAWarning(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.Has.Available = 0
		s.arrives()
		s.expectSaid("warning: memory on kvm2")
	})
}

func TestRunWaitsForAReceivingHalfToGo(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateIncoming})
		s.at(2*time.Second, func() { s.kvm2.Kill(uuid) })
		s.arrives()
	})
}
