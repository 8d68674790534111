package fleet

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestHome(t *testing.T) {
	t.Parallel()
	type states map[string]migration.DomainState
	const (
		off, running, paused = migration.StateShutOff, migration.StateRunning, migration.StatePaused
		postCopy, failed     = migration.StatePostCopy, migration.StatePostCopyFailed
		crashed              = migration.StateCrashed
	)
	for name, test := range map[string]struct {
		states states
		// last is where it was last seen, migrated from where it was migrated away.
		last, migrated string
		want           string
		err            any
	}{
		"runs on one":                         {states: states{"a": running}, want: "a"},
		"runs on one, defined on another":     {states: states{"a": off, "b": running}, last: "a", want: "b"},
		"runs on one, paused on another":      {states: states{"a": paused, "b": running}, last: "a", want: "b"},
		"in post-copy":                        {states: states{"a": off, "b": postCopy}, want: "b"},
		"paused on one, defined on another":   {states: states{"a": off, "b": paused}, last: "a", want: "b"},
		"defined on two, seen on the second":  {states: states{"a": off, "b": off}, last: "b", want: "b"},
		"defined on two, seen on neither":     {states: states{"a": off, "b": off}, last: "c", want: "a"},
		"defined on two, migrated from one":   {states: states{"a": off, "b": off}, migrated: "a", last: "a", want: "b"},
		"defined and migrated on one":         {states: states{"a": off}, migrated: "a", want: "a"},
		"defined on one, crashed on another":  {states: states{"a": off, "b": crashed}, last: "a", want: "b"},
		"runs on two":                         {states: states{"a": running, "b": running}, err: new(*RunningTwiceError)},
		"runs on two, in post-copy on one":    {states: states{"a": running, "b": postCopy}, err: new(*RunningTwiceError)},
		"paused on two":                       {states: states{"a": paused, "b": paused}, err: new(*RunningTwiceError)},
		"half of a failed post-copy":          {states: states{"a": off, "b": failed}, want: "b"},
		"both halves of a failed post-copy":   {states: states{"a": failed, "b": failed}, err: new(*BrokenPostCopyError)},
		"a failed post-copy, one half paused": {states: states{"a": paused, "b": failed}, err: new(*BrokenPostCopyError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sightings []Sighting
			for _, host := range []string{"a", "b"} {
				if state, ok := test.states[host]; ok {
					domain := migration.Domain{Name: "web", State: state}
					if host == test.migrated {
						domain.Reason = migration.ReasonMigrated
					}
					sightings = append(sightings, Sighting{Host: host, Domain: domain})
				}
			}
			got, err := home(sightings, test.last)
			if test.err != nil {
				if err == nil || !errors.As(err, test.err) {
					t.Errorf("error %v, want a %T", err, test.err)
				}
				return
			}
			if err != nil || got.Host != test.want {
				t.Errorf("home is %q, error %v; want %q", got.Host, err, test.want)
			}
		})
	}
}

// TestRunningTwice wants the hosts that run a VM told from those that only hold a
// copy of it.
func TestRunningTwice(t *testing.T) {
	t.Parallel()
	const (
		off, running, paused = migration.StateShutOff, migration.StateRunning, migration.StatePaused
		postCopy, crashed    = migration.StatePostCopy, migration.StateCrashed
	)
	for want, states := range map[string][]migration.DomainState{
		`VM web (U) runs on more than one host: "a", "b"`:                                        {running, running, off},
		`VM web (U) runs on more than one host: "b", "c"; a copy that does not run is on "a"`:    {paused, running, postCopy},
		`VM web (U) runs nowhere, and is paused or crashed on more than one host: "a", "b", "c"`: {paused, crashed, paused},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			sightings := make([]Sighting, len(states))
			for i, state := range states {
				sightings[i] = Sighting{Host: string(rune('a' + i)), Domain: migration.Domain{Name: "web", UUID: "U", State: state}}
			}
			if _, err := home(sightings, ""); err == nil || err.Error() != want {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestApart(t *testing.T) {
	t.Parallel()
	var sightings []Sighting
	for state := migration.StateShutOff; state <= migration.StateCrashed; state++ {
		sightings = append(sightings, Sighting{Domain: migration.Domain{State: state}})
	}
	homes, halves := apart(sightings)
	want := []Sighting{{Domain: migration.Domain{State: migration.StateIncoming}}, {Domain: migration.Domain{State: migration.StatePostCopySource}}}
	if diff := cmp.Diff(want, halves); diff != "" {
		t.Errorf("halves (-want +got):\n%s", diff)
	}
	if len(homes)+len(halves) != len(sightings) {
		t.Errorf("%d homes and %d halves of %d sightings", len(homes), len(halves), len(sightings))
	}
}

func TestParseUUID(t *testing.T) {
	t.Parallel()
	const uuid = "6d696772-6174-4e00-8000-676c6f62616c"
	for in, want := range map[string]string{
		uuid:                                    uuid,
		"6D696772-6174-4E00-8000-676C6F62616C":  uuid,
		"6d69677261744e008000676c6f62616c":      uuid,
		"web":                                   "",
		"":                                      "",
		"6d696772-6174-4e00-8000-676c6f62616":   "",
		"6d696772-6174-4e00-8000-676c6f62616cc": "",
		"6d696772-6174-4e00-8000-676c6f62616g":  "",
		"{" + uuid + "}":                        "",
		"web" + uuid:                            "",
		"urn:uuid:" + uuid:                      "",
	} {
		got, ok := ParseUUID(in)
		if got != want || ok != (want != "") {
			t.Errorf("ParseUUID(%q) is %q, %v; want %q", in, got, ok, want)
		}
	}
}
