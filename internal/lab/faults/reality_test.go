//go:build lab

package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// whereabouts is where a guest is, as both hosts say by their own sockets.
type whereabouts string

const (
	onSource      whereabouts = "running on source"
	onDestination whereabouts = "running on destination"
	onNeither     whereabouts = "running on neither host"
	// splitMemory is a post-copy migration that lost its link: each host has a part of the memory.
	splitMemory whereabouts = "memory split between the hosts"
	// pausedOnSource was paused by a direct migration whose client was lost during the switch-over, until a person resumes
	// it.
	pausedOnSource whereabouts = "paused on source"
	// onSourceDefined is onSource with a shut-off definition on the destination, which provider and next move cope with.
	onSourceDefined whereabouts = "running on source, defined on destination"
	// unexpected is none of these, and always wrong.
	unexpected whereabouts = "unexpected"
)

// observation is what one host says of the guest.
type observation struct {
	// state is virsh's, such as "running" or "paused"; empty when the host has no such domain, and "silent" when its
	// daemon does not answer. reason is virsh's, too.
	state, reason string
	job           bool // a job runs
	qemu          bool // a QEMU of the guest exists
	transient     bool // there is no definition, so that the guest is gone once it stops
}

// silent is the state on a host whose daemon is dead or stopped.
const silent = "silent"

func (h observation) runs() bool   { return h.state == "running" && !h.split() }
func (h observation) lives() bool  { return h.runs() && !h.transient }
func (h observation) absent() bool { return h.state == "" && !h.qemu }
func (h observation) ended() bool  { return h.absent() || h.state == "shut off" && !h.qemu }
func (h observation) split() bool  { return strings.HasPrefix(h.reason, "post-copy") }

func (h observation) String() string {
	text := h.state
	if text == "" {
		text = "absent"
	}
	if h.reason != "" {
		text += " (" + h.reason + ")"
	}
	if h.job {
		text += ", with a job"
	}
	if h.qemu && !h.runs() {
		text += ", with a QEMU"
	}
	if h.transient {
		text += ", not defined"
	}
	return text
}

// reality is what both hosts have.
type reality struct{ source, destination observation }

func (r reality) String() string {
	return fmt.Sprintf("source: %s; destination: %s", r.source, r.destination)
}

// copies is how many copies of the guest run.
func (r reality) copies() int {
	copies := 0
	for _, h := range []observation{r.source, r.destination} {
		if h.runs() {
			copies++
		}
	}
	return copies
}

// whereabouts sums both hosts up.
func (r reality) whereabouts() whereabouts {
	switch {
	case r.source.split() && r.destination.split():
		return splitMemory
	case r.source.job || r.destination.job:
		return unexpected
	case r.source.lives() && r.destination.absent():
		return onSource
	case r.source.lives() && r.destination.ended():
		return onSourceDefined
	case r.destination.lives() && r.source.absent():
		return onDestination
	case r.source.state == "paused" && r.source.reason == "migrating" && r.destination.absent():
		return pausedOnSource
	case r.source.ended() && r.destination.absent():
		return onNeither
	}
	return unexpected
}

// reality asks both hosts.
func (s *stage) reality() reality {
	return reality{source: s.observe(s.from), destination: s.observe(s.to)}
}

// observeLimit is how long a daemon that does not answer is asked.
const observeLimit = 5 * time.Second

// patienceWith is how long a daemon is asked: one that is stopped does not answer, and any other does, however slow.
func patienceWith(host *lab.Host) time.Duration {
	if host.Paused() {
		return observeLimit
	}
	return patience
}

func (s *stage) observe(host *lab.Host) observation {
	ctx, cancel := context.WithTimeout(s.Context(), patienceWith(host))
	defer cancel()
	h := observation{}
	for _, name := range s.guest.HostsRunning() {
		h.qemu = h.qemu || name == host.Name
	}
	listed, err := host.Virsh(ctx, "list", "--all", "--uuid")
	switch {
	case err != nil:
		h.state = silent
		return h
	case !strings.Contains(listed, s.guest.UUID):
		return h
	}
	state, err := host.Virsh(ctx, "domstate", "--reason", s.guest.UUID)
	if err != nil {
		return h // it went meanwhile
	}
	h.state, h.reason, _ = strings.Cut(strings.TrimSpace(state), " (")
	h.reason = strings.TrimSuffix(h.reason, ")")
	defined, err := host.Virsh(ctx, "list", "--all", "--persistent", "--uuid")
	h.transient = err == nil && !strings.Contains(defined, s.guest.UUID)
	job, err := host.Virsh(ctx, "domjobinfo", s.guest.UUID)
	h.job = err != nil && strings.Contains(err.Error(), "only on the source host") || err == nil && !strings.Contains(job, "None")
	return h
}

// restartCrashed starts every libvirtd that has ended by itself, as a service manager does: some faults make libvirtd
// itself fail.
func (s *stage) restartCrashed() {
	s.Helper()
	for _, host := range []*lab.Host{s.from, s.to} {
		if !host.Running() {
			s.Logf("libvirtd of %s has crashed", host.Name)
			s.crashed = append(s.crashed, host.Name)
			s.must(host.Start(s.Context()))
		}
	}
}

// rest is how long both hosts must stay as they are to be taken for having come to rest.
const rest = time.Second

// settled waits until both hosts have come to rest, and returns what they have then: what they must have, or whatever it
// is when patience is over.
func (s *stage) settled(ends []whereabouts) reality {
	var r reality
	changed := time.Now()
	s.within(2*patience, func() bool {
		s.restartCrashed()
		before := r
		if r = s.reality(); r != before {
			changed = time.Now()
		}
		return slices.Contains(ends, r.whereabouts()) && time.Since(changed) >= rest
	})
	return r
}
