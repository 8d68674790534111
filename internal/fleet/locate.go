package fleet

import (
	"cmp"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Everything here is decided only from what hosts have said: find.go asks them.

// trust is how far one answer of all hosts can be relied on.
type trust int

const (
	// certain is true once it was seen.
	certain trust = iota
	// confirmed is what is true once it was seen twice.
	confirmed
	// transient is what ends by itself: the moment of a migration in which only an
	// incoming domain is seen, between the VM's end here and its start there.
	transient
)

// unheard are the hosts that did not answer, where a VM may be found without them:
// tolerable tells which may be left out. The error is an *ObservationError when one may
// not.
func unheard(w migration.Whereabouts, tolerable func(error) bool) ([]error, error) {
	var unseen, failed []error
	for _, o := range w.Hosts {
		switch {
		case o.Known():
		case tolerable(o.Err):
			unseen = append(unseen, o.Err)
		default:
			failed = append(failed, o.Err)
		}
	}
	if err := failure(failed); err != nil {
		return unseen, &ObservationError{Seen: w, Err: err}
	}
	return unseen, nil
}

// locate decides where a VM is, which was last seen on the host last. unseen is why
// hosts could not be asked that may be left out.
func locate(w migration.Whereabouts, last string, unseen []error) (Location, trust, error) {
	homes, migrating := apart(w.Seen())
	switch {
	case slices.ContainsFunc(homes, active), len(migrating) == 0 && len(homes) > 0 && !leftBehind(homes, last, w.Silent()):
		location, err := atHome(homes, last)
		location.Unseen = unseen
		location.FetchesFrom = cmp.Or(append(hostsIn(migrating, migration.StatePostCopySource), "")...)
		location.Receiving = hostsIn(migrating, migration.StateIncoming)
		var twice *RunningTwiceError
		if errors.As(err, &twice) {
			return location, confirmed, err
		}
		return location, certain, err
	case len(unseen) > 0:
		return Location{}, certain, &UnseenError{Seen: w, Unseen: unseen}
	case len(migrating) == 0:
		return Location{}, confirmed, &NotFoundError{VM: w.VM, Hosts: hostsSeen(w.Hosts)}
	default:
		return Location{}, transient, &InTransitError{VM: w.VM, Seen: migrating}
	}
}

// named is the UUID of the VM that a name means, as the hosts know it.
func named(w migration.Whereabouts, unseen []error) (uuid string, err error) {
	switch seen := w.Seen(); {
	case len(seen) > 0:
		return seen[0].Domain.UUID, nil
	case len(unseen) > 0:
		return "", &UnseenError{Seen: w, Unseen: unseen}
	default:
		return "", &NotFoundError{VM: w.VM, Hosts: hostsSeen(w.Hosts)}
	}
}

// oneVM is an *AmbiguousNameError when the hosts have different VMs of the name.
func oneVM(w migration.Whereabouts) error {
	seen := w.Seen()
	if slices.ContainsFunc(seen, func(o migration.Observation) bool { return o.Domain.UUID != seen[0].Domain.UUID }) {
		return &AmbiguousNameError{Name: w.VM, Seen: seen}
	}
	return nil
}

func active(o migration.Observation) bool { return o.Domain.Active() }

// leftBehind tells whether shut-off definitions may be the leftovers of a VM that is on
// a host which cannot be asked: it was last seen there, or libvirt says that it was
// migrated away.
func leftBehind(homes []migration.Observation, last string, silent []string) bool {
	all := !slices.ContainsFunc(homes, func(o migration.Observation) bool { return !o.Migrated() })
	return len(silent) > 0 && (all || slices.Contains(silent, last))
}

// apart separates the homes of a VM from where it only is while it migrates.
func apart(seen []migration.Observation) (homes, migrating []migration.Observation) {
	for _, o := range seen {
		if o.Is(migration.StateIncoming, migration.StatePostCopySource) {
			migrating = append(migrating, o)
		} else {
			homes = append(homes, o)
		}
	}
	return homes, migrating
}

// atHome picks the VM's home among the hosts that have it.
func atHome(homes []migration.Observation, last string) (Location, error) {
	home, err := home(homes, last)
	if err != nil {
		return Location{}, err
	}
	location := Location{Host: home.Host, Domain: home.Domain}
	for _, o := range homes {
		switch {
		case o.Host == home.Host:
		case o.Domain.Active():
			location.Paused = append(location.Paused, o.Host)
		default:
			location.Leftovers = append(location.Leftovers, o.Host)
		}
	}
	return location, nil
}

// home picks the one host that the VM is on: where it runs, else where it is
// active, else where it is defined. A definition that libvirt says was migrated
// away is the last choice, the host where the VM was last seen the first.
func home(seen []migration.Observation, last string) (migration.Observation, error) {
	var held, running, stopped, broken []migration.Observation
	for _, o := range seen {
		if o.Domain.Active() {
			held = append(held, o)
		}
		switch {
		case o.Running():
			running = append(running, o)
		case o.Domain.Active():
			stopped = append(stopped, o)
		}
		if o.Is(migration.StatePostCopyFailed) {
			broken = append(broken, o)
		}
	}
	switch {
	case len(running) > 1, len(running) == 0 && len(held) > 1 && len(broken) == 0:
		return migration.Observation{}, &RunningTwiceError{
			Name: held[0].Domain.Name, UUID: held[0].Domain.UUID,
			Running: hostsSeen(running), Stopped: hostsSeen(stopped),
		}
	case len(held) > 1 && len(broken) > 0:
		return migration.Observation{}, &BrokenPostCopyError{
			Name: held[0].Domain.Name, UUID: held[0].Domain.UUID, Hosts: hostsSeen(held),
		}
	case len(running) == 1:
		return running[0], nil
	case len(held) == 1:
		return held[0], nil
	}
	defined := slices.DeleteFunc(slices.Clone(seen), migration.Observation.Migrated)
	if len(defined) == 0 {
		defined = seen
	}
	for _, o := range defined {
		if o.Host == last {
			return o, nil
		}
	}
	return defined[0], nil
}

// hostsIn are the hosts where the VM is in a state.
func hostsIn(seen []migration.Observation, state migration.DomainState) []string {
	var names []string
	for _, o := range seen {
		if o.Is(state) {
			names = append(names, o.Host)
		}
	}
	return names
}

func hostsSeen(seen []migration.Observation) []string {
	names := make([]string, len(seen))
	for i, o := range seen {
		names[i] = o.Host
	}
	return names
}
