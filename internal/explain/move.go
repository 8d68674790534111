package explain

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Move is what an operator reads of an error of a move. Its detail says where the
// VM is and whether it runs, as far as that could be seen.
func Move(err error) Text {
	var (
		diagnosis  migration.Diagnosis
		unknown    *fleet.UnknownHostError
		leaves     *fleet.LeavingError
		unresolved *fleet.UnresolvedError
		created    *fleet.CreateVolumeError
		leftover   *fleet.LeftoverError
		changed    *fleet.RewriteError
		left       *fleet.VolumesError
		endless    *fleet.NotEndingError
		nowhere    *fleet.NoDestinationError
		unplaced   *fleet.UnplacedError
		lapsed     *fleet.LapsedChoiceError
		unwritten  *fleet.UnwrittenError
	)
	switch {
	case errors.As(err, &lapsed):
		return Text{"Unable to Choose Destination", paragraphs(Detail(err), Location(lapsed.Location))}
	case errors.As(err, &unwritten):
		return Text{"Unable to Write History", paragraphs(Detail(err), seenAt(unwritten.Location, unwritten.Seen))}
	case errors.As(err, &nowhere):
		return NoDestination(nowhere)
	case errors.As(err, &unplaced):
		return Text{unableToMigrate, paragraphs(Detail(unplaced), Location(unplaced.Location))}
	case errors.As(err, &endless):
		return Text{unableToMigrate, paragraphs(notEnding(endless), Location(endless.Location))}
	case errors.As(err, &left):
		text := Move(left.Err)
		happened, where := lastParagraph(text.Detail)
		text.Detail = paragraphs(happened, volumes(left), where)
		return text
	case errors.As(err, &created):
		return Text{unableToMigrate, paragraphs(createVolume(created)+" Nothing was started.", Location(created.Location))}
	case errors.As(err, &leftover):
		return Text{unableToMigrate, paragraphs(leftoverChanged(leftover)+" Nothing was started.",
			Location(leftover.Location))}
	case errors.As(err, &changed):
		return Text{unableToMigrate, paragraphs(rewrite(changed)+" Nothing was started.", Location(changed.Location))}
	case errors.As(err, &diagnosis):
		return Failure(diagnosis)
	case errors.As(err, &unknown):
		return Error("Migrate VM", err)
	case errors.As(err, &leaves):
		return Text{unableToMigrate, paragraphs(leaving(leaves), Location(leaves.Location))}
	case errors.As(err, &unresolved):
		return Text{unableToMigrate, paragraphs(Detail(err)+" Nothing was started.", Location(unresolved.Location))}
	}
	return Text{unableToMigrate, withWhereabouts(Detail(err)+" Nothing was started.", err)}
}

// Recover is what an operator reads of an error of a recovery.
func Recover(err error) Text {
	var (
		diagnosis  migration.Diagnosis
		unresolved *fleet.UnresolvedError
	)
	switch {
	case errors.As(err, &diagnosis):
		return Failure(diagnosis)
	case errors.As(err, &unresolved):
		return Text{unableToRecover, Detail(err) + " Nothing was changed."}
	}
	return Text{unableToRecover, withWhereabouts(Detail(err)+" Nothing was changed.", err)}
}

// Recovered is the last line of a recovery that succeeded.
func Recovered(m fleet.Moved) string {
	r := m.Report
	if !r.Moved {
		return fmt.Sprintf("VM %s is %s on %s, and no host that answered has a post-copy of it that lost its link: nothing "+
			"to recover", r.Name, r.State, r.Destination)
	}
	return fmt.Sprintf("VM %s is %s on %s: the rest of its memory has come from %s in %s",
		r.Name, r.State, r.Destination, r.Source, elapsed(r.Duration))
}

func leaving(e *fleet.LeavingError) string {
	l := e.Location
	return fmt.Sprintf("VM %s is on %s, but a migration of it to another host is under way. Nothing was done. Wait "+
		"until it has ended, or cancel it with `virsh domjobabort %s` on %s, and apply again.",
		l.Domain.Name, l.Host, l.Domain.UUID, l.Host)
}

