package instance

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

func TestOwningKeepsOnlyAnOwnerOfItsOwn(t *testing.T) {
	t.Parallel()
	const owner = "6d696772-6174-4e00-8000-676c6f62616c"
	for name, test := range map[string]struct {
		memory Memory
		keeps  bool
	}{
		"a new instance":                {Memory{}, false},
		"its own":                       {Memory{Owner: owner}, true},
		"that of the imported record":   {Importing(owner), false},
		"an imported one without owner": {Importing(""), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.memory.Owning()
			if keeps := got.Owner == owner; keeps != test.keeps || uuid.Validate(got.Owner) != nil || got.Imported != "" {
				t.Errorf("it becomes %+v, and keeps the owner: %v, want %v", got, keeps, test.keeps)
			}
			if again := got.Owning(); again.Owner != got.Owner {
				t.Errorf("its owner %s becomes %s with the next change", got.Owner, again.Owner)
			}
			wasTheirs := ""
			if test.memory.Imported != "" {
				wasTheirs = test.memory.Owner
			}
			if claim := got.Claim(fleet.Declaration{}); claim.Owner != got.Owner || claim.Imported != wasTheirs {
				t.Errorf("it claims with %+v, want the imported owner %q", claim, wasTheirs)
			}
		})
	}
}

func TestClaimNamesFormerNamesOnlyOfAClusterRecord(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	m := Memory{Owner: "owner", DeclaredAt: at, Formerly: []string{"old"}, Seen: map[string]fleet.Digest{"host": "digest"}}
	for name, test := range map[string]struct{ declared, want fleet.Declaration }{
		"a cluster": {
			fleet.Declaration{Cluster: "new"},
			fleet.Declaration{Cluster: "new", Owner: "owner", DeclaredAt: at, Formerly: []string{"old"}, Seen: m.Seen},
		},
		"another level": {fleet.Declaration{}, fleet.Declaration{Owner: "owner", DeclaredAt: at, Seen: m.Seen}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, m.Claim(test.declared)); diff != "" {
				t.Errorf("claim (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChangedForgetsNothingThatTheChangeDidNotReach(t *testing.T) {
	t.Parallel()
	kvm1, kvm2 := fleet.Member{Name: "kvm1", UUID: "1"}, fleet.Member{Name: "kvm2", UUID: "2", LetGo: true}
	before := Memory{Owner: "owner", DeclaredAt: time.Unix(1, 0), Formerly: []string{"old"}}.Owning()
	outcome := fleet.Outcome{Written: []fleet.Member{kvm1}, LetGo: []fleet.Member{kvm2}}

	partial := before.Changed(outcome, errors.New("kvm3 is down"))
	if !partial.DeclaredAt.Equal(before.DeclaredAt) || len(partial.Formerly) == 0 {
		t.Errorf("after a change that did not reach all hosts: %+v", partial)
	}
	without := before.Changed(outcome, nil)
	if !without.DeclaredAt.After(before.DeclaredAt) || len(without.Formerly) == 0 {
		t.Errorf("after a change that reached all hosts that are left, and not the one let go: %+v", without)
	}
	for _, after := range []Memory{partial, without} {
		if diff := cmp.Diff([]fleet.Member{kvm1, kvm2}, after.Hosts); diff != "" {
			t.Errorf("hosts (-want +got):\n%s", diff)
		}
	}
	whole := before.Changed(fleet.Outcome{Written: outcome.Written}, nil)
	if !whole.DeclaredAt.After(before.DeclaredAt) || len(whole.Formerly) > 0 {
		t.Errorf("after a change that reached all hosts: %+v", whole)
	}
}

// TestChangedWatchesHostsOfOtherClusters has the next plan ask a host that an update left
// to another cluster, so that it says why the record is not there.
func TestChangedWatchesHostsOfOtherClusters(t *testing.T) {
	t.Parallel()
	kvm1, kvm2 := fleet.Member{Name: "kvm1", UUID: "1"}, fleet.Member{Name: "kvm2", UUID: "2"}
	after := Memory{Hosts: []fleet.Member{kvm1}}.Changed(
		fleet.Outcome{Written: []fleet.Member{kvm1}, Lacking: []fleet.Member{kvm2}}, &fleet.PartialError{Unwritten: []string{"kvm2"}})
	if diff := cmp.Diff([]fleet.Member{kvm1, kvm2}, after.Watched()); diff != "" {
		t.Errorf("watched (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]fleet.Member{kvm1}, after.Hosts); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}

func TestSurveyedForgetsFormerNamesOnceNoHostHasThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		survey fleet.Survey
		keeps  bool
	}{
		"all in sync":                    {fleet.Survey{}, false},
		"one has drifted":                {fleet.Survey{Drift: []fleet.Drift{{Copy: fleet.Copy{Host: "kvm1"}, Kind: fleet.DriftMissing}}}, true},
		"one has left the configuration": {fleet.Survey{LetGo: []fleet.Member{{Name: "kvm1", UUID: "1", LetGo: true}}}, true},
		"one cannot be reached":          {fleet.Survey{Unseen: []error{errors.New("kvm1 is down")}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Memory{Formerly: []string{"old"}}.Surveyed(test.survey)
			if keeps := len(got.Formerly) > 0; keeps != test.keeps {
				t.Errorf("it keeps the former name: %v, want %v", keeps, test.keeps)
			}
		})
	}
}

// TestSurveyedRemembersHostsThatLackTheirCopy follows one that has lost its copy through
// what can become of it, with its UUID and apart from those that have theirs.
func TestSurveyedRemembersHostsThatLackTheirCopy(t *testing.T) {
	t.Parallel()
	kvm1, kvm2 := fleet.Member{Name: "kvm1", UUID: "1"}, fleet.Member{Name: "kvm2", UUID: "2"}
	left := kvm2
	left.LetGo = true
	missing := []fleet.Drift{{Copy: fleet.Copy{Host: "kvm2", HostUUID: "2"}, Kind: fleet.DriftMissing}}
	one, two := []fleet.Member{kvm1}, []fleet.Member{kvm2}
	for name, test := range map[string]struct {
		before         Memory
		survey         fleet.Survey
		hosts, lacking []fleet.Member
		letGo          []fleet.Member
	}{
		"it loses the copy":       {Memory{Hosts: []fleet.Member{kvm1, kvm2}}, fleet.Survey{Written: one, Drift: missing}, one, two, nil},
		"it still lacks it":       {Memory{Hosts: one, Lacking: two}, fleet.Survey{Written: one, Drift: missing}, one, two, nil},
		"it is silent then":       {Memory{Hosts: one, Lacking: two}, fleet.Survey{Written: []fleet.Member{kvm1, kvm2}, Unasked: []string{"kvm2"}}, one, two, nil},
		"it is back in sync":      {Memory{Hosts: one, Lacking: two}, fleet.Survey{Written: []fleet.Member{kvm1, kvm2}}, []fleet.Member{kvm1, kvm2}, nil, nil},
		"it leaves the provider":  {Memory{Hosts: one, Lacking: two}, fleet.Survey{Written: one, LetGo: []fleet.Member{left}}, one, nil, nil},
		"one with a copy leaves":  {Memory{Hosts: []fleet.Member{kvm1, kvm2}}, fleet.Survey{Written: one, LetGo: []fleet.Member{left}}, []fleet.Member{kvm1, left}, nil, []fleet.Member{left}},
		"one has left before":     {Memory{Hosts: []fleet.Member{kvm1, left}}, fleet.Survey{Written: one, LetGo: []fleet.Member{left}}, []fleet.Member{kvm1, left}, nil, nil},
		"a silent one has a copy": {Memory{Hosts: []fleet.Member{kvm1, kvm2}}, fleet.Survey{Written: []fleet.Member{kvm1, kvm2}, Unasked: []string{"kvm2"}}, []fleet.Member{kvm1, kvm2}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.before.Surveyed(test.survey)
			if diff := cmp.Diff(test.hosts, got.Hosts, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.lacking, got.Lacking, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("lacking (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.letGo, test.before.LetGo(test.survey), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("let go (-want +got):\n%s", diff)
			}
		})
	}
}
