package explain

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const redefine = "Their bitmaps are in the VM's disks: on kvm2, `virsh checkpoint-create " + remedyUUID + " FILE --redefine` " +
	"restores the rest of one, from what `virsh checkpoint-dumpxml` or a backup program has saved."

func TestWarning(t *testing.T) {
	t.Parallel()
	for want, w := range map[string]migration.Warning{
		"VM web is paused on kvm2 by a migration that has ended, and that lost its client (Terraform, virsh) during the switch-over. None of the hosts that answered runs it; it may run on a host that the provider's configuration does not have, so it was not resumed. Make sure that it runs nowhere else: then `virsh resume " + remedyUUID + "` on kvm2 lets it run, and it can be moved.": {
			Kind: migration.WarningStranded, Other: migration.OnUnknownHost,
		},
		"The guest panicked on kvm2, and its QEMU is kept there. `virsh destroy " + remedyUUID + "` and then `virsh start " + remedyUUID + "` on kvm2 start it again.": {
			Kind: migration.WarningCrashed, Persistent: true,
		},
		"It was cancelled when it was in post-copy, which cannot be cancelled without losing the VM. This move waited for its end: the VM is running on kvm2.": {Kind: migration.WarningUncancellable},
		"It was cancelled too late to have an effect: the VM is running on kvm2.":                                                                              {Kind: migration.WarningTooLate},
		"The VM is paused on kvm2: it was before, or the migration was asked to leave it paused. `virsh resume " + remedyUUID + "` there lets it run.": {
			Kind: migration.WarningPaused,
		},
		"The guest was asleep (pmsuspended) when its move began, and the move does not wake it: `virsh dompmwakeup " + remedyUUID + "` on kvm2 does, even where libvirt there says that it is running.": {
			Kind: migration.WarningAsleep,
		},
		"kvm1 keeps a shut-off definition of the VM. It must not be started: remove it with `virsh undefine --keep-nvram --keep-tpm " + remedyUUID + "` there.": {
			Kind: migration.WarningDefinition,
		},
		"kvm1 keeps a shut-off definition of the VM, which may start with that host: autostart could not be switched off: operation denied. It must not be started: remove it with `virsh undefine --keep-nvram --keep-tpm " + remedyUUID + "` there.": {
			Kind: migration.WarningDefinition, Err: migration.ErrDenied,
		},
		"Autostart could not be set on kvm2: operation denied. The VM had it on kvm1: run `virsh autostart " + remedyUUID + "` on kvm2.": {
			Kind: migration.WarningAutostart, Autostart: &migration.LostAutostart{Was: migration.Autostart{Always: true}, Err: migration.ErrDenied},
		},
		"Autostart is not known to have been set on kvm2: host is unreachable. The VM had it on kvm1: run `virsh autostart " + remedyUUID + "` on kvm2.": {
			Kind: migration.WarningAutostart, Autostart: &migration.LostAutostart{Was: migration.Autostart{Always: true}, Err: migration.ErrUnreachable},
		},
		"Autostart was not carried to kvm2. The VM had it on kvm1: once it is on kvm2, run `virsh autostart " + remedyUUID + "` and `virsh autostart --once " + remedyUUID + "` on kvm2.": {
			Kind: migration.WarningAutostart, Autostart: &migration.LostAutostart{Was: migration.Autostart{Always: true, Once: true}},
		},
		"The VM's checkpoints (monday, tuesday) could not be restored on kvm2: operation denied. " + redefine: {
			Kind: migration.WarningCheckpoints, Checkpoints: &migration.LostCheckpoints{Names: []string{"monday", "tuesday"}, Err: migration.ErrDenied},
		},
		"The VM's checkpoints, if it has any, were not carried to kvm2, because kvm1 did not tell of them: operation denied. " + redefine: {
			Kind: migration.WarningCheckpoints, Checkpoints: &migration.LostCheckpoints{Unread: migration.ErrDenied},
		},
		"Autostart could not be switched off on kvm2, where an older definition of the VM has it: operation denied. The VM did not start with its host kvm1: `virsh autostart --disable " + remedyUUID + "` on kvm2 keeps it from that.": {
			Kind: migration.WarningAutostart, Autostart: &migration.LostAutostart{Err: migration.ErrDenied},
		},
		"Autostart was not carried to kvm2, because kvm1 did not say whether the VM has it: operation denied. If it should have it, run `virsh autostart " + remedyUUID + "` on kvm2.": {
			Kind: migration.WarningAutostart, Autostart: &migration.LostAutostart{Unread: migration.ErrDenied},
		},
		"The VM was persistent and is transient on kvm2: its definition is lost when it is shut down. `virsh dumpxml " + remedyUUID + "` and `virsh define` there keep it.": {
			Kind: migration.WarningTransient,
		},
		"max_downtime_ms could not be set: operation denied.":                 {Kind: migration.WarningDowntime, Err: migration.ErrDenied},
		"max_downtime_ms is not known to have been set: host is unreachable.": {Kind: migration.WarningDowntime, Err: migration.ErrUnreachable},
	} {
		t.Run(string(w.Kind), func(t *testing.T) {
			t.Parallel()
			if got := Warning(migration.Report{Subject: web, State: migration.StateRunning}, w); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestLongDowntime is a bound that was broken, by the field that sets it.
func TestLongDowntime(t *testing.T) {
	t.Parallel()
	w := migration.Warning{Kind: migration.WarningLongDowntime, Longest: 300 * time.Millisecond}
	for want, set := range map[string]policy.Policy{
		"max_downtime_ms (vm) allows 0.3s": {MaxDowntimeMS: new(int64(300)), DowntimeScheduleMS: new(policy.Numbers{100, 300})},
		"downtime_schedule_ms (vm) allows": {DowntimeScheduleMS: new(policy.Numbers{100, 300})},
	} {
		r := migration.Report{Downtime: new(412 * time.Millisecond), Policy: policy.Resolve(policy.Levels{VM: set})}
		if got := Warning(r, w); !strings.HasPrefix(got, "The guest stood still for 0.412s, and "+want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
