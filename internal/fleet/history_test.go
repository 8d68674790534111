package fleet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	goesOn := migration.Failure{Outcome: migration.Outcome{Migrating: true, Source: migration.Observation{Domain: migration.Domain{State: migration.StateRunning}}}}
	for _, tc := range []struct {
		err  error
		want history.Outcome
	}{
		{nil, history.Completed},
		{&migration.CancelledError{}, history.Cancelled},
		{places.ErrDraining, history.Cancelled},
		{&migration.TimedOutError{}, history.TimedOut},
		{&migration.NotConvergedError{}, history.NotConverged},
		{&migration.FailedError{}, history.Failed},
		{&migration.DefinitionError{}, history.Failed},
		{&migration.PreflightError{}, history.Refused},
		{&OtherPolicyError{}, history.Refused},
		{&migration.CancelledError{Failure: goesOn}, history.Unwatched},
		{&migration.TimedOutError{Failure: goesOn}, history.Unwatched},
		{&migration.FailedError{Failure: goesOn}, history.Unwatched},
	} {
		if got := outcomeOf(tc.err); got != tc.want || !slices.Contains(history.Outcomes(), got) {
			t.Errorf("%T: %s, want %s", tc.err, got, tc.want)
		}
		var e moveEntry
		if e.conclude(migration.Report{}, tc.err); e.EndedAt.IsZero() != (tc.want == history.Unwatched) {
			t.Errorf("%T: it ended at %s", tc.err, e.EndedAt)
		}
	}
}

// TestConcludeRecovery wants the time of the whole move, which began long before its recovery.
func TestConcludeRecovery(t *testing.T) {
	t.Parallel()
	began := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	e := moveEntry{Entry: history.Entry{ID: "a", StartedAt: began, Outcome: history.Started}, begun: true}
	e.conclude(migration.Report{Moved: true, Recovered: true, StartedAt: time.Now(), Duration: time.Second, Phase: migration.PhasePostCopy}, nil)
	if e.Outcome != history.Completed || !e.StartedAt.Equal(began) || e.Figures.DurationMS < time.Hour.Milliseconds() {
		t.Errorf("the entry is %+v, %+v", e.Entry, e.Figures)
	}
}

// TestDecodeHistory wants the copy of the running VM, and the other one where that does
// not parse.
func TestDecodeHistory(t *testing.T) {
	t.Parallel()
	text := func(id string) *string {
		document, err := history.History{Entries: []history.Entry{{
			ID: id, StartedAt: time.Unix(1e9, 0), Outcome: history.Started,
		}}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return new(string(document))
	}
	for name, tc := range map[string]struct {
		copies host.DomainDocument
		want   string // ID of the move; empty where there is none
		fails  bool
	}{
		"none":              {host.DomainDocument{}, "", false},
		"live":              {host.DomainDocument{Live: text("a"), Config: text("b")}, "a", false},
		"definition only":   {host.DomainDocument{Config: text("b")}, "b", false},
		"live is broken":    {host.DomainDocument{Live: new("see the wiki"), Config: text("b")}, "b", false},
		"config is broken":  {host.DomainDocument{Live: text("a"), Config: new("see the wiki")}, "a", false},
		"both are":          {host.DomainDocument{Live: new("{"), Config: new("see the wiki")}, "", true},
		"both are alike":    {host.DomainDocument{Live: new("[]"), Config: new("[]")}, "", true},
		"a newer release's": {host.DomainDocument{Config: new(`{"version":2}`)}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := decodeHistory(tc.copies)
			var got string
			if len(h.Entries) > 0 {
				got = h.Entries[0].ID
			}
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got move %q, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("it says more than one thing: %v", err)
			}
		})
	}
}

