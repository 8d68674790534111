package explain

import (
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Warning says what did not go as it should in a move that succeeded.
func Warning(r migration.Report, w migration.Warning) string {
	switch w.Kind {
	case migration.WarningStranded:
		return stranded(r.Name, r.UUID, r.Destination, otherCopy(w.Other))
	case migration.WarningCrashed:
		return panicked(r.UUID, r.Destination, w.Persistent)
	case migration.WarningUncancellable:
		return fmt.Sprintf("It was cancelled when it was in post-copy, which cannot be cancelled without losing "+
			"the VM. This move waited for its end: the VM is %s on %s.", r.State, r.Destination)
	case migration.WarningTooLate:
		return fmt.Sprintf("It was cancelled too late to have an effect: the VM is %s on %s.", r.State, r.Destination)
	case migration.WarningDirect:
		why := Sentence(oneLine(w.Err))
		if refused, ok := Refusal(w.Err, r.Subject, true); ok {
			why = refused.String()
		}
		return sentences("Peer-to-peer was refused before anything was sent, so the VM was moved in direct mode, which "+
			"ends with Terraform.", why, "Until that is mended, mode = \"direct\" saves the attempt.")
	case migration.WarningSuspended:
		return fmt.Sprintf("Somebody seems to have suspended the VM on %s while it was being moved. libvirt takes that for "+
			"a part of the migration and lets it run on %s: `virsh suspend %s` there suspends it again.",
			r.Source, r.Destination, r.UUID)
	case migration.WarningPaused:
		return fmt.Sprintf("The VM is paused on %s: it was before, or the migration was asked to leave it paused. "+
			"`virsh resume %s` there lets it run.", r.Destination, r.UUID)
	case migration.WarningAsleep:
		return fmt.Sprintf("The guest was asleep (pmsuspended) when its move began, and the move does not wake it: "+
			"`virsh dompmwakeup %s` on %s does, even where libvirt there says that it is running.",
			r.UUID, r.Destination)
	case migration.WarningDefinition:
		return leftDefinition(r, w.Err)
	case migration.WarningAutostart:
		return lostAutostart(r.Subject, w.Autostart)
	case migration.WarningCheckpoints:
		return lostCheckpoints(r.Subject, w.Checkpoints)
	case migration.WarningTransient:
		return fmt.Sprintf("The VM was persistent and is transient on %s: its definition is lost when it is shut "+
			"down. `virsh dumpxml %s` and `virsh define` there keep it.", r.Destination, r.UUID)
	case migration.WarningLongDowntime:
		return longDowntime(r, w.Longest)
	case migration.WarningDowntime:
		return fmt.Sprintf("max_downtime_ms %s: %s.", notDone(w.Err, "set"), w.Err)
	}
	return Sentence(string(w.Kind))
}

// longDowntime says that a bound of the policy was broken.
func longDowntime(r migration.Report, longest time.Duration) string {
	field := policy.FieldMaxDowntimeMS
	if r.Policy.MaxDowntimeMS == nil {
		field = policy.FieldDowntimeScheduleMS
	}
	return fmt.Sprintf("The guest stood still for %s, and %s (%s) allows %s: QEMU stops the guest when it expects to "+
		"send the rest in that time, and does not count the switch-over itself. A busy host or link makes it longer.",
		downtime(*r.Downtime), field, r.Policy.Origins.Of(field), downtime(longest))
}

// leftDefinition says that the source keeps a definition. starts is why it may start with
// its host; nil when it does not.
func leftDefinition(r migration.Report, starts error) string {
	alone := ""
	if starts != nil {
		alone = fmt.Sprintf(", which may start with that host: autostart %s: %s",
			notDone(starts, "switched off"), oneLine(starts))
	}
	return fmt.Sprintf("%s keeps a shut-off definition of the VM%s. It must not be started: remove it with "+
		"`virsh undefine --keep-nvram --keep-tpm %s` there.", r.Source, alone, r.UUID)
}