// WantedTwice is what an operator reads of a VM, as the configuration calls it, that
// two resources want in different places.
func WantedTwice(vm string, e *fleet.WantedTwiceError) Text {
	return Text{"Conflicting Destinations", fmt.Sprintf(
		"Another virt_vm_live_migration resource wants VM %s on %s, and this one wants it on %s: they would move "+
			"it back and forth with every apply. Keep one of them.", vm, wanted(e.There), wanted(e.Here))}
}

// Certain is what an operator reads of a finding for which a plan refuses a move.
func Certain(l fleet.Location, f migration.Finding) Text {
	return Text{unableToMigrate, paragraphs(Finding(f), Location(l))}
}

// Uncertain is what a plan warns of: it may have changed when the move is made.
func Uncertain(l fleet.Location, f migration.Finding) Text {
	switch f.Fact.(type) {
	case preflight.DiskCopied:
		return planned("Disk Is Copied", "the move was to copy a disk. "+foundThen+Finding(f))
	case preflight.DeviceChanged:
		return planned("Device Is Changed", "the move was to change a device. "+Finding(f))
	case preflight.ImageUnproved:
		return planned("Image May Be Another", "the move was not to copy a disk. "+foundThen+Finding(f))
	case preflight.ConfigLacks:
		return planned("Next Start Would Fail",
			"the VM was to run on its destination, but not to start there. "+foundThen+Finding(f))
	}
	if f.Warning {
		return planned("Migration May Fail", "a check found what may make the move fail. "+foundThen+Finding(f))
	}
	refused := "its move would have been refused. "
	if _, ok := f.Fact.(preflight.PolicyConflict); ok { // the policy may be one that is coming
		refused = "its move would have been refused for its policy, as the plan knows that. "
	}
	return planned("Migration Would Be Refused", was(l)+", and "+refused+foundThen+Finding(f))
}

// foundThen begins what a check found while planning: it may have been cured since.
const foundThen = "Found then: "

// was says where a VM was when a plan was made.
func was(l fleet.Location) string {
	return fmt.Sprintf("VM %s was %s on %s", l.Domain.Name, l.Domain.State, l.Host)
}

// UnderWay warns of a migration to the wanted host that runs while planning.
func UnderWay(l fleet.Location, destination string) Text {
	return planned("Migration Already Under Way", fmt.Sprintf("%s, and was being migrated to %s already. No second "+
		"migration is started: if this one is still under way in the apply, it is watched to its end.", was(l), destination))
}

// Leaving warns of a migration to another host that runs while a plan counts a VM on the
// host that it is leaving.
func Leaving(l fleet.Location) Text {
	return planned("VM Is Being Migrated", fmt.Sprintf(
		"%s, and a migration of it to %s was under way, perhaps by another run of Terraform. The plan counts the VM on "+
			"%s and cannot know how the migration ends: plan again once that is over. `virsh domjobinfo %s` on %s shows "+
			"its progress.", was(l), strings.Join(l.Receiving, " or "), l.Host, l.Domain.UUID, l.Host))
}

// Moved warns of what a move that succeeded has to say beside.
func Moved(m fleet.Moved) []Text {
	all := unusual(m.Location)
	if len(m.Location.Unseen) > 0 {
		all = append(all, Text{"Host Unreachable", "Not every host could be reached: " +
			fullStop(oneLine(errors.Join(m.Location.Unseen...)))})
	}
	r := m.Report
	if r.Adopted {
		all = append(all, Text{"Migration Already Under Way", fmt.Sprintf(
			"VM %s was being migrated from %s to %s already, for instance by a run of Terraform that was killed. "+
				"That migration was watched to its end, and no second one was started. "+
				"The policy that is reported for it is what holds for the VM now; what it was started with is not "+
				"known.",
			m.Location.Domain.Name, r.Source, r.Destination)})
	}
	title := "VM Needs Attention"
	if r.Moved {
		title = "VM Moved With Warnings"
	}
	for _, w := range r.Warnings {
		all = append(all, Text{title, Warning(r, w)})
	}
	if left := volumesLeft(m.Location.Domain.Name, m.Entry.VolumesLeft); left != "" {
		all = append(all, Text{title, left})
	}
	if m.HistoryErr != nil {
		all = append(all, Text{title, fmt.Sprintf(
			"The move of VM %s is complete, but could not be written into the VM's history, or not its end: %s",
			m.Location.Domain.Name, Detail(m.HistoryErr))})
	}
	return all
}

