package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Look is what the hosts said when all of them were asked for a VM at once.
type Look struct {
	// VM is the name or UUID that was asked for.
	VM string
	// Seen are the hosts that have the VM.
	Seen []Sighting
	// Answered are all hosts that answered, Silent those that did not.
	Answered, Silent []string
}

// LookError is a VM that could not be looked for on every host, and so may be
// anywhere else than where it was seen, too.
type LookError struct {
	Look
	// Err is a *HostsDownError when no other than unreachable hosts are the reason.
	Err error
}

func (e *LookError) Error() string { return e.Err.Error() }

func (e *LookError) Unwrap() error { return e.Err }

// look asks every host for a domain. A host that can not be reached is an error,
// a *LookError, or, with UnreachableWarn, unseen.
func (f *Fleet) look(vm string, ask func(*host.Host) (migration.Domain, error)) (look Look, unseen []error, err error) {
	return f.lookForAll(vm, func(h *host.Host) ([]migration.Domain, error) {
		d, err := ask(h)
		return []migration.Domain{d}, err
	})
}

// lookForAll is look where one host may have several.
func (f *Fleet) lookForAll(vm string, ask func(*host.Host) ([]migration.Domain, error)) (look Look, unseen []error, err error) {
	type answer struct {
		domains []migration.Domain
		err     error
	}
	answers := each(f.hosts, func(h *host.Host) answer {
		domains, err := ask(h)
		return answer{domains, err}
	})
	look.VM = vm
	var failed []error
	for i, a := range answers {
		name := f.hosts[i].Name()
		switch {
		case a.err == nil:
			look.Answered = append(look.Answered, name)
			for _, d := range a.domains {
				look.Seen = append(look.Seen, Sighting{Host: name, Domain: d})
			}
		case errors.Is(a.err, migration.ErrNoDomain):
			look.Answered = append(look.Answered, name)
		default:
			look.Silent = append(look.Silent, name)
			if f.Tolerates() && errors.Is(a.err, migration.ErrUnreachable) {
				unseen = append(unseen, a.err)
			} else {
				failed = append(failed, a.err)
			}
		}
	}
	if err := failure(failed); err != nil {
		return look, unseen, &LookError{Look: look, Err: err}
	}
	return look, unseen, nil
}

// Whereabouts says where the VM is as far as it was seen, in one line without a
// full stop: `VM NAME is running on HOST`, or what else is true.
func (l Look) Whereabouts() string {
	name := l.VM
	var running, paused, asleep []string
	for _, s := range l.Seen {
		name = s.Domain.Name
		switch state := s.Domain.State; {
		case s.running():
			running = append(running, s.Host)
		case state == migration.StatePaused, state == migration.StatePostCopySource:
			paused = append(paused, s.Host)
		case state == migration.StateAsleep:
			asleep = append(asleep, s.Host)
		}
	}
	found := "not running on " + strings.Join(l.Answered, "")
	switch {
	case len(running) > 0:
		return fmt.Sprintf("VM %s is running on %s", name, strings.Join(running, " and on "))
	case len(l.Answered) == 0:
		return fmt.Sprintf("Where VM %s is running is not known, because %s", name, l.silence())
	case len(paused) > 0 && len(asleep) > 0:
		found = fmt.Sprintf("paused on %s and %s on %s", strings.Join(paused, " and on "), migration.StateAsleep, strings.Join(asleep, " and on "))
	case len(paused) > 0:
		found = "paused on " + strings.Join(paused, " and on ")
	case len(asleep) > 0:
		found = fmt.Sprintf("%s on %s", migration.StateAsleep, strings.Join(asleep, " and on "))
	case len(l.Answered) > 1:
		found = "running neither on " + strings.Join(l.Answered, " nor on ")
	}
	if len(l.Silent) == 0 {
		return fmt.Sprintf("VM %s is %s", name, found)
	}
	return fmt.Sprintf("VM %s is %s; whether it is running on %s is not known, because %s", name, found, strings.Join(l.Silent, " or on "), l.silence())
}

// silence names the hosts that do not answer.
func (l Look) silence() string {
	if len(l.Silent) == 1 {
		return l.Silent[0] + " does not answer"
	}
	last := len(l.Silent) - 1
	return fmt.Sprintf("neither %s nor %s answers", strings.Join(l.Silent[:last], " nor "), l.Silent[last])
}

// oneVM is an *AmbiguousNameError when the hosts have different VMs of the name.
func (l Look) oneVM() error {
	if slices.ContainsFunc(l.Seen, func(s Sighting) bool { return s.Domain.UUID != l.Seen[0].Domain.UUID }) {
		return &AmbiguousNameError{Name: l.VM, Sightings: l.Seen}
	}
	return nil
}
