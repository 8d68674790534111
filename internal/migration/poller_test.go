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
