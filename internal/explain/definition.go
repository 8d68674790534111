package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// LeftShutOff warns in a plan of a VM that is shut off and that stays where it is
// (if_shut_off = "ignore"). destination is empty where it is to be chosen.
func LeftShutOff(l fleet.Location, destination string) Text {
	if destination == "" {
		destination = "a host of its choice"
	}
	return planned("VM Is Shut Off", fmt.Sprintf(
		"VM %s was shut off on %s, so it stays there (if_shut_off = \"ignore\"). The first apply that finds it "+
			"running moves it to %s.", l.Domain.Name, l.Host, destination))
}

// LeftAlone says what a move did that left a VM where it was shut off.
func LeftAlone(l fleet.Location) string {
	return Location(l) + " and was left there (if_shut_off is ignore)"
}

// definitionMoved is the last line of a move of a definition.
func definitionMoved(r migration.Report) string {
	return fmt.Sprintf("VM %s is %s on %s: its definition was moved from %s in %s",
		r.Name, r.State, r.Destination, r.Source, elapsed(r.Duration))
}

// unmoved says what became of a definition that was not moved.
func unmoved(f *migration.Failure) string {
	c, o := f.Course, f.Outcome
	happened := fmt.Sprintf("The move of the definition of VM %s from %s to %s failed.",
		o.Name, o.Source.Host, o.Destination.Host)
	why := ""
	switch {
	case c.Err == nil:
	case migration.Lost(c.Err):
		why = fmt.Sprintf("The connection was lost: %s.", oneLine(c.Err))
	default:
		why = refused(c.Err, f)
	}
	return paragraphs(sentences(happened, why), insteadOf(f), definitionLeft(o), definedOn(o))
}

// definitionLeft says what a move of a definition has left on both hosts.
func definitionLeft(o migration.Outcome) string {
	here, there := o.Source, o.Destination
	if here.Err != nil || there.Err != nil {
		return ""
	}
	return fmt.Sprintf("Both hosts have a definition of it now. Do not start both. Once you are sure that it does not "+
		"run, `virsh undefine --keep-nvram --keep-tpm %s` on %s removes the new one, and the next apply moves it again; on "+
		"%s it ends the move by hand, but for autostart and the metadata of checkpoints.",
		o.UUID, there.Host, here.Host)
}

// definedOn is the last line of a move of a definition that failed.
func definedOn(o migration.Outcome) string {
	var has, silent []string
	for _, seen := range []migration.Observation{o.Source, o.Destination} {
		switch {
		case seen.Err == nil:
			has = append(has, fmt.Sprintf("%s on %s", seen.Domain.State, seen.Host))
		case !seen.Known():
			silent = append(silent, seen.Host)
		}
	}
	switch {
	case len(silent) == 0 && len(has) == 0:
		return fmt.Sprintf("VM %s is defined neither on %s nor on %s", o.Name, o.Source.Host, o.Destination.Host)
	case len(silent) == 0:
		return fmt.Sprintf("VM %s is %s", o.Name, strings.Join(has, " and "))
	case len(has) == 0:
		return fmt.Sprintf("Where VM %s is defined is not known, because %s", o.Name, silence(silent))
	}
	return fmt.Sprintf("VM %s is %s; whether %s has it, too, is not known, because %s",
		o.Name, strings.Join(has, " and "), strings.Join(silent, " or "), silence(silent))
}
