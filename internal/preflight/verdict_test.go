package preflight_test

import (
	"slices"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// refused is libvirt's answer that it would not begin, of a kind, and of a code that is the
// sentinel code.
type refused struct {
	kind refusal.Kind
	code error
}

func (r refused) Error() string             { return string(r.kind) }
func (r refused) Is(target error) bool      { return target == r.code }
func (r refused) RefusalKind() refusal.Kind { return r.kind }

// One fault gives one finding, whether the source's verdict tells of it or was not made.
func TestAssess_oneFault(t *testing.T) {
	t.Parallel()
	unshared := func(s *scene) { s.there.Listed["/images/web.qcow2"] = preflight.Absent }
	inPool := func(s *scene) { s.there.Listed["images/web"] = preflight.NotListed }
	tests := map[string]struct {
		guest   string
		plant   func(*scene)
		refusal refused
		// alone is the check that finds it where the verdict was not made or is about something else, and
		// told the one that does where the verdict is of that kind.
		alone, told migration.Check
	}{
		"invtsc": {domain("kvm", invtsc, ""), nil, refused{kind: refusal.InvariantTSC}, preflight.CheckTSC, preflight.CheckVerdict},
		"a passed-through device": {
			domain("qemu", "", hostdev), func(s *scene) { s.there.NodeDevices = nil },
			refused{refusal.HostDevice, migration.ErrUnsupported},
			preflight.CheckHostDevices, preflight.CheckVerdict,
		},
		"a disk that is not shared": {
			domain("qemu", "", disk), unshared,
			refused{refusal.UnsharedStorage, migration.ErrUnsafe},
			preflight.CheckPaths, preflight.CheckVerdict,
		},
		"a volume that is not shared": {
			domain("qemu", "", volume), inPool,
			refused{refusal.UnsharedStorage, migration.ErrUnsafe},
			preflight.CheckPools, preflight.CheckVerdict,
		},
		"a contradiction of the policy": {
			domain("qemu", "", ""),
			func(s *scene) { s.policy(policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))}) },
			refused{kind: refusal.Incompatible},
			preflight.CheckPolicy, preflight.CheckPolicy,
		},
		"a libvirt that is too old for the policy": {
			domain("qemu", "", ""),
			func(s *scene) { s.policy(policy.Policy{Encryption: new(true)}); s.kvm1.Is.LibvirtVersion = 3001000 },
			refused{code: migration.ErrUnsupported},
			preflight.CheckVersions, preflight.CheckVersions,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := refused{kind: refusal.Snapshots}
			for verdict, want := range map[error][]migration.Check{
				nil:                 {test.alone},
				migration.ErrDenied: {test.alone},
				test.refusal:        {test.told},
				other:               {preflight.CheckVerdict, test.alone},
			} {
				play(t, func(s *scene) {
					s.furnished()
					s.here.Definition = test.guest
					if test.plant != nil {
						test.plant(s)
					}
					if verdict != nil {
						s.here.Fails("Begin", verdict)
					}
					var got []migration.Check
					for _, f := range preflight.Assess(s.Context(), s.request).Findings {
						allowed(t, f)
						got = append(got, f.Check)
					}
					slices.Sort(got)
					slices.Sort(want)
					if !slices.Equal(got, want) {
						s.Errorf("the verdict is %v: %v, want %v", verdict, got, want)
					}
				})
			}
		})
	}
}

// What a disk is not written to for may be missing beside one that is not shared.
func TestAssess_twoFaults(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.furnished()
		const medium = `<disk type='file' device='cdrom'><source file='/images/boot.iso'/><target dev='sda'/><readonly/></disk>`
		s.here.Definition = domain("qemu", "", disk+medium)
		s.there.Listed = map[string]preflight.Presence{
			"/images/web.qcow2": preflight.Absent, "/images/boot.iso": preflight.Absent,
		}
		s.here.Fails("Begin", refused{refusal.UnsharedStorage, migration.ErrUnsafe})
		a := preflight.Assess(s.Context(), s.request)
		if len(a.Findings) != 2 || a.Findings[1].Device != "cdrom sda" {
			s.Errorf("found %v", a.Findings)
		}
	})
}

// A directory is no fault of the destination where the source moves no guest that mounts one.
func TestAssess_mountedDirectory(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.furnished()
		s.request.Thorough = true
		s.here.Definition = domain("qemu", "", virtiofs)
		s.here.Fails("Begin", refused{refusal.HostFilesystem, migration.ErrUnsupported})
		a := preflight.Assess(s.Context(), s.request)
		if len(a.Findings) != 1 || a.Findings[0].Check != preflight.CheckVerdict {
			s.Errorf("found %v", a.Findings)
		}
	})
}

// What passes, and what the policy may change, is no error of a plan.
func TestAssess_lastingVerdict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		refusal            refused
		settled, unsettled bool
	}{
		{refused{kind: refusal.Snapshots}, true, true},
		{refused{kind: refusal.InvariantTSC}, true, true},
		{refused{refusal.HostDevice, migration.ErrUnsupported}, true, true},
		{refused{kind: refusal.BlockJob}, false, false},
		{refused{kind: refusal.Incompatible}, true, false},
		{refused{code: migration.ErrUnsupported}, true, false},
		{refused{code: migration.ErrUnsafe}, true, true},
		{refused{}, false, false},
	} {
		for unsettled, want := range map[bool]bool{false: test.settled, true: test.unsettled} {
			play(t, func(s *scene) {
				s.here.Fails("Begin", test.refusal)
				s.request.Unsettled = unsettled
				a := preflight.Assess(s.Context(), s.request)
				if len(a.Findings) != 1 || a.Findings[0].Lasting != want {
					s.Errorf("%v, unsettled %t: found %+v, want lasting %t", test.refusal, unsettled, a.Findings, want)
				}
			})
		}
	}
}