// TestChangeHistory wants the next move to get over a history that does not parse, and to
// leave that of a newer release alone.
func TestChangeHistory(t *testing.T) {
	t.Parallel()
	add := changeHistory(func(h *history.History) bool {
		h.Add(history.Entry{ID: "next", StartedAt: time.Unix(1e9, 0), Outcome: history.Started})
		return true
	})
	for name, tc := range map[string]struct {
		present *string
		written bool
	}{
		"none": {nil, true}, "does not parse": {new("see the wiki"), true}, "a newer release's": {new(`{"version":2}`), false},
	} {
		next, err := add(host.DomainDocument{Live: tc.present, Active: true})
		var newer *history.NewerVersionError
		if (next != nil) != tc.written || errors.As(err, &newer) == tc.written {
			t.Errorf("%s: written %v, %v", name, next, err)
		}
	}
	unchanged := changeHistory(func(*history.History) bool { return false })
	if next, err := unchanged(host.DomainDocument{Live: new(`{"version":1}`)}); next != nil || err != nil {
		t.Errorf("no change: written %v, %v", next, err)
	}
}

// TestEndsEntry wants the end of a move, however it went, in the entry that is the move's,
// also where it is not known whether that was written.
func TestEndsEntry(t *testing.T) {
	t.Parallel()
	from, to := history.Host{UUID: "a", Label: "kvm1"}, history.Host{UUID: "b", Label: "kvm2"}
	open := func(id string) history.Entry {
		return history.Entry{ID: id, From: from, To: to, Mode: "peer_to_peer", Outcome: history.Started}
	}
	adopted := func(c migration.Course) error {
		c.Adopted = true
		return &migration.TimedOutError{Failure: migration.Failure{Course: c}}
	}
	cut := &migration.FailedError{Failure: migration.Failure{Course: migration.Course{Mode: migration.Direct}}}
	unknown := fmt.Errorf("the daemon died: %w", host.ErrOutcomeUnknown)
	denied := errors.New("access denied")
	for name, tc := range map[string]struct {
		begin  error // how writing the entry went; errors.ErrUnsupported where it was not tried
		past   []history.Entry
		report migration.Report
		err    error
		want   string // ID, outcome and mode of all entries; empty where nothing is written
	}{
		"completed": {nil, []history.Entry{open("own")}, migration.Report{Moved: true, Mode: migration.Direct}, nil, "own completed direct"},
		"failed":    {nil, []history.Entry{open("own")}, migration.Report{}, cut, "own failed direct"},
		"not written, completed": {
			denied, nil, migration.Report{Moved: true, Mode: migration.Direct}, nil, "own completed direct",
		},
		"not written, failed":             {denied, nil, migration.Report{}, cut, ""},
		"perhaps written, it was":         {unknown, []history.Entry{open("own")}, migration.Report{}, cut, "own failed direct"},
		"perhaps written, it was not":     {unknown, []history.Entry{}, migration.Report{}, cut, "own failed direct"},
		"adopted, completed":              {errors.ErrUnsupported, []history.Entry{open("other")}, migration.Report{Moved: true, Adopted: true}, nil, "other completed peer_to_peer"},
		"adopted, timed out":              {errors.ErrUnsupported, []history.Entry{open("other")}, migration.Report{}, adopted(migration.Course{}), "other timed_out peer_to_peer"},
		"adopted of virsh, timed out":     {errors.ErrUnsupported, nil, migration.Report{}, adopted(migration.Course{}), ""},
		"refused once it had begun":       {nil, []history.Entry{open("own")}, migration.Report{}, denied, ""},
		"adopted after a start, then cut": {nil, []history.Entry{open("own")}, migration.Report{}, adopted(migration.Course{}), "own timed_out peer_to_peer"},
	} {
		e := &moveEntry{Entry: open("own")}
		if !errors.Is(tc.begin, errors.ErrUnsupported) {
			e.began(tc.begin)
		}
		e.conclude(tc.report, tc.err)
		past := history.History{Entries: tc.past}
		var got []string
		if e.ends() && e.endIn(&past) {
			for _, entry := range past.Entries {
				got = append(got, fmt.Sprintf("%s %s %s", entry.ID, entry.Outcome, entry.Mode))
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: the history has %q, want %q", name, got, tc.want)
		}
	}
}

// TestEndOfChangedEntry: the history has what the move has changed, not what it was about to
// change when its entry was written.
func TestEndOfChangedEntry(t *testing.T) {
	t.Parallel()
	nic := func(to string) []definition.Change {
		return []definition.Change{{Device: definition.Interface, Key: "m", Old: "br0", New: to}}
	}
	begun := history.Entry{ID: "own", DevicesChanged: nic("br1")}
	e := &moveEntry{Entry: begun}
	e.DevicesChanged, e.ConfigChanged = nic("br2"), nic("br3")
	past := history.History{Entries: []history.Entry{begun}}
	e.endIn(&past)
	if diff := cmp.Diff([][]definition.Change{nic("br2"), nic("br3")},
		[][]definition.Change{past.Entries[0].DevicesChanged, past.Entries[0].ConfigChanged}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestEndOfAdopted: of a migration that another run has started, what that has changed is kept; what this move would
// have changed was not.
func TestEndOfAdopted(t *testing.T) {
	t.Parallel()
	nic := func(to string) []definition.Change {
		return []definition.Change{{Device: definition.Interface, Key: "m", Old: "br0", New: to}}
	}
	of := func(id, to string) history.Entry {
		e := history.Entry{ID: id, Outcome: history.Started, From: history.Host{UUID: "A"}, To: history.Host{UUID: "B"}}
		if to != "" {
			e.DevicesChanged = nic(to)
		}
		return e
	}
	for name, c := range map[string]struct{ past, want []history.Entry }{
		"another's began before":  {[]history.Entry{of("own", "br1"), of("rival", "br2")}, []history.Entry{of("rival", "br2")}},
		"another's began after":   {[]history.Entry{of("rival", "br2"), of("own", "br1")}, []history.Entry{of("rival", "br2")}},
		"of another tool":         {[]history.Entry{of("own", "br1")}, []history.Entry{of("own", "")}},
		"before this one's began": {[]history.Entry{of("rival", "br2")}, []history.Entry{of("rival", "br2")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &moveEntry{Entry: of("own", "br1")}
			e.conclude(migration.Report{Moved: true, Adopted: true}, nil)
			past := history.History{Entries: c.past}
			if !e.endIn(&past) {
				t.Fatal("it completes nothing")
			}
			for i := range c.want {
				c.want[i].Outcome = history.Completed
			}
			ignored := cmpopts.IgnoreFields(history.Entry{}, "EndedAt", "Figures", "Mode", "Phase")
			if diff := cmp.Diff(c.want, past.Entries, ignored, cmpopts.IgnoreUnexported(history.Entry{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestHomeOfEntry wants an end to be written only where the VM certainly is, with no job.
func TestHomeOfEntry(t *testing.T) {
	t.Parallel()
	e := &moveEntry{source: new(host.Host), destination: new(host.Host)}
	at := func(state migration.DomainState) migration.Observation {
		return migration.Observation{Host: "kvm", Domain: migration.Domain{State: state}}
	}
	gone := migration.Observation{Host: "kvm", Err: migration.ErrNoDomain}
	failed := func(o migration.Outcome) error { return &migration.FailedError{Failure: migration.Failure{Outcome: o}} }
	unmoved := func(source, destination migration.Observation) error {
		o := migration.Outcome{Source: source, Destination: destination}
		return &migration.DefinitionError{Failure: migration.Failure{Outcome: o}}
	}
	cancelled := func(o migration.Outcome) error {
		return &migration.CancelledError{Failure: migration.Failure{Outcome: o}}
	}
	shutOff, silent := at(migration.StateShutOff), migration.Observation{Host: "kvm", Err: migration.ErrUnreachable}
	shutOff.Domain.Persistent = true
	for name, tc := range map[string]struct {
		err  error
		want *host.Host
	}{
		"arrived":           {nil, e.destination},
		"not started":       {places.ErrDraining, e.source},
		"on the source":     {failed(migration.Outcome{Source: at(migration.StateRunning), Destination: gone}), e.source},
		"paused there":      {failed(migration.Outcome{Source: at(migration.StatePaused), Destination: gone}), e.source},
		"arrived late":      {failed(migration.Outcome{Source: gone, Destination: at(migration.StateRunning)}), e.destination},
		"may go on":         {failed(migration.Outcome{Source: at(migration.StateRunning), Destination: gone, Migrating: true}), nil},
		"another's job":     {failed(migration.Outcome{Source: at(migration.StateRunning), Destination: gone, Foreign: true}), nil},
		"split":             {failed(migration.Outcome{Source: at(migration.StatePostCopyFailed), Destination: gone}), nil},
		"definition stayed": {unmoved(shutOff, gone), e.source},
		"definition on two": {unmoved(shutOff, shutOff), nil},
		"definition lost":   {unmoved(gone, gone), nil},
		"one end is silent": {unmoved(shutOff, silent), nil},
		"shut off, early":   {cancelled(migration.Outcome{Source: shutOff, Destination: gone, Untouched: true}), e.source},
		"running nowhere":   {failed(migration.Outcome{Source: gone, Destination: gone}), nil},
		"fetching its rest": {failed(migration.Outcome{Source: at(migration.StatePostCopySource), Destination: at(migration.StatePostCopy)}), nil},
	} {
		if got := e.home(tc.err); got != tc.want {
			t.Errorf("%s: source %t, destination %t", name, got == e.source, got == e.destination)
		}
	}
}

// TestConclude wants no figures of memory, not even zero, of a move that has sent none.
func TestConclude(t *testing.T) {
	t.Parallel()
	e := &moveEntry{}
	e.conclude(migration.Report{Moved: true, Definition: true, Duration: time.Second, Mode: migration.Direct}, nil)
	if e.Figures != nil || e.Outcome != history.Completed || e.Mode != "direct" {
		t.Errorf("the entry is %+v, its figures %+v", e.Entry, e.Figures)
	}
}

// A migration that failed while it copied disks has sent no memory.
func TestLastFiguresOfDisks(t *testing.T) {
	t.Parallel()
	got := lastFigures(migration.Course{Elapsed: time.Second, Figures: migration.Figures{
		Mirrored: true, Mirror: migration.MirrorFigures{Total: 9, Copied: 4}, DiskTotal: 8,
	}})
	want := &history.Figures{DurationMS: 1000, DiskTotalBytes: 8, DiskTransferredBytes: 4, Throttle: new(int64(0))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestFiguresOf(t *testing.T) {
	t.Parallel()
	got := figuresOf(migration.Report{
		Duration: 13 * time.Second, Downtime: new(120 * time.Millisecond), MemoryTotal: 2, MemoryTransferred: 3, Iterations: 4,
		Throttle: new(int64(30)), DiskTotal: 5, DiskTransferred: 6,
		Raises: []migration.Raise{
			{Field: policy.FieldMaxDowntimeMS, To: 200, Pass: 3},
			{Field: policy.FieldCompressionCacheMiB, To: 128, Pass: 5},
			{Field: policy.FieldMaxDowntimeMS, To: 400, Pass: 6},
		},
	})
	want := &history.Figures{
		DurationMS: 13000, DowntimeMS: new(int64(120)), MemoryTotalBytes: 2, MemoryTransferredBytes: 3, Iterations: 4,
		Throttle: new(int64(30)), DiskTotalBytes: 5, DiskTransferredBytes: 6,
		DowntimeRaisedToMS: new(int64(400)), CacheGrownToMiB: new(int64(128)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}
