package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// ElsewhereError is a move after which neither of its hosts runs the VM, and a
// third one holds it, or the receiving half of a migration that is not the
// move's: somebody else has moved it there, or is about to.
type ElsewhereError struct {
	migration.Diagnosis
	// Found is what the hosts said: the two of the move right after it, and then
	// all others.
	Found Look

	// held are the third hosts that hold the VM, receiving those that hold a
	// receiving half of it.
	held, receiving []Sighting
}

func (e *ElsewhereError) Error() string {
	parts := []string{e.Common().Happened}
	if len(e.held) > 0 {
		parts = append(parts, strings.TrimSpace("Somebody else has moved or started the VM on another host in the meantime. "+e.halves()))
	} else {
		there := strings.Join(hostsSeen(e.receiving), " and ")
		parts = append(parts, fmt.Sprintf("The receiving half of another migration of the VM is on %s, and may be about to run. "+
			"Neither start nor resume the VM anywhere before that has ended: `virsh domstate %s` there tells.", there, e.Common().Outcome.UUID))
	}
	return strings.Join(append(parts, e.Found.Whereabouts()), "\n\n")
}

func (e *ElsewhereError) Unwrap() error { return e.Diagnosis }

// halves says what to do about what the two hosts of the move still hold, while
// a third one holds the VM.
func (e *ElsewhereError) halves() string {
	uuid := e.Common().Outcome.UUID
	runs := slices.ContainsFunc(e.held, func(s Sighting) bool { return s.running() })
	var texts []string
	for _, s := range []migration.Sighting{e.Common().Outcome.Source, e.Common().Outcome.Destination} {
		copied, wake := "paused", "resume"
		if s.Is(migration.StateAsleep) {
			copied, wake = "sleeping", "wake"
		}
		switch {
		case s.Is(migration.StatePostCopySource, migration.StatePostCopyFailed):
			texts = append(texts, fmt.Sprintf("%s holds a part of its memory: neither resume nor destroy it there.", s.Host))
		case s.Is(migration.StatePaused, migration.StateAsleep) && runs:
			texts = append(texts, fmt.Sprintf("%s still holds a %s copy whose memory is out of date. Never %s it; remove it with `virsh destroy %s` on %s.", s.Host, copied, wake, uuid, s.Host))
		case s.Is(migration.StatePaused, migration.StateAsleep):
			texts = append(texts, fmt.Sprintf("%s holds a %s copy, too, and it cannot be told from here which one has the newer memory. "+
				"Compare `virsh domstate --reason %s` on the hosts; %s one of them only after the other one was ended with `virsh destroy %s`.", s.Host, copied, uuid, wake, uuid))
		}
	}
	return strings.Join(texts, " ")
}

// elsewhere looks at the hosts that had no part in a move, when those that had
// were not seen to run the VM. It returns the error that is true then.
func (f *Fleet) elsewhere(ctx context.Context, r migration.Request, err error) error {
	var diagnosis migration.Diagnosis
	if !errors.As(err, &diagnosis) || runs(diagnosis.Where()) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	bystanders := slices.DeleteFunc(slices.Clone(f.hosts), func(h *host.Host) bool { return h.Name() == r.Source.Name() || h.Name() == r.Destination.Name() })
	third := each(bystanders, func(h *host.Host) migration.Sighting {
		d, err := h.Domain(ctx, r.UUID)
		return migration.Sighting{Host: h.Name(), Domain: d, Err: err}
	})
	if e := foundOn(third, diagnosis); e != nil {
		return e
	}
	return err
}

// runs tells whether one of a move's two hosts was seen to run the VM.
func runs(o migration.Outcome) bool {
	switch o.Place() {
	case migration.OnSource, migration.OnDestination, migration.OnBoth, migration.FetchingMemory:
		return true
	case migration.PausedOnSource, migration.PausedOnDestination, migration.PausedOnBoth, migration.SplitMemory, migration.OnNeither, migration.Unknown:
	}
	return false
}

// foundOn is the error when a third host has anything of the VM; else nil.
func foundOn(third []migration.Sighting, diagnosis migration.Diagnosis) *ElsewhereError {
	failure := diagnosis.Common()
	e := &ElsewhereError{Diagnosis: diagnosis, Found: Look{VM: failure.Outcome.Name}}
	e.Found.add(failure.Outcome.Source)
	e.Found.add(failure.Outcome.Destination)
	for _, s := range third {
		e.Found.add(s)
		switch seen := (Sighting{Host: s.Host, Domain: s.Domain}); {
		case s.Is(migration.StateIncoming):
			e.receiving = append(e.receiving, seen)
		case !s.Gone() && s.Known() && !s.Is(migration.StatePostCopySource):
			e.held = append(e.held, seen)
		}
	}
	// What a receiving half means for a move that was not begun, its own checks
	// have said (migration.Request.Rival).
	if len(e.held) == 0 && (len(e.receiving) == 0 || failure.Outcome.Untouched) {
		return nil
	}
	return e
}

// add adds what one host said.
func (l *Look) add(s migration.Sighting) {
	switch {
	case !s.Known():
		l.Silent = append(l.Silent, s.Host)
		return
	case s.Err == nil:
		l.Seen = append(l.Seen, Sighting{Host: s.Host, Domain: s.Domain})
	}
	l.Answered = append(l.Answered, s.Host)
}
