package explain

import (
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// observations is everything one host can say.
func observations(host string) map[string]migration.Observation {
	all := map[string]migration.Observation{
		"gone":   {Host: host, Err: migration.ErrNoDomain},
		"silent": {Host: host, Err: migration.ErrUnreachable},
	}
	for state := migration.StateShutOff; state <= migration.StateCrashed; state++ {
		all[state.String()] = migration.Observation{Host: host, Domain: migration.Domain{State: state}}
	}
	return all
}

func TestWhereabouts_outcome(t *testing.T) {
	t.Parallel()
	here, there := observations("kvm1"), observations("kvm2")
	tests := []struct {
		source, destination string
		place               migration.Place
		text                string
	}{
		{"running", "gone", migration.OnSource, "VM web is running on kvm1"},
		{"running", "shut off", migration.OnSource, "VM web is running on kvm1"},
		{"running", "being received", migration.OnSource, "VM web is running on kvm1"},
		{"running", "silent", migration.OnSource, "VM web is running on kvm1"},
		{"gone", "running", migration.OnDestination, "VM web is running on kvm2"},
		{"shut off", "running", migration.OnDestination, "VM web is running on kvm2"},
		{"silent", "running", migration.OnDestination, "VM web is running on kvm2"},
		{"paused", "running", migration.OnDestination, "VM web is running on kvm2"},
		{"left behind by a migration in post-copy", "running, in post-copy", migration.FetchingMemory, "VM web is running on kvm2"},
		{"silent", "running, in post-copy", migration.FetchingMemory, "VM web is running on kvm2"},
		{"paused", "gone", migration.PausedOnSource, "VM web is paused on kvm1"},
		{"paused", "being received", migration.PausedOnSource, "VM web is paused on kvm1"},
		{"gone", "paused", migration.PausedOnDestination, "VM web is paused on kvm2"},
		{"paused", "paused", migration.PausedOnBoth, "VM web is paused on kvm1 and on kvm2"},
		{"asleep (pmsuspended)", "gone", migration.PausedOnSource, "VM web is asleep (pmsuspended) on kvm1"},
		{"asleep (pmsuspended)", "silent", migration.Unknown, "VM web is asleep (pmsuspended) on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer"},
		{"asleep (pmsuspended)", "running", migration.OnDestination, "VM web is running on kvm2"},
		{"gone", "asleep (pmsuspended)", migration.PausedOnDestination, "VM web is asleep (pmsuspended) on kvm2"},
		{"running", "asleep (pmsuspended)", migration.OnSource, "VM web is running on kvm1"},
		{"asleep (pmsuspended)", "asleep (pmsuspended)", migration.PausedOnBoth, "VM web is asleep (pmsuspended) on kvm1 and on kvm2"},
		{"asleep (pmsuspended)", "paused", migration.PausedOnBoth, "VM web is asleep (pmsuspended) on kvm1 and paused on kvm2"},
		{"running", "running", migration.OnBoth, "VM web is running on kvm1 and on kvm2"},
		{"running", "running, in post-copy", migration.OnBoth, "VM web is running on kvm1 and on kvm2"},
		{"gone", "gone", migration.OnNeither, "VM web is running neither on kvm1 nor on kvm2"},
		{"crashed", "gone", migration.OnNeither, "VM web is running neither on kvm1 nor on kvm2"},
		{"shut off", "being received", migration.OnNeither, "VM web is running neither on kvm1 nor on kvm2"},
		{"left by a failed post-copy migration", "left by a failed post-copy migration", migration.SplitMemory, "VM web cannot go on: a part of its memory is on kvm2 and the rest is on kvm1"},
		{"left behind by a migration in post-copy", "gone", migration.SplitMemory, "VM web cannot go on: a part of its memory is on kvm1 and the rest was on kvm2, which does not have it any more"},
		{"shut off", "left by a failed post-copy migration", migration.SplitMemory, "VM web cannot go on: a part of its memory is on kvm2 and the rest was on kvm1, which does not have it any more"},
		{"left by a failed post-copy migration", "silent", migration.SplitMemory, "VM web cannot go on: a part of its memory is on kvm1 and the rest was on kvm2; whether it still is there is not known, because kvm2 does not answer"},
		{"silent", "left by a failed post-copy migration", migration.SplitMemory, "VM web cannot go on: a part of its memory is on kvm2 and the rest was on kvm1; whether it still is there is not known, because kvm1 does not answer"},
		{"silent", "silent", migration.Unknown, "Where VM web is running is not known, because neither kvm1 nor kvm2 answers"},
		{"silent", "gone", migration.Unknown, "VM web is not running on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"},
		{"gone", "silent", migration.Unknown, "VM web is not running on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer"},
		{"paused", "silent", migration.Unknown, "VM web is paused on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer"},
		{"silent", "paused", migration.Unknown, "VM web is paused on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"},
	}
	for _, test := range tests {
		o := migration.Outcome{Name: "web", Source: here[test.source], Destination: there[test.destination]}
		if o.Source.Host == "" || o.Destination.Host == "" {
			t.Fatalf("no such observation: %q, %q", test.source, test.destination)
		}
		if got := o.Place(); got != test.place {
			t.Errorf("%s here, %s there: %q, want %q", test.source, test.destination, got, test.place)
		}
		if got := Whereabouts(o.Whereabouts()); got != test.text {
			t.Errorf("%s here, %s there: %q, want %q", test.source, test.destination, got, test.text)
		}
	}
}

// Of all that two hosts can say, nothing is claimed that they did not.
func TestWhereaboutsClaimsNothingThatWasNotSeen(t *testing.T) {
	t.Parallel()
	for source, here := range observations("kvm1") {
		for destination, there := range observations("kvm2") {
			for _, ranBefore := range []bool{true, false} {
				o := migration.Outcome{Name: "web", Source: here, Destination: there}
				where := source + " here, " + destination + " there"
				text := Whereabouts(o.Whereabouts())
				if strings.HasSuffix(text, "is running on kvm1") && !strings.HasPrefix(source, "running") {
					t.Errorf("%s: %q", where, text)
				}
				if strings.HasSuffix(text, "is running on kvm2") && !strings.HasPrefix(destination, "running") {
					t.Errorf("%s: %q", where, text)
				}
				seen := destination == "running" || destination == "asleep (pmsuspended)" || destination == "paused" && !ranBefore
				gone := source == "gone" || source == "shut off"
				arrived := seen && gone
				if !arrived && o.Place() != migration.OnSource && remedy(o) == "" && !(gone && destination == "running") {
					t.Errorf("%s: no word on what to do", where)
				}
			}
		}
	}
}

func TestWhereabouts_hosts(t *testing.T) {
	t.Parallel()
	type states map[string]migration.DomainState
	const (
		off, running, paused     = migration.StateShutOff, migration.StateRunning, migration.StatePaused
		incoming, postCopySource = migration.StateIncoming, migration.StatePostCopySource
	)
	for want, test := range map[string]struct {
		seen             states
		answered, silent []string
	}{
		"VM web is running on a": {
			states{"a": running}, []string{"a"}, []string{"b"},
		},
		"VM web is running on b": { // whatever is left elsewhere
			states{"a": off, "b": running, "c": incoming}, []string{"a", "b", "c"}, nil,
		},
		"VM web is running on a and on b": {
			states{"a": running, "b": migration.StatePostCopy}, []string{"a", "b"}, nil,
		},
		"VM web is paused on a; whether it is running on b is not known, because b does not answer": {
			states{"a": paused}, []string{"a"}, []string{"b"},
		},
		"VM web is paused on a; whether it is running on b or on c is not known, because neither b nor c answers": {
			states{"a": postCopySource}, []string{"a"}, []string{"b", "c"},
		},
		"VM web is asleep (pmsuspended) on a; whether it is running on b is not known, because b does not answer": {
			states{"a": migration.StateAsleep}, []string{"a"}, []string{"b"},
		},
		"VM web is paused on a and asleep (pmsuspended) on b": {
			states{"a": paused, "b": migration.StateAsleep}, []string{"a", "b"}, nil,
		},
		"VM web is not running on a; whether it is running on b is not known, because b does not answer": {
			states{"a": incoming}, []string{"a"}, []string{"b"},
		},
		"VM web is running neither on a nor on b; whether it is running on c is not known, because c does not answer": {
			states{"a": off}, []string{"a", "b"}, []string{"c"},
		},
		"VM asked is not running on a; whether it is running on b is not known, because b does not answer": {
			nil, []string{"a"}, []string{"b"},
		},
		"Where VM asked is running is not known, because a does not answer": {
			nil, nil, []string{"a"},
		},
		"Where VM asked is running is not known, because neither a nor b nor c answers": {
			nil, nil, []string{"a", "b", "c"},
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			w := migration.Whereabouts{VM: "asked"}
			for _, host := range test.answered {
				o := migration.Observation{Host: host, Err: migration.ErrNoDomain}
				if state, ok := test.seen[host]; ok {
					o = migration.Observation{Host: host, Domain: migration.Domain{Name: "web", State: state}}
				}
				w.Hosts = append(w.Hosts, o)
			}
			for _, host := range test.silent {
				w.Hosts = append(w.Hosts, migration.Observation{Host: host, Err: migration.ErrUnreachable})
			}
			if got := Whereabouts(w); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Of a VM to which nothing was done, a definition is worth telling.
func TestWhereabouts_untouched(t *testing.T) {
	t.Parallel()
	w := migration.Whereabouts{VM: "web", Untouched: true, Hosts: []migration.Observation{
		{Host: "a", Domain: migration.Domain{Name: "web", State: migration.StateShutOff}}, {Host: "b", Err: migration.ErrNoDomain},
	}}
	if got, want := Whereabouts(w), "VM web is shut off on a"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
