package fleet

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
		"one part of a failed post-copy":      {states: states{"a": off, "b": failed}, want: "b"},
		"both parts of a failed post-copy":    {states: states{"a": failed, "b": failed}, err: new(*BrokenPostCopyError)},
		"a failed post-copy, one part paused": {states: states{"a": paused, "b": failed}, err: new(*BrokenPostCopyError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen []migration.Observation
			for _, host := range []string{"a", "b"} {
				if state, ok := test.states[host]; ok {
					domain := migration.Domain{Name: "web", State: state}
					if host == test.migrated {
						domain.Reason = migration.ReasonMigrated
					}
					seen = append(seen, migration.Observation{Host: host, Domain: domain})
				}
			}
			got, err := home(seen, test.last)
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
			seen := make([]migration.Observation, len(states))
			for i, state := range states {
				seen[i] = migration.Observation{Host: string(rune('a' + i)), Domain: migration.Domain{Name: "web", UUID: "U", State: state}}
			}
			if _, err := home(seen, ""); err == nil || err.Error() != want {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestApart(t *testing.T) {
	t.Parallel()
	var seen []migration.Observation
	for state := migration.StateShutOff; state <= migration.StateCrashed; state++ {
		seen = append(seen, migration.Observation{Domain: migration.Domain{State: state}})
	}
	homes, migrating := apart(seen)
	want := []migration.Observation{{Domain: migration.Domain{State: migration.StateIncoming}}, {Domain: migration.Domain{State: migration.StatePostCopySource}}}
	if diff := cmp.Diff(want, migrating); diff != "" {
		t.Errorf("migrating (-want +got):\n%s", diff)
	}
	if len(homes)+len(migrating) != len(seen) {
		t.Errorf("%d homes and %d that migrate, of %d", len(homes), len(migrating), len(seen))
	}
}

// hosts is what hosts called a, b, c said, in that order: nothing where they have no
// such VM, and "?" where they do not answer.
func hosts(said ...string) migration.Whereabouts {
	w := migration.Whereabouts{VM: "web"}
	for i, state := range said {
		o := migration.Observation{Host: string(rune('a' + i))}
		switch state {
		case "":
			o.Err = migration.ErrNoDomain
		case "?":
			o.Err = errSilent
		default:
			o.Domain = migration.Domain{UUID: "U", Name: "web", State: states[state]}
			if state == "migrated" {
				o.Domain.Reason = migration.ReasonMigrated
			}
		}
		w.Hosts = append(w.Hosts, o)
	}
	return w
}

var (
	errSilent = fmt.Errorf("no answer: %w", migration.ErrUnreachable)
	states    = map[string]migration.DomainState{
		"off": migration.StateShutOff, "migrated": migration.StateShutOff, "running": migration.StateRunning, "paused": migration.StatePaused,
		"asleep": migration.StateAsleep, "crashed": migration.StateCrashed, "incoming": migration.StateIncoming,
		"post-copy": migration.StatePostCopy, "post-copy source": migration.StatePostCopySource, "failed": migration.StatePostCopyFailed,
	}
)

// TestLocate decides where a VM is from all that hosts can say, which needs none.
func TestLocate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		said []string
		last string
		want Location // its Unseen and Domain are not compared
		trust
		err any
	}{
		"one home":                             {said: []string{"", "running", ""}, want: Location{Host: "b"}},
		"asleep":                               {said: []string{"asleep", ""}, want: Location{Host: "a"}},
		"crashed":                              {said: []string{"", "crashed"}, want: Location{Host: "b"}},
		"a leftover":                           {said: []string{"off", "running", "off"}, last: "a", want: Location{Host: "b", Leftovers: []string{"a", "c"}}},
		"a leftover that was migrated away":    {said: []string{"migrated", "off"}, last: "a", want: Location{Host: "b", Leftovers: []string{"a"}}},
		"a paused copy":                        {said: []string{"paused", "running"}, want: Location{Host: "b", Paused: []string{"a"}}},
		"in mid-move":                          {said: []string{"running", "incoming"}, want: Location{Host: "a", Receiving: []string{"b"}}},
		"in mid-move, to two":                  {said: []string{"incoming", "running", "incoming"}, want: Location{Host: "b", Receiving: []string{"a", "c"}}},
		"in post-copy":                         {said: []string{"post-copy source", "post-copy"}, want: Location{Host: "b", FetchesFrom: "a"}},
		"runs, and a host is silent":           {said: []string{"running", "?"}, want: Location{Host: "a"}},
		"is shut off, and another is silent":   {said: []string{"off", "?"}, last: "a", want: Location{Host: "a"}},
		"nowhere":                              {said: []string{"", ""}, trust: confirmed, err: new(*NotFoundError)},
		"nowhere, and a host is silent":        {said: []string{"", "?"}, err: new(*UnseenError)},
		"was last seen on the silent host":     {said: []string{"off", "?"}, last: "b", err: new(*UnseenError)},
		"was migrated, and a host is silent":   {said: []string{"migrated", "?"}, last: "a", err: new(*UnseenError)},
		"incoming is no home":                  {said: []string{"", "incoming"}, trust: transient, err: new(*InTransitError)},
		"a definition beside what is incoming": {said: []string{"off", "incoming"}, trust: transient, err: new(*InTransitError)},
		"the source of a post-copy":            {said: []string{"post-copy source", ""}, trust: transient, err: new(*InTransitError)},
		"incoming, and a host is silent":       {said: []string{"?", "incoming"}, err: new(*UnseenError)},
		"running twice":                        {said: []string{"running", "running"}, trust: confirmed, err: new(*RunningTwiceError)},
		"running, and in post-copy elsewhere":  {said: []string{"running", "post-copy"}, trust: confirmed, err: new(*RunningTwiceError)},
		"paused twice":                         {said: []string{"paused", "paused"}, trust: confirmed, err: new(*RunningTwiceError)},
		"a post-copy that has failed":          {said: []string{"failed", "failed"}, err: new(*BrokenPostCopyError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := hosts(test.said...)
			unseen, err := unheard(w, func(error) bool { return true })
			if err != nil {
				t.Fatal(err)
			}
			got, trust, err := locate(w, test.last, unseen)
			if trust != test.trust {
				t.Errorf("trust %d, want %d", trust, test.trust)
			}
			if test.err != nil {
				if err == nil || !errors.As(err, test.err) {
					t.Errorf("error %v, want a %T", err, test.err)
				}
				return
			}
			if err != nil || len(got.Unseen) != len(w.Silent()) {
				t.Errorf("error %v, unseen %v", err, got.Unseen)
			}
			test.want.Domain, test.want.Unseen = got.Domain, got.Unseen
			if diff := cmp.Diff(test.want, got, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("location (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnheard lets a plan go on only without hosts that may be left out.
func TestUnheard(t *testing.T) {
	t.Parallel()
	denied := hosts("running", "")
	denied.Hosts[1].Err = migration.ErrDenied
	for name, test := range map[string]struct {
		said     migration.Whereabouts
		tolerant bool
		unseen   int
		fails    bool
	}{
		"all have answered":               {hosts("running", ""), false, 0, false},
		"one is silent":                   {hosts("running", "?"), false, 0, true},
		"one is silent, which may be":     {hosts("running", "?"), true, 1, false},
		"one refuses, which may never be": {denied, true, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unseen, err := unheard(test.said, func(err error) bool { return test.tolerant && errors.Is(err, migration.ErrUnreachable) })
			var failed *ObservationError
			if len(unseen) != test.unseen || errors.As(err, &failed) != test.fails {
				t.Errorf("unseen %v, error %v", unseen, err)
			}
		})
	}
}

// TestNamed takes a name for a VM only where it means one.
func TestNamed(t *testing.T) {
	t.Parallel()
	if uuid, err := named(hosts("off", "running"), nil); uuid != "U" || err != nil {
		t.Errorf("got %q, %v", uuid, err)
	}
	var notFound *NotFoundError
	if _, err := named(hosts("", ""), nil); !errors.As(err, &notFound) || len(notFound.Hosts) != 2 {
		t.Errorf("error %v, want a NotFoundError of two hosts", err)
	}
	var unseen *UnseenError
	if _, err := named(hosts("", "?"), []error{errSilent}); !errors.As(err, &unseen) {
		t.Errorf("error %v, want an UnseenError", err)
	}
	two := hosts("off", "running")
	two.Hosts[1].Domain.UUID = "V"
	var ambiguous *AmbiguousNameError
	if err := oneVM(two); !errors.As(err, &ambiguous) || len(ambiguous.Seen) != 2 {
		t.Errorf("error %v, want an AmbiguousNameError of two", err)
	}
	if err := oneVM(hosts("off", "running", "?")); err != nil {
		t.Errorf("one VM on two hosts: %v", err)
	}
}

// TestTrusted observes again as often as what is seen asks for.
func TestTrusted(t *testing.T) {
	t.Parallel()
	errTransit, errNowhere := errors.New("in transit"), errors.New("nowhere")
	type seen struct {
		trust trust
		err   error
	}
	for name, test := range map[string]struct {
		seen  []seen // the last one is seen from then on
		times int
		want  error
	}{
		"what is certain is seen once":      {[]seen{{certain, nil}}, 1, nil},
		"what is nowhere is looked for":     {[]seen{{confirmed, errNowhere}}, 2, errNowhere},
		"it was nowhere for a moment":       {[]seen{{confirmed, errNowhere}, {certain, nil}}, 2, nil},
		"it arrives":                        {[]seen{{transient, errTransit}, {transient, errTransit}, {certain, nil}}, 3, nil},
		"it is in transit, and then gone":   {[]seen{{transient, errTransit}, {confirmed, errNowhere}}, 2, errNowhere},
		"it is waited for, and not forever": {[]seen{{transient, errTransit}}, int(transitWait/transitPoll) + 2, errTransit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				times := 0
				_, err := trusted(t.Context(), func() (Location, trust, error) {
					s := test.seen[min(times, len(test.seen)-1)]
					times++
					return Location{}, s.trust, s.err
				})
				if !errors.Is(err, test.want) || times != test.times {
					t.Errorf("error %v after %d observations, want %v after %d", err, times, test.want, test.times)
				}
			})
		})
	}
}

// TestLocation_source has a VM on the host a.
func TestLocation_source(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ destination, fetchesFrom, want string }{
		"it is at home":                                         {"b", "", "a"},
		"it is on the destination":                              {"a", "", "a"},
		"it fetches memory on the destination":                  {"a", "c", "c"},
		"it fetches memory, and is to move on to another host":  {"b", "c", "a"},
		"it fetches memory, and is to go back to where it came": {"c", "c", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (Location{Host: "a", FetchesFrom: test.fetchesFrom}).source(test.destination); got != test.want {
				t.Errorf("it moves from %s, want %s", got, test.want)
			}
		})
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
		"urn:uuid:" + uuid:                      "",
	} {
		got, ok := ParseUUID(in)
		if got != want || ok != (want != "") {
			t.Errorf("ParseUUID(%q) is %q, %v; want %q", in, got, ok, want)
		}
	}
}
