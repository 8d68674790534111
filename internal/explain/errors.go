package explain

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// words are those for one type of error.
type words struct {
	// of is the type.
	of reflect.Type
	// says is what happened, advises what to do about it.
	says    func(error) string
	advises func(error) (string, bool)
}

// say makes the words of an error type. Either function may be nil: what happened is
// the error's own line then, or there is nothing to be advised.
func say[E error](what, todo func(E) string) words {
	return words{
		of: reflect.TypeFor[E](),
		says: func(err error) string {
			var e E
			if errors.As(err, &e) && what != nil {
				return what(e)
			}
			return Sentence(oneLine(err))
		},
		advises: func(err error) (string, bool) {
			var e E
			if todo == nil || !errors.As(err, &e) {
				return "", false
			}
			return todo(e), true
		},
	}
}

func adviseChanged(*fleet.ChangedError) string {
	return "That copy is left as it is. Plan again to see what is there now."
}

// vocabulary has the words of every error type of the packages below. What
// comes first in it is advised first of an error that has several beneath. It is a
// function because words of one error may quote those of another beneath it.
func vocabulary() []words {
	return []words{
		say(nil, adviseExisting),
		say(nil, adviseChanged),
		say(nil, adviseHeld),
		say(nil, func(e *preflight.RefreshError) string {
			return fmt.Sprintf("`virsh pool-refresh %s` on %s does the same, and shows how long it takes.", word(e.Pool), e.Host)
		}),
		say(nil, func(*fleet.NewerRecordError) string { return newerAdvice }),
		say(nil, adviseInvalid),
		say(nil, func(e *fleet.UnreadableCordonError) string { return cordonUnknown(e.Err, e.Host) }),
		say(nil, func(*fleet.RecordHeldError) string { return "Apply again once that has ended. Nothing was changed." }),
		say(nil, func(*fleet.NotFoundError) string {
			return "Check the name or UUID, and that the provider's hosts include the one that has the VM."
		}),
		say(nil, func(*fleet.AmbiguousNameError) string { return "Give the UUID of the one that is meant." }),
		say(nil, adviseTwice),
		say(nil, adviseBroken),
		say(partMissing, advisePartMissing),
		say(nil, adviseNoPostCopy),
		say(nil, func(*fleet.SameHostError) string { return sameHostAdvice }),
		say(nil, func(*fleet.SameUUIDError) string { return sameUUIDAdvice }),
		say(nil, func(*fleet.InTransitError) string {
			return "Wait for the migration to end, or add the other host to the provider's hosts. Nothing was changed."
		}),
		say(nil, func(*fleet.UnseenError) string {
			return "Apply again once that answers. If the host is gone for good, take it out of the provider's hosts."
		}),
		say(partial, nil),
		say(takenBack, nil),
		say(overwritten, nil),
		say(leaving, nil),
		say(notEnding, nil),
		say(func(e *fleet.OtherPolicyError) string { return OtherPolicy(e, nil, nil).Detail }, nil),
		say(unlisted, nil),
		say(func(e *fleet.UnplacedError) string { return what(e.Err) }, nil),
		say(nil, adviseLost),
		say(nil, adviseUnclear),
		say(nil, adviseUnleased),
		say(func(e *fleet.UnresolvedError) string { return what(e.Err) }, nil),
		say(createVolume, nil),
		say(leftoverChanged, nil),
		say(rewrite, nil),
		say(func(e *fleet.VolumesError) string { return sentences(what(e.Err), volumes(e)) }, nil),
		say(func(e *fleet.InvalidHistoryError) string { return HistoryUnknown(e).Detail }, nil),
		say(func(e *fleet.ObservationError) string { return what(e.Err) }, nil),
		say(nil, adviseMembers),
		say(notEvacuated, nil),
		say(notStopped, nil),
		say(offStill, nil),
		say(unwritten, stillAway),
		say[*fleet.HostsDownError](nil, nil),
		say[*fleet.NoRecordError](nil, nil),
		say(unknownHost, nil),
		say(func(e *fleet.NoDestinationError) string { return NoDestination(e).Detail }, nil),
		say(lapsed, adviseAgain),
		say(opened, nil),
		say(stillLeaving, nil),
		say(func(e *fleet.WantedTwiceError) string { return WantedTwice(e.UUID, e).Detail }, nil),
		say[*host.Error](nil, nil),
		say[*host.ConfigError](nil, nil),
		say(func(e *preflight.CPUError) string { return "The guest's CPU cannot run there: " + fullStop(e.Reason) }, nil),
		say(func(e *preflight.EmulatorError) string { return Sentence(e.Error()) }, nil),
		say(func(e *preflight.MachineError) string { return Sentence(e.Error()) }, nil),
		say(func(e *preflight.AcceleratorError) string { return Sentence(e.Error()) }, nil),
		say[*migration.StepError](nil, nil),
		say(cacheShort, nil),
		say(func(e *migration.PreflightError) string { return Failure(e).Detail }, nil),
		say(func(e *migration.CancelledError) string { return Failure(e).Detail }, nil),
		say(func(e *migration.TimedOutError) string { return Failure(e).Detail }, nil),
		say(func(e *migration.NotConvergedError) string { return Failure(e).Detail }, nil),
		say(func(e *migration.FailedError) string { return Failure(e).Detail }, nil),
		say(func(e *migration.DefinitionError) string { return Failure(e).Detail }, nil),
	}
}

// Error is what an operator reads of an error. act is what was to be done, as in
// "Unable to <act>".
func Error(act string, err error) Text {
	summary := "Unable to " + act
	var unknown *fleet.UnknownHostError
	if errors.As(err, &unknown) {
		summary = "Invalid Host"
	}
	return Text{summary, withWhereabouts(Detail(err), err)}
}

// Detail says what happened, and what to do about it.
func Detail(err error) string {
	return sentences(what(err), Advice(err))
}

// what says what happened.
func what(err error) string {
	for _, w := range vocabulary() {
		if reflect.TypeOf(err) == w.of {
			return w.says(err)
		}
	}
	return Sentence(oneLine(err))
}

// Advice says what to do about an error; empty where there is nothing to be said.
func Advice(err error) string {
	var part *fleet.PartialError
	if errors.As(err, &part) {
		err = part.Err
	}
	if errors.Is(err, context.Canceled) {
		return "The operation was cancelled."
	}
	for _, w := range vocabulary() {
		if todo, ok := w.advises(err); ok {
			return todo
		}
	}
	switch {
	case errors.Is(err, host.ErrForeignSecret):
		return "It was not touched. Move it to another UUID, or leave the host out of the hosts here."
	case errors.Is(err, migration.ErrBusy):
		return "Nothing was changed. Apply again once that has ended; if the same apply moves the VM, make one of " +
			"the two depend on the other (depends_on)."
	}
	return ""
}

// withWhereabouts ends a detail with where the VM is, as far as the hosts that
// answered have said.
func withWhereabouts(detail string, err error) string {
	var seen interface {
		Whereabouts() migration.Whereabouts
	}
	if errors.As(err, &seen) {
		return paragraphs(detail, Whereabouts(seen.Whereabouts()))
	}
	return detail
}
