package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// RunningTwiceError is a VM that runs on more than one host, or is active on
// more than one and runs on none.
type RunningTwiceError struct {
	Name, UUID string
	// Running are the hosts that run it, Stopped those on which it is active but
	// does not run: it is paused there, say.
	Running, Stopped []string
}

func (e *RunningTwiceError) Error() string {
	switch {
	case len(e.Running) == 0:
		return fmt.Sprintf("VM %s (%s) runs nowhere, and is paused or crashed on more than one host: %s", e.Name, e.UUID, Quote(e.Stopped))
	case len(e.Stopped) == 0:
		return fmt.Sprintf("VM %s (%s) runs on more than one host: %s", e.Name, e.UUID, Quote(e.Running))
	default:
		return fmt.Sprintf("VM %s (%s) runs on more than one host: %s; a copy that does not run is on %s", e.Name, e.UUID, Quote(e.Running), Quote(e.Stopped))
	}
}

// BrokenPostCopyError is a VM whose migration lost its link in post-copy: each
// of the two hosts holds memory that the other one lacks.
type BrokenPostCopyError struct {
	Name, UUID string
	Hosts      []string
}

func (e *BrokenPostCopyError) Error() string {
	return fmt.Sprintf("the post-copy migration of VM %s (%s) has failed, and each of %s holds a part of its memory", e.Name, e.UUID, Quote(e.Hosts))
}

// SameHostError is one libvirt host that the configuration has twice.
type SameHostError struct {
	// Names are the two names it goes by.
	Names [2]string
	// HostUUID is the one that libvirt gives for both.
	HostUUID string
}

func (e *SameHostError) Error() string {
	return fmt.Sprintf("the hosts %s are one and the same libvirt host (%s)", Quote(e.Names[:]), e.HostUUID)
}

// home picks the one host that the VM is on: where it runs, else where it is
// active, else where it is defined. A definition that libvirt says was migrated
// away is the last choice, the host where the VM was last seen the first.
func home(sightings []Sighting, last string) (Sighting, error) {
	var active, running, stopped, broken []Sighting
	for _, s := range sightings {
		if s.Domain.Active() {
			active = append(active, s)
		}
		switch {
		case s.running():
			running = append(running, s)
		case s.Domain.Active():
			stopped = append(stopped, s)
		}
		if s.Domain.State == migration.StatePostCopyFailed {
			broken = append(broken, s)
		}
	}
	switch {
	case len(running) > 1, len(running) == 0 && len(active) > 1 && len(broken) == 0:
		return Sighting{}, &RunningTwiceError{Name: active[0].Domain.Name, UUID: active[0].Domain.UUID, Running: hostsSeen(running), Stopped: hostsSeen(stopped)}
	case len(active) > 1 && len(broken) > 0:
		return Sighting{}, &BrokenPostCopyError{Name: active[0].Domain.Name, UUID: active[0].Domain.UUID, Hosts: hostsSeen(active)}
	case len(running) == 1:
		return running[0], nil
	case len(active) == 1:
		return active[0], nil
	}
	defined := slices.DeleteFunc(slices.Clone(sightings), func(s Sighting) bool { return s.Domain.Reason == migration.ReasonMigrated })
	if len(defined) == 0 {
		defined = sightings
	}
	for _, s := range defined {
		if s.Host == last {
			return s, nil
		}
	}
	return defined[0], nil
}

func hostsSeen(sightings []Sighting) []string {
	names := make([]string, len(sightings))
	for i, s := range sightings {
		names[i] = s.Host
	}
	return names
}

// checkApart makes sure that a VM seen on several hosts was not seen on one of
// them twice, which would look like two copies of it.
func (f *Fleet) checkApart(ctx context.Context, sightings []Sighting) error {
	if len(sightings) < 2 {
		return nil
	}
	hosts := make([]*host.Host, len(sightings))
	for i, s := range sightings {
		h, err := f.host(s.Host)
		if err != nil {
			return err
		}
		hosts[i] = h
	}
	r := identify(ctx, hosts)
	return cmp.Or(r.same, failure(r.failures()))
}
