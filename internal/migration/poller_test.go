package migration

import (
	"context"
	"errors"
	"testing"
	"time"
)

// silentSource does not say what its job does.
type silentSource struct{ Source }

func (silentSource) Job(context.Context, string) (Job, error) { return Job{}, errLost }

// holdingDestination holds the domain in a state, or does not answer.
type holdingDestination struct {
	Destination
	state DomainState
	err   error
}

func (h holdingDestination) Domain(context.Context, string) (Domain, error) {
	return Domain{State: h.state}, h.err
}

// TestPoller_silence finds out from the destination whether the guest of a silent source
// has arrived. One that is only paused there may still run on the source.
func TestPoller_silence(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode      Mode
		ranBefore bool
		there     holdingDestination
		arrived   bool
	}{
		"it runs there":                 {PeerToPeer, true, holdingDestination{state: StateRunning}, true},
		"it is asleep there":            {PeerToPeer, true, holdingDestination{state: StateAsleep}, true},
		"it is incoming":                {PeerToPeer, true, holdingDestination{state: StateIncoming}, false},
		"it fetches memory":             {PeerToPeer, true, holdingDestination{state: StatePostCopy}, false},
		"it is paused there":            {PeerToPeer, true, holdingDestination{state: StatePaused}, false},
		"it is paused there, as before": {PeerToPeer, false, holdingDestination{state: StatePaused}, true},
		"nobody answers":                {PeerToPeer, false, holdingDestination{state: StateRunning, err: errLost}, false},
		"the calls tell":                {Direct, true, holdingDestination{state: StateRunning}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPoller(Request{Source: silentSource{}, Destination: test.there}, test.mode, test.ranBefore, nil)
			e := p.poll(t.Context(), time.Now())
			if e.kind != onSilence || !errors.Is(e.err, errLost) || e.arrived != test.arrived {
				t.Errorf("%s, error %v, arrived %t; want it silent, and arrived %t", e.kind, e.err, e.arrived, test.arrived)
			}
		})
	}
}

// stuckSource answers, but neither does its QEMU, nor can a call that holds the job go on.
type stuckSource struct {
	silentSource
	held, unresponsive bool
}

func (s stuckSource) JobHeld(context.Context, string) (bool, error) { return s.held, nil }

func (s stuckSource) Domain(context.Context, string) (Domain, error) {
	return Domain{State: StatePaused, Reason: ReasonMigration, Unresponsive: s.unresponsive}, nil
}

// TestPoller_stuck tells QEMU that does not answer in the switch-over from a source that does
// not, also where libvirt says no more than that a call holds the job.
func TestPoller_stuck(t *testing.T) {
	t.Parallel()
	disks := &StorageCopy{Disks: []CopiedDisk{{Target: "vda"}}}
	for name, test := range map[string]struct {
		source  stuckSource
		storage *StorageCopy
		sent    bool
		want    bool
	}{
		"it is":                    {stuckSource{unresponsive: true}, disks, true, true},
		"it is, and holds the job": {stuckSource{held: true, unresponsive: true}, disks, true, true},
		"it answers":               {stuckSource{}, disks, true, false},
		"libvirt connects":         {stuckSource{held: true, unresponsive: true}, disks, false, false},
		"no disk is copied":        {stuckSource{unresponsive: true}, nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPoller(Request{Source: test.source, Destination: holdingDestination{state: StateIncoming}, Storage: test.storage}, Direct, true, nil)
			p.sent, p.held = test.sent, test.source.held
			if e := p.poll(t.Context(), time.Now()); e.kind != onSilence || e.stuck != test.want || e.held != test.source.held {
				t.Errorf("%s, stuck %t, held %t", e.kind, e.stuck, e.held)
			}
		})
	}
}
