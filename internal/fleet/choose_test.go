package fleet

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// silentFleet is a fleet of hosts that cannot be reached.
func silentFleet(t *testing.T, names ...string) *Fleet {
	t.Helper()
	config := Config{MaxOutgoing: 2, MaxIncoming: 2}
	for _, name := range names {
		config.Hosts = append(config.Hosts, host.Config{Name: name, URI: "qemu+unix:///system?socket=/nowhere/" + name})
	}
	f, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestSearchDirects gives a move its destination where nothing has to be asked for that.
func TestSearchDirects(t *testing.T) {
	t.Parallel()
	running := migration.Domain{UUID: "6d696772-6174-4e00-8000-000000000001", Name: "web", State: migration.StateRunning}
	off := running
	off.State = migration.StateShutOff
	among := Candidates{Hosts: []string{"kvm2", "kvm3"}}
	for name, test := range map[string]struct {
		move     Move
		location Location
		refused  string
		want     string
		nowhere  bool
	}{
		"the destination is given":       {Move{Destination: "kvm1"}, Location{Host: "kvm9", Domain: running}, "", "kvm1", false},
		"it is on a candidate":           {Move{Among: among}, Location{Host: "kvm3", Domain: running}, "", "kvm3", false},
		"it is on its way to one":        {Move{Among: among}, Location{Host: "kvm1", Domain: running, Receiving: []string{"kvm3"}}, "", "kvm3", false},
		"it is on its way elsewhere":     {Move{Among: among}, Location{Host: "kvm1", Domain: running, Receiving: []string{"kvm4"}}, "", "", true},
		"that one has refused it":        {Move{Among: among}, Location{Host: "kvm1", Domain: running, Receiving: []string{"kvm3"}}, "kvm3", "", true},
		"it is left where it is":         {Move{Among: among, IfShutOff: ShutOffIgnore}, Location{Host: "kvm1", Domain: off}, "", "", false},
		"no candidate answers":           {Move{Among: among}, Location{Host: "kvm1", Domain: running}, "", "", true},
		"a destination of an older turn": {Move{Among: among, Destination: "kvm2"}, Location{Host: "kvm1", Domain: running}, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := silentFleet(t, "kvm1", "kvm2", "kvm3").search(test.move)
			defer s.end()
			if test.refused != "" {
				s.refused[test.refused] = migration.Finding{}
			}
			move := test.move
			err := s.direct(t.Context(), &move, test.location)
			var nowhere *NoDestinationError
			if errors.As(err, &nowhere) != test.nowhere || err != nil && !test.nowhere {
				t.Fatalf("got %v", err)
			}
			if move.Destination != test.want {
				t.Errorf("it goes to %q, want %q", move.Destination, test.want)
			}
			if nowhere != nil {
				want := map[string]placement.Reason{"kvm2": placement.Silent{}, "kvm3": placement.Silent{}}
				if diff := cmp.Diff(want, nowhere.Rejected); diff != "" {
					t.Errorf("rejected (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestSearchRefuses tells what rules out one host from what is so for all of them.
func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	on := func(check migration.Check, host string) migration.Finding {
		return migration.Finding{Check: check, Host: host}
	}
	for name, test := range map[string]struct {
		chosen   bool
		findings []migration.Finding
		want     bool
	}{
		"the host lacks something":          {true, []migration.Finding{on(preflight.CheckCPU, "kvm2")}, true},
		"the host does not answer":          {true, []migration.Finding{on(migration.CheckAnswers, "kvm2")}, true},
		"the host has a managed-save image": {true, []migration.Finding{on(preflight.CheckSave, "kvm2")}, true},
		"the source does not answer":        {true, []migration.Finding{on(migration.CheckAnswers, "kvm1")}, false},
		"so has the source":                 {true, []migration.Finding{on(preflight.CheckSave, "kvm1")}, false},
		"the VM does not run":               {true, []migration.Finding{on(migration.CheckState, "kvm1")}, false},
		"the host lacks something, and the VM does not run": {
			true, []migration.Finding{on(preflight.CheckCPU, "kvm2"), on(migration.CheckState, "kvm1")}, false,
		},
		"the policy contradicts itself": {true, []migration.Finding{{Check: preflight.CheckPolicy, Fact: preflight.PolicyConflict{Conflict: policy.Conflict{}}}}, false},
		"nothing was found":             {true, nil, false},
		"nothing was chosen":            {false, []migration.Finding{on(preflight.CheckCPU, "kvm2")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &search{refused: map[string]fmt.Stringer{}}
			if test.chosen {
				s.choice = &placement.Choice{}
			}
			if got := s.refuses("kvm2", test.findings); got != test.want || len(s.refused) > 0 != test.want {
				t.Errorf("refused: %v, %v", got, s.refused)
			}
		})
	}
}

func TestNoDestinationIsClosed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rejected map[string]placement.Reason
		want     bool
	}{
		"a host is cordoned": {map[string]placement.Reason{"kvm2": placement.Silent{}, "kvm3": placement.Cordoned{}}, true},
		"one is emptied":     {map[string]placement.Reason{"kvm2": placement.Silent{}, "kvm3": placement.Emptied{}}, true},
		"none is":            {map[string]placement.Reason{"kvm2": placement.Silent{}}, false},
		"there is none":      {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e := (&NoDestinationError{Rejected: test.rejected}); e.Closed() != test.want {
				t.Errorf("it is closed: %v", e.Closed())
			}
		})
	}
}

func TestWantedTwice(t *testing.T) {
	t.Parallel()
	several := func(cluster string, hosts ...string) Wanted { return Wanted{Among: Candidates{hosts, cluster}} }
	for name, test := range map[string]struct {
		first, second Wanted
		refused       bool
	}{
		"the same host":      {Wanted{Host: "kvm1"}, Wanted{Host: "kvm1"}, false},
		"another host":       {Wanted{Host: "kvm1"}, Wanted{Host: "kvm2"}, true},
		"the same hosts":     {several("", "kvm1", "kvm2"), several("", "kvm1", "kvm2"), false},
		"other hosts":        {several("", "kvm1", "kvm2"), several("", "kvm1"), true},
		"one of these hosts": {several("", "kvm1", "kvm2"), Wanted{Host: "kvm1"}, true},
		"the same cluster":   {several("a"), several("a"), false},
		"another cluster":    {several("a"), several("b"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := silentFleet(t, "kvm1")
			if err := f.Want("web", test.first); err != nil {
				t.Fatal(err)
			}
			var twice *WantedTwiceError
			if err := f.Want("web", test.second); errors.As(err, &twice) != test.refused {
				t.Errorf("got %v", err)
			}
		})
	}
}
