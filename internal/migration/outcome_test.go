package migration

import (
	"testing"
	"time"
)

// observations is everything one host can say.
func observations(host string) map[string]Observation {
	all := map[string]Observation{
		"gone":   {Host: host, Err: ErrNoDomain},
		"silent": {Host: host, Err: ErrUnreachable},
	}
	for state := StateShutOff; state <= StateCrashed; state++ {
		all[state.String()] = Observation{Host: host, Domain: Domain{State: state}}
	}
	return all
}

func TestOutcomePlace(t *testing.T) {
	t.Parallel()
	here, there := observations("kvm1"), observations("kvm2")
	tests := []struct {
		source, destination string
		place               Place
	}{
		{"running", "gone", OnSource},
		{"running", "shut off", OnSource},
		{"running", "being received", OnSource},
		{"running", "silent", OnSource},
		{"gone", "running", OnDestination},
		{"shut off", "running", OnDestination},
		{"silent", "running", OnDestination},
		{"paused", "running", OnDestination},
		{"left behind by a migration in post-copy", "running, in post-copy", FetchingMemory},
		{"silent", "running, in post-copy", FetchingMemory},
		{"paused", "gone", PausedOnSource},
		{"paused", "being received", PausedOnSource},
		{"gone", "paused", PausedOnDestination},
		{"paused", "paused", PausedOnBoth},
		{"asleep (pmsuspended)", "gone", PausedOnSource},
		{"asleep (pmsuspended)", "silent", Unknown},
		{"asleep (pmsuspended)", "running", OnDestination},
		{"gone", "asleep (pmsuspended)", PausedOnDestination},
		{"running", "asleep (pmsuspended)", OnSource},
		{"asleep (pmsuspended)", "asleep (pmsuspended)", PausedOnBoth},
		{"asleep (pmsuspended)", "paused", PausedOnBoth},
		{"running", "running", OnBoth},
		{"running", "running, in post-copy", OnBoth},
		{"gone", "gone", OnNeither},
		{"crashed", "gone", OnNeither},
		{"shut off", "being received", OnNeither},
		{"left by a failed post-copy migration", "left by a failed post-copy migration", SplitMemory},
		{"left behind by a migration in post-copy", "gone", SplitMemory},
		{"shut off", "left by a failed post-copy migration", SplitMemory},
		{"left by a failed post-copy migration", "silent", SplitMemory},
		{"silent", "left by a failed post-copy migration", SplitMemory},
		{"silent", "silent", Unknown},
		{"silent", "gone", Unknown},
		{"gone", "silent", Unknown},
		{"paused", "silent", Unknown},
		{"silent", "paused", Unknown},
	}
	for _, test := range tests {
		o := Outcome{Name: "web", Source: here[test.source], Destination: there[test.destination]}
		if o.Source.Host == "" || o.Destination.Host == "" {
			t.Fatalf("no such observation: %q, %q", test.source, test.destination)
		}
		if got := o.Place(); got != test.place {
			t.Errorf("%s here, %s there: %q, want %q", test.source, test.destination, got, test.place)
		}
	}
}

// Of all that two hosts can say, a move is taken to have succeeded only where both
// have said so.
func TestOutcomeArrivesOnlyWhenSeen(t *testing.T) {
	t.Parallel()
	for source, here := range observations("kvm1") {
		for destination, there := range observations("kvm2") {
			for _, ranBefore := range []bool{true, false} {
				o := Outcome{Name: "web", Source: here, Destination: there}
				seen := destination == "running" || destination == "asleep (pmsuspended)" || destination == "paused" && !ranBefore
				gone := source == "gone" || source == "shut off"
				if arrived := o.arrived(ranBefore); arrived != (seen && gone) {
					t.Errorf("%s here, %s there, ran before %t: arrived %t", source, destination, ranBefore, arrived)
				}
			}
		}
	}
}

// A guest is resumed only where it cannot come to run twice.
func TestVerificationResumesOnlyWhatCannotRunTwice(t *testing.T) {
	t.Parallel()
	for source, here := range observations("kvm1") {
		for destination, there := range observations("kvm2") {
			for _, ranBefore := range []bool{true, false} {
				for _, withheld := range []bool{true, false} {
					for job, seen := range map[string]Outcome{"none": {}, "running": {Migrating: true}, "not known": {JobError: ErrUnreachable}} {
						s := verification{request: Request{Source: &stillSource{name: "kvm1"}, Destination: &stillDestination{name: "kvm2"}}, ranBefore: ranBefore, withheld: withheld}
						o := Outcome{Source: here, Destination: there, Migrating: seen.Migrating, JobError: seen.JobError}
						elsewhere := destination == "gone" || destination == "shut off" || withheld && destination == "silent"
						var want Host
						switch {
						case ranBefore && source == "paused" && job == "none" && elsewhere:
							want = s.request.Source
						case ranBefore && destination == "paused" && (source == "gone" || source == "shut off"):
							want = s.request.Destination
						}
						if got := s.leftPaused(o, time.Hour); got != want {
							t.Errorf("%s here, %s there, ran before %t, withheld %t, job %s: %v, want %v", source, destination, ranBefore, withheld, job, got, want)
						}
					}
				}
			}
		}
	}
}

// stillSource and stillDestination are hosts that are only named.
type stillSource struct {
	Source
	name string
}

func (s *stillSource) Name() string { return s.name }

type stillDestination struct {
	Destination
	name string
}

func (d *stillDestination) Name() string { return d.name }
