package explain

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestFindingOfARecovery(t *testing.T) {
	t.Parallel()
	crashes := migration.UnfitRelease{From: 11_002_000, Fixed: 11_004_000, DestinationOnly: true, Fault: migration.CrashesOnRecovery}
	gone := migration.Outcome{
		UUID: remedyUUID, Name: "web", Source: observed("kvm1", migration.StatePostCopyFailed),
		Destination: migration.Observation{Host: "kvm2", Err: migration.ErrNoDomain},
	}
	for want, f := range map[string]migration.Finding{
		"The post-copy migration of VM web lost its link, and cannot be recovered. The part on kvm2 is gone, and the guest's memory with it. `virsh destroy " + remedyUUID + "` and then `virsh start " + remedyUUID + "` on kvm1 start it again.": {
			Fact: migration.PartGone{Outcome: gone}, Host: "kvm2",
		},
		"QEMU on kvm2 has not noticed that the link is lost (VM web is running, in post-copy there), and libvirt recovers only what both ends have given up. `virsh domjobabort --postcopy " + remedyUUID + "` on kvm2 makes it notice, and ends nothing. Where that times out, because QEMU waits for memory, `ss --kill --tcp 'sport >= :49152 and sport <= :49215 and dst ADDRESS'` there, with the address of kvm1, breaks its connection. Then run the action again.": {
			Fact: migration.PartActive{Seen: observed("kvm2", migration.StatePostCopy)}, Host: "kvm2",
		},
		"QEMU on kvm1 has not noticed that the link is lost (VM web is left behind by a migration in post-copy there), and libvirt recovers only what both ends have given up. `virsh domjobabort --postcopy " + remedyUUID + "` on kvm1 makes it notice, and ends nothing. Where that times out, because QEMU waits for memory, `ss --kill --tcp 'dport >= :49152 and dport <= :49215 and dst ADDRESS'` there, with the address of kvm2, breaks its connection. Then run the action again.": {
			Fact: migration.PartActive{Seen: observed("kvm1", migration.StatePostCopySource)}, Host: "kvm1",
		},
		"VM web is running on kvm1, which is not how a broken post-copy leaves it: somebody has resumed or started it, or ended its migration. Compare `virsh domstate --reason " + remedyUUID + "` on kvm1 and kvm2, decide which of the two to keep, and end the other one with `virsh destroy " + remedyUUID + "` on its host.": {
			Fact: migration.PartChanged{Seen: observed("kvm1", migration.StateRunning)}, Host: "kvm1",
		},
		"The post-copy migration of VM web is under way: there is nothing to recover. Asking for its move to kvm2 again watches it to its end.": {Fact: migration.PostCopyRuns{}, Host: "kvm1"},
		"libvirt 11.3.0 on kvm2 crashes over the recovery of a post-copy, as all releases from 11.2.0 to before 11.4.0 do. Destroy or resume neither part. Install libvirt 11.4.0 or newer on kvm2, which leaves the guests there as they are, and run the action again.": {
			Fact: migration.ReleaseUnfit{Have: 11_003_000, Unfit: crashes}, Host: "kvm2",
		},
		"libvirt 8.5.0 on kvm1 cannot recover a post-copy: that needs 9.0.0 or newer. Destroy or resume neither part. Install libvirt 9.0.0 or newer on kvm1, which leaves the guests there as they are, and run the action again.": {
			Fact: migration.ReleaseUnfit{Have: 8_005_000, Unfit: migration.UnfitRelease{Fixed: 9_000_000, Fault: migration.CannotRecover}}, Host: "kvm1",
		},
	} {
		t.Run(f.Fact.Problem(), func(t *testing.T) {
			t.Parallel()
			f.Subject = web
			if got := Finding(f); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestRecoveryNeeds(t *testing.T) {
	t.Parallel()
	const want = "libvirt 9.0.0 or newer on both hosts, and on the destination none from 11.2.0 to before 11.4.0, which crash over it"
	if got := RecoveryNeeds(); got != want {
		t.Errorf("got %s", got)
	}
}

// TestRecover wants each error to say that nothing was changed, and where the VM is.
func TestRecover(t *testing.T) {
	t.Parallel()
	seen := migration.Whereabouts{VM: "web", Hosts: []migration.Observation{
		observed("kvm1", migration.StatePostCopyFailed), {Host: "kvm2", Err: migration.ErrNoDomain},
	}}
	silent := migration.Whereabouts{VM: "web", Hosts: []migration.Observation{
		observed("kvm1", migration.StatePostCopyFailed), {Host: "kvm2", Err: migration.ErrUnreachable},
	}}
	for name, test := range map[string]struct {
		err  error
		says []string
	}{
		"the other part is gone":      {&fleet.PartMissingError{Seen: seen, Part: seen.Hosts[0]}, []string{"none of the provider's hosts has the other part", "`virsh start " + remedyUUID, "Nothing was changed."}},
		"the other host is silent":    {&fleet.PartMissingError{Seen: silent, Part: silent.Hosts[0]}, []string{"because kvm2 does not answer", "Destroy or resume nothing.", "Nothing was changed."}},
		"the VM is shut off":          {&fleet.NoPostCopyError{Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{UUID: remedyUUID, Name: "web"}}}, []string{"is shut off on kvm1", "Nothing was changed."}},
		"it was lost again":           {&migration.FailedError{Failure: splitAgain()}, []string{"The recovery of the post-copy migration of VM web from kvm1 to kvm2 failed in post-copy", "do not destroy or resume either", recoveryAction}},
		"refused before it was begun": {&migration.PreflightError{Failure: splitAgain(), Findings: []migration.Finding{{Subject: web, Check: migration.CheckState, Fact: migration.PostCopyRuns{}}}}, []string{"was not started", "there is nothing to recover"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := Recover(test.err)
			if text.Summary != unableToRecover {
				t.Errorf("the summary is %q", text.Summary)
			}
			for _, words := range test.says {
				if !strings.Contains(text.Detail, words) {
					t.Errorf("it does not say %q:\n%s", words, text.Detail)
				}
			}
		})
	}
}

func splitAgain() migration.Failure {
	return migration.Failure{
		Course: migration.Course{PostCopy: true, Err: migration.ErrNotActive},
		Outcome: migration.Outcome{
			UUID: remedyUUID, Name: "web", Recovering: true,
			Source: observed("kvm1", migration.StatePostCopyFailed), Destination: observed("kvm2", migration.StatePostCopyFailed),
		},
	}
}