// MovedUnwatched warns of a VM that is on another host than where it was last seen: the move
// of an entry has brought it there.
func MovedUnwatched(from string, l fleet.Location, e history.Entry, r migration.Report) Text {
	return planned("Migration Was Not Watched", fmt.Sprintf("VM %s was %s on %s, and no longer on %s, where this "+
		"resource last saw it: %s had brought it there.", l.Domain.Name, r.State, l.Host, from, killed(e)),
		"last_migration does not include that move."+took(r), autostartWasOff(r, from))
}

// ThereUnwatched warns of a VM that an open entry had brought to its destination already.
func ThereUnwatched(m fleet.Moved) Text {
	vm, r := m.Location.Domain.Name, m.Report
	return Text{"Migration Was Not Watched", paragraphs(fmt.Sprintf("VM %s was on %s already, and nothing was moved: "+
		"%s had brought it there. last_migration does not include that move.", vm, r.Destination, killed(*m.OpenEntry))+
		took(r), autostartOff(r), fmt.Sprintf("VM %s is %s on %s", vm, r.State, r.Destination))}
}

// killed is a move by this provider that nobody has watched to its end.
func killed(e history.Entry) string {
	return fmt.Sprintf("a move from %s by this provider, which began at %s and was not watched to its end, for instance "+
		"because Terraform was killed,", e.From.Label, e.StartedAt.UTC().Format(time.RFC3339))
}

// took is what libvirt still knows of a migration that nothing has watched.
func took(r migration.Report) string {
	if !r.Unwatched {
		return ""
	}
	return fmt.Sprintf(" By the figures that libvirt on %s keeps of it, it took %s.", r.Destination, figures(r))
}

// Done is the last line of a move that succeeded.
func Done(m fleet.Moved) string {
	r, vm := m.Report, m.Location.Domain.Name
	switch {
	case m.LeftShutOff:
		return LeftAlone(m.Location)
	case r.Definition:
		return definitionMoved(r)
	case r.Moved:
		return join(". ", fmt.Sprintf("VM %s is %s on %s: moved from %s in %s", vm, r.State, r.Destination, r.Source,
			figures(r)),
			strings.TrimSuffix(Raises(r.Raises), "."))
	case r.Unwatched:
		return join(". ", fmt.Sprintf("VM %s is %s on %s already: nothing to move (the migration that brought it "+
			"there took %s)", vm, r.State, r.Destination, figures(r)), autostartOff(r))
	default:
		return fmt.Sprintf("VM %s is %s on %s already: nothing to move", vm, r.State, r.Destination)
	}
}

func figures(r migration.Report) string {
	text := elapsed(r.Duration)
	if r.Downtime != nil {
		text += ", downtime " + downtime(*r.Downtime)
	}
	return fmt.Sprintf("%s, %d passes, %s sent", text, r.Iterations, bytes(r.MemoryTransferred))
}

// Line is one line of a move that goes on.
func Line(p fleet.Progress) string {
	if p.Waiting.Kind != places.NoWait {
		return fmt.Sprintf("VM %s is waiting for its turn to move to %s: %s",
			p.Name, p.Destination, waitsFor(p.Waiting))
	}
	if p.Choice != nil {
		return chosen(p)
	}
	if p.Lapsed != nil {
		return fmt.Sprintf("VM %s cannot go to %s any more, and another host is looked for: %s", p.Name, p.Destination,
			Reason(p.Lapsed))
	}
	if p.Forecast != nil {
		return foretold(p)
	}
	if len(p.Unleased) > 0 {
		return unleased(p)
	}
	if len(p.Unchecked) > 0 {
		return fmt.Sprintf("VM %s: not checked: %s", p.Name, strings.Join(notChecked(p.Unchecked), " "))
	}
	return Progress(p.Progress)
}
