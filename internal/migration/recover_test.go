package migration_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// fetching is post-copy that takes 7 s once it is recovered.
func fetching() mt.Script {
	script := mt.Converging()
	script.PostCopyTakes = 7 * time.Second
	return script
}

// errBroken is what libvirt says of a post-copy whose link is lost.
var errBroken = errors.New("operation failed: job 'migration out' failed in post-copy phase")

// broken makes the scene one of a VM whose post-copy has lost its link, between hosts that can recover it.
func (s *scene) broken() {
	s.world.Part(migration.Domain{UUID: uuid, Name: "web", Persistent: true, MemoryBytes: mt.GiB}, s.kvm1, s.kvm2)
	s.kvm1.Is.LibvirtVersion, s.kvm2.Is.LibvirtVersion = 12_008_000, 12_008_000
	s.world.Play(fetching())
	s.request.Recover = true
}

// contains tells whether a text has all the words.
func contains(text string, all ...string) bool {
	return !slices.ContainsFunc(all, func(words string) bool { return !strings.Contains(text, words) })
}

// held is what both hosts hold of the VM.
func (s *scene) held() [2]migration.Domain {
	here, _ := s.kvm1.Held(uuid)
	there, _ := s.kvm2.Held(uuid)
	return [2]migration.Domain{here, there}
}

// parted wants each host to hold its part, as post-copy left it.
func (s *scene) parted() {
	s.Helper()
	for _, h := range []*mt.Host{s.kvm1, s.kvm2} {
		if d, ok := h.Held(uuid); !ok || d.State != migration.StatePostCopyFailed {
			s.Errorf("on %s the VM is %v (held: %t), want its part as it was", h.Name(), d.State, ok)
		}
	}
}

func TestRunRecoversAPostCopy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode    migration.Mode
		prepare func(*scene)
		want    migration.Mode
	}{
		"peer-to-peer":                  {migration.PeerToPeer, nil, migration.PeerToPeer},
		"direct":                        {migration.Direct, nil, migration.Direct},
		"mode not known":                {migration.Auto, nil, migration.PeerToPeer},
		"mode not known, no peer_uri":   {migration.Auto, func(s *scene) { s.request.PeerURI = "" }, migration.Direct},
		"peer-to-peer, no peer_uri now": {migration.PeerToPeer, func(s *scene) { s.request.PeerURI = "" }, migration.Direct},
		"mode not known, peer refused":  {migration.Auto, func(s *scene) { s.kvm1.Before("MigratePeerToPeer", mt.Always(errors.New("unable to connect"))) }, migration.Direct},
		"the answer of the source is lost": {migration.PeerToPeer, func(s *scene) {
			s.kvm1.After("MigratePeerToPeer", mt.Always(migration.ErrUnreachable))
		}, migration.PeerToPeer},
		"the answer of the destination is lost": {migration.Direct, func(s *scene) {
			s.kvm2.After("Finish", mt.Times(1, migration.ErrUnreachable))
		}, migration.Direct},
		"cancelled on the way": {migration.PeerToPeer, func(s *scene) { s.at(3*time.Second, s.cancel) }, migration.PeerToPeer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.broken()
				s.request.Mode = test.mode
				s.kvm1.SetAutostarts(uuid, migration.Autostart{Always: true})
				if test.prepare != nil {
					test.prepare(s)
				}
				r := s.arrives()
				if !r.Moved || !r.Recovered || r.Mode != test.want || r.Phase != migration.PhasePostCopy {
					s.Errorf("report: %+v", r)
				}
				if sent := s.world.Sent(); !sent.Recover || !sent.PostCopy() || !sent.Persistent || sent.Paused {
					s.Errorf("libvirt is told %+v", sent)
				}
				if n := s.kvm1.Calls("AbortJob") + s.kvm1.Calls("Resume") + s.kvm2.Calls("Resume"); n > 0 {
					s.Errorf("a part was resumed, or its job aborted: %d calls", n)
				}
				if there := s.kvm2.Autostarts(uuid); !there.Always {
					s.Error("autostart was not carried")
				}
			})
		})
	}
}

// TestRunRecoversWithTheFlagsOfTheMove: libvirt wants them again, whatever has become of the policy since.
func TestRunRecoversWithTheFlagsOfTheMove(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.broken()
		s.policy(policy.Policy{Encryption: new(true), PostCopyBandwidthMiBPerSecond: new(int64(10))})
		s.arrives()
		if sent := s.world.Sent(); !sent.PostCopy() || !sent.Policy.Has("VIR_MIGRATE_TLS") {
			s.Errorf("libvirt is told %+v", sent.Policy)
		}
	})
}

