package migration

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

// sightings is everything one host can say.
func sightings(host string) map[string]Sighting {
	all := map[string]Sighting{
		"gone":   {Host: host, Err: ErrNoDomain},
		"silent": {Host: host, Err: ErrUnreachable},
	}
	for state := StateShutOff; state <= StateCrashed; state++ {
		all[state.String()] = Sighting{Host: host, Domain: Domain{State: state}}
	}
	return all
}

func TestOutcomePlace(t *testing.T) {
	t.Parallel()
	here, there := sightings("kvm1"), sightings("kvm2")
	tests := []struct {
		source, destination string
		place               Place
		text                string
	}{
		{"running", "gone", OnSource, "VM web is running on kvm1"},
		{"running", "shut off", OnSource, "VM web is running on kvm1"},
		{"running", "being received", OnSource, "VM web is running on kvm1"},
		{"running", "silent", OnSource, "VM web is running on kvm1"},
		{"gone", "running", OnDestination, "VM web is running on kvm2"},
		{"shut off", "running", OnDestination, "VM web is running on kvm2"},
		{"silent", "running", OnDestination, "VM web is running on kvm2"},
		{"paused", "running", OnDestination, "VM web is running on kvm2"},
		{"left behind by a migration in post-copy", "running, in post-copy", FetchingMemory, "VM web is running on kvm2"},
		{"silent", "running, in post-copy", FetchingMemory, "VM web is running on kvm2"},
		{"paused", "gone", PausedOnSource, "VM web is paused on kvm1"},
		{"paused", "being received", PausedOnSource, "VM web is paused on kvm1"},
		{"gone", "paused", PausedOnDestination, "VM web is paused on kvm2"},
		{"paused", "paused", PausedOnBoth, "VM web is paused on kvm1 and on kvm2"},
		{"asleep (pmsuspended)", "gone", PausedOnSource, "VM web is asleep (pmsuspended) on kvm1"},
		{"asleep (pmsuspended)", "silent", Unknown, "VM web is asleep (pmsuspended) on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer"},
		{"asleep (pmsuspended)", "running", OnDestination, "VM web is running on kvm2"},
		{"gone", "asleep (pmsuspended)", PausedOnDestination, "VM web is asleep (pmsuspended) on kvm2"},
		{"running", "asleep (pmsuspended)", OnSource, "VM web is running on kvm1"},
		{"asleep (pmsuspended)", "asleep (pmsuspended)", PausedOnBoth, "VM web is asleep (pmsuspended) on kvm1 and on kvm2"},
		{"asleep (pmsuspended)", "paused", PausedOnBoth, "VM web is asleep (pmsuspended) on kvm1 and paused on kvm2"},
		{"running", "running", OnBoth, "VM web is running on kvm1 and on kvm2"},
		{"running", "running, in post-copy", OnBoth, "VM web is running on kvm1 and on kvm2"},
		{"gone", "gone", OnNeither, "VM web is running neither on kvm1 nor on kvm2"},
		{"crashed", "gone", OnNeither, "VM web is running neither on kvm1 nor on kvm2"},
		{"shut off", "being received", OnNeither, "VM web is running neither on kvm1 nor on kvm2"},
		{"left by a failed post-copy migration", "left by a failed post-copy migration", SplitMemory, "VM web can not go on: a part of its memory is on kvm2 and the rest is on kvm1"},
		{"left behind by a migration in post-copy", "gone", SplitMemory, "VM web can not go on: a part of its memory is on kvm1 and the rest was on kvm2, which does not have it any more"},
		{"shut off", "left by a failed post-copy migration", SplitMemory, "VM web can not go on: a part of its memory is on kvm2 and the rest was on kvm1, which does not have it any more"},
		{"left by a failed post-copy migration", "silent", SplitMemory, "VM web can not go on: a part of its memory is on kvm1 and the rest was on kvm2; whether it still is there is not known, because kvm2 does not answer"},
		{"silent", "left by a failed post-copy migration", SplitMemory, "VM web can not go on: a part of its memory is on kvm2 and the rest was on kvm1; whether it still is there is not known, because kvm1 does not answer"},
		{"silent", "silent", Unknown, "Where VM web is running is not known, because neither kvm1 nor kvm2 answers"},
		{"silent", "gone", Unknown, "VM web is not running on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"},
		{"gone", "silent", Unknown, "VM web is not running on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer"},
		{"paused", "silent", Unknown, "VM web is paused on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer"},
		{"silent", "paused", Unknown, "VM web is paused on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"},
	}
	for _, test := range tests {
		o := Outcome{Name: "web", Source: here[test.source], Destination: there[test.destination]}
		if o.Source.Host == "" || o.Destination.Host == "" {
			t.Fatalf("no such sighting: %q, %q", test.source, test.destination)
		}
		if got := o.Place(); got != test.place {
			t.Errorf("%s here, %s there: %q, want %q", test.source, test.destination, got, test.place)
		}
		if got := o.String(); got != test.text {
			t.Errorf("%s here, %s there: %q, want %q", test.source, test.destination, got, test.text)
		}
	}
}

// Of all that two hosts can say, nothing is claimed that they did not.
func TestOutcomeClaimsNothingThatWasNotSeen(t *testing.T) {
	t.Parallel()
	for source, here := range sightings("kvm1") {
		for destination, there := range sightings("kvm2") {
			for _, ranBefore := range []bool{true, false} {
				o := Outcome{Name: "web", Source: here, Destination: there}
				where := source + " here, " + destination + " there"
				text := o.String()
				if strings.HasSuffix(text, "is running on kvm1") && !strings.HasPrefix(source, "running") {
					t.Errorf("%s: %q", where, text)
				}
				if strings.HasSuffix(text, "is running on kvm2") && !strings.HasPrefix(destination, "running") {
					t.Errorf("%s: %q", where, text)
				}
				arrived := o.arrived(ranBefore)
				seen := destination == "running" || destination == "asleep (pmsuspended)" || destination == "paused" && !ranBefore
				gone := source == "gone" || source == "shut off"
				if arrived != (seen && gone) {
					t.Errorf("%s, ran before %t: arrived %t", where, ranBefore, arrived)
				}
				if !arrived && o.Place() != OnSource && o.remedy() == "" && !(gone && destination == "running") {
					t.Errorf("%s: no word on what to do", where)
				}
			}
		}
	}
}

// A guest is resumed only where it cannot come to run twice.
func TestVerificationResumesOnlyWhatCannotRunTwice(t *testing.T) {
	t.Parallel()
	for source, here := range sightings("kvm1") {
		for destination, there := range sightings("kvm2") {
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

func TestRemedySaysHowToResume(t *testing.T) {
	t.Parallel()
	o := Outcome{
		UUID: "7a5b1c7e-0000-4000-8000-000000000001", Name: "web", ResumeError: errors.New("cannot acquire state change lock"),
		Source:      Sighting{Host: "kvm1", Domain: Domain{State: StatePaused}},
		Destination: Sighting{Host: "kvm2", Err: ErrNoDomain},
	}
	for _, words := range []string{"cannot acquire state change lock", "`virsh resume 7a5b1c7e-0000-4000-8000-000000000001` on kvm1"} {
		if !strings.Contains(o.remedy(), words) {
			t.Errorf("%q does not say %q", o.remedy(), words)
		}
	}
}

// Whatever else is to be said of a VM that runs on the source, a second copy
// comes first.
func TestRemedyNamesWhatTheOtherHostHolds(t *testing.T) {
	t.Parallel()
	here, there := sightings("kvm1"), sightings("kvm2")
	for name, test := range map[string]struct {
		source, destination string
		says                string
	}{
		"paused on the destination":   {"running", "paused", "kvm2 still holds a paused copy"},
		"crashed on the destination":  {"running", "crashed", "kvm2 still holds a crashed copy"},
		"received on the destination": {"running", "being received", "kvm2 holds the receiving half"},
		"paused on the source":        {"paused", "running", "kvm1 still holds a paused copy"},
		"crashed on the source":       {"crashed", "running", "kvm1 still holds a crashed copy"},
		"received on the source":      {"being received", "running", "kvm1 holds the receiving half"},
	} {
		for _, migrating := range []bool{true, false} {
			o := Outcome{UUID: "7a5b1c7e-0000-4000-8000-000000000001", Name: "web", Source: here[test.source], Destination: there[test.destination], Migrating: migrating}
			if test.destination == "being received" && migrating {
				continue // then that is the migration's
			}
			if remedy := o.remedy(); !strings.Contains(remedy, test.says) {
				t.Errorf("%s, migrating %t: %q does not say %q", name, migrating, remedy, test.says)
			}
		}
	}
}

// A command can be pasted whatever the VM is named.
func TestRemedyNamesTheVMByUUIDInCommands(t *testing.T) {
	t.Parallel()
	const name, uuid = "web; reboot", "7a5b1c7e-0000-4000-8000-000000000001"
	command := regexp.MustCompile("`virsh [^`]*`")
	for source, here := range sightings("kvm1") {
		for destination, there := range sightings("kvm2") {
			for _, migrating := range []bool{true, false} {
				o := Outcome{UUID: uuid, Name: name, Source: here, Destination: there, Migrating: migrating}
				for _, c := range command.FindAllString(o.remedy(), -1) {
					if strings.Contains(c, name) || !strings.Contains(c, uuid) {
						t.Errorf("%s here, %s there: %s", source, destination, c)
					}
				}
			}
		}
	}
}