// TestRunRefusesToRecover: nothing is done where the two hosts do not hold what libvirt can recover.
func TestRunRefusesToRecover(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(*scene)
		says    string
	}{
		"the destination's part is gone":      {func(s *scene) { s.kvm2.Kill(uuid) }, "the guest's memory with it"},
		"the source's part is gone":           {func(s *scene) { s.kvm1.Kill(uuid) }, "the guest's memory with it"},
		"the source was resumed by hand":      {func(s *scene) { s.kvm1.SetState(uuid, migration.StateRunning) }, "is running on kvm1, which is not how a broken post-copy leaves it"},
		"the destination was ended, and more": {func(s *scene) { s.kvm2.SetState(uuid, migration.StateCrashed) }, "is crashed on kvm2"},
		"the destination has not noticed":     {func(s *scene) { s.kvm2.SetState(uuid, migration.StatePostCopy) }, "`virsh domjobabort --postcopy " + uuid + "` on kvm2"},
		"the destination has not noticed, and would crash": {func(s *scene) {
			s.kvm2.SetState(uuid, migration.StatePostCopy)
			s.kvm2.Is.LibvirtVersion = 11_003_000
		}, "libvirt 11.3.0 on kvm2 crashes over the recovery"},
		"the source has not noticed": {func(s *scene) { s.kvm1.SetState(uuid, migration.StatePostCopySource) }, "`virsh domjobabort --postcopy " + uuid + "` on kvm1"},
		"the job is active on both": {func(s *scene) {
			s.kvm1.SetState(uuid, migration.StatePostCopySource)
			s.kvm2.SetState(uuid, migration.StatePostCopy)
		}, "there is nothing to recover"},
		"the destination crashes over it":  {func(s *scene) { s.kvm2.Is.LibvirtVersion = 11_003_000 }, "libvirt 11.3.0 on kvm2 crashes over the recovery"},
		"the destination is too old":       {func(s *scene) { s.kvm2.Is.LibvirtVersion = 8_009_000 }, "libvirt 8.9.0 on kvm2 cannot recover a post-copy"},
		"the source is too old":            {func(s *scene) { s.kvm1.Is.LibvirtVersion = 8_004_000 }, "libvirt 8.4.0 on kvm1 cannot recover a post-copy"},
		"the destination is silent":        {func(s *scene) { s.kvm2.Mute() }, "kvm2 does not answer"},
		"the source is cut off":            {func(s *scene) { s.kvm1.Cut() }, "kvm1 does not answer"},
		"cancelled before it was started ": {func(s *scene) { s.cancel() }, "was cancelled before it was started"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.broken()
				test.prepare(s)
				before := s.held()
				_, err := s.run()
				if err == nil || !contains(words(err), test.says) {
					s.Errorf("it says %v", err)
				}
				s.startedNothing()
				if after := s.held(); after != before {
					s.Errorf("the hosts hold %v, and held %v", after, before)
				}
			})
		})
	}
}

// TestRunRecoversFromTheReleaseThatCrashes: it is the destination's daemon that does.
func TestRunRecoversFromTheReleaseThatCrashes(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.broken()
		s.kvm1.Is.LibvirtVersion = 11_003_000
		s.arrives()
	})
}

// TestRunFailsToRecover: both parts wait for the next recovery.
func TestRunFailsToRecover(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode    migration.Mode
		prepare func(*scene)
	}{
		"the link is lost again":                 {migration.PeerToPeer, func(s *scene) { s.lose() }},
		"the link is lost again, in direct mode": {migration.Direct, func(s *scene) { s.lose() }},
		"QEMU cannot connect": {migration.PeerToPeer, func(s *scene) {
			script := fetching()
			script.Unconnected = migration.ErrMemoryUnreachable
			s.world.Play(script)
		}},
		"the source refuses the first step":  {migration.Direct, func(s *scene) { s.kvm1.Before("Begin", mt.Always(errBroken)) }},
		"the destination refuses to prepare": {migration.Direct, func(s *scene) { s.kvm2.Before("Prepare", mt.Always(errBroken)) }},
		"the source refuses to send":         {migration.Direct, func(s *scene) { s.kvm1.Before("Perform", mt.Always(errBroken)) }},
		"peer-to-peer and then direct, refused": {migration.Auto, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", mt.Always(errBroken))
			s.kvm1.Before("Begin", mt.Always(errBroken))
		}},
		"libvirt says that the domain is busy":  {migration.PeerToPeer, func(s *scene) { s.kvm1.Before("MigratePeerToPeer", mt.Always(migration.ErrBusy)) }},
		"libvirt says that the job was aborted": {migration.PeerToPeer, func(s *scene) { s.kvm1.Before("MigratePeerToPeer", mt.Always(migration.ErrAborted)) }},
		"cancelled, and then the link is lost":  {migration.PeerToPeer, func(s *scene) { s.lose(); s.at(3*time.Second, s.cancel) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.broken()
				s.request.Mode = test.mode
				test.prepare(s)
				_, err := s.run()
				if err == nil || !contains(words(err), "do not destroy or resume either", "virt_vm_postcopy_recovery", uuid) {
					s.Errorf("it says %v", err)
				}
				s.parted()
				if n := s.kvm1.Calls("AbortJob") + s.kvm1.Calls("Resume") + s.kvm2.Calls("Resume"); n > 0 {
					s.Errorf("a part was resumed, or its job aborted: %d calls", n)
				}
			})
		})
	}
}

// lose lets the link be lost once more.
func (s *scene) lose() {
	script := fetching()
	script.PostCopyErr = errBroken
	s.world.Play(script)
}
