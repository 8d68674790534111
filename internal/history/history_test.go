package history_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var (
	kvm1 = history.Host{UUID: "6d696772-0000-4000-8000-000000000001", Label: "kvm1"}
	kvm2 = history.Host{UUID: "6d696772-0000-4000-8000-000000000002", Label: "kvm2"}
	// entries may be compared by all that callers see.
	visible = cmpopts.IgnoreUnexported(history.Entry{})
)

func effective() policy.Effective {
	return policy.Resolve(policy.Levels{
		VM:     policy.Policy{Compression: new(true), CompressionCacheMiB: new(int64(128))},
		Global: policy.Policy{AutoConverge: new(true), Timeout: new(time.Hour)},
	})
}

func entry(id string) history.Entry {
	started := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	return history.Entry{
		ID: id, StartedAt: started, EndedAt: started.Add(13 * time.Second), From: kvm1, To: kvm2,
		Mode: "peer_to_peer", Phase: "pre_copy", Outcome: history.Completed, Policy: effective(),
		Figures: &history.Figures{
			DurationMS: 13100, DowntimeMS: new(int64(120)), MemoryTotalBytes: 1 << 28, MemoryTransferredBytes: 1 << 29,
			Iterations: 5, Throttle: new(int64(30)), CompressionPages: new(int64(7)), CompressionCacheMisses: new(int64(2)),
		},
	}
}

func encode(t *testing.T, h history.History) string {
	t.Helper()
	document, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

func decode(t *testing.T, document string) history.History {
	t.Helper()
	h, err := history.Decode([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := history.History{Entries: []history.Entry{
		{ID: "b", StartedAt: entry("b").StartedAt, From: kvm2, To: kvm1, Outcome: history.Started, Policy: effective()},
		entry("a"),
	}}
	if diff := cmp.Diff(want, decode(t, encode(t, want)), visible); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestDocumentIsAsDocumented(t *testing.T) {
	t.Parallel()
	e := entry("a")
	e.Policy = policy.Resolve(policy.Levels{Run: policy.Policy{PostCopy: new(true)}})
	e.Figures = nil
	const want = `{"migrations":[{"ended_at":"2026-11-26T12:00:13Z",` +
		`"from":{"uuid":"6d696772-0000-4000-8000-000000000001","label":"kvm1"},"id":"a","mode":"peer_to_peer",` +
		`"origins":{"post_copy":"run"},"outcome":"completed","phase":"pre_copy","policy":{"version":1,`
	got := encode(t, history.History{Entries: []history.Entry{e}})
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `"version":1}`) {
		t.Errorf("got  %s\nwant %s ...", got, want)
	}
}

func TestOldestGo(t *testing.T) {
	t.Parallel()
	var h history.History
	for i := range history.MaxEntries + 3 {
		h.Add(entry(fmt.Sprint(i)))
	}
	kept := decode(t, encode(t, h)).Entries
	if len(kept) != history.MaxEntries || kept[0].ID != "12" || kept[9].ID != "3" {
		t.Errorf("kept %d entries, from %s to %s", len(kept), kept[0].ID, kept[len(kept)-1].ID)
	}
	h.Entries[1].Unknown = map[string]json.RawMessage{"note": json.RawMessage(`"` + strings.Repeat("x", 10<<10) + `"`)}
	h.Entries[3].Unknown = h.Entries[1].Unknown
	document := encode(t, h)
	if kept = decode(t, document).Entries; len(document) > history.MaxBytes || len(kept) != 3 {
		t.Errorf("kept %d entries in %d bytes, want the 3 before what is too large", len(kept), len(document))
	}
	h.Unknown = map[string]json.RawMessage{"note": json.RawMessage(`"` + strings.Repeat("x", history.MaxBytes) + `"`)}
	if kept := decode(t, encode(t, h)); len(kept.Entries) != 1 || kept.Unknown != nil {
		t.Errorf("kept %d entries beside what is too large, want 1", len(kept.Entries))
	}
}

func TestWhatANewerReleaseWroteIsKept(t *testing.T) {
	t.Parallel()
	const document = `{"migrations":[` +
		`{"from":{"label":"kvm1"},"id":"a","origins":{"warp":"vm"},"outcome":"teleported","policy":{"version":1,"warp":9},"started_at":"2026-11-26T12:00:00Z","to":{"label":"kvm2"},"why":"<&>"},` +
		`{"id":7},"later",` +
		`{"from":{"label":"kvm1"},"id":"b","outcome":"failed","policy":{"version":2},"started_at":"2026-11-26T12:00:00Z","to":{"label":"kvm2"}}` +
		`],"summary":{"moves":4},"version":1}`
	h := decode(t, document)
	if got := encode(t, h); got != document {
		t.Errorf("written back\n%s, want\n%s", got, document)
	}
	for i, want := range []bool{true, false, false, true} {
		if h.Entries[i].Readable() != want {
			t.Errorf("entry %d: readable = %t", i, !want)
		}
	}
}

func TestWhatIsNoHistoryIsRefused(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		``, `null`, `[]`, `see the wiki`, "\xff", `{}`, `{"version":0}`, `{"version":"1"}`, `{"version":1,"migrations":{}}`,
		`{"version":1,"note":"` + strings.Repeat("x", 1<<20) + `"}`,
	} {
		if h, err := history.Decode([]byte(document)); err == nil || h.Entries != nil {
			t.Errorf("%.40q was read: %v, %v", document, h, err)
		}
	}
	var newer *history.NewerVersionError
	if _, err := history.Decode([]byte(`{"version":2}`)); !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("version 2: %v", err)
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	started := func(id string, to history.Host) history.Entry {
		e := entry(id)
		e.Outcome, e.EndedAt, e.Figures, e.To = history.Started, time.Time{}, nil, to
		return e
	}
	cases := map[string]struct {
		entries []history.Entry
		here    string
		want    []history.Outcome
		newest  string
	}{
		"nothing started":             {[]history.Entry{entry("a")}, kvm2.UUID, []history.Outcome{history.Completed}, ""},
		"arrived":                     {[]history.Entry{started("a", kvm2)}, kvm2.UUID, []history.Outcome{history.Completed}, "a"},
		"not on its destination":      {[]history.Entry{started("a", kvm2)}, kvm1.UUID, []history.Outcome{history.Unwatched}, "a"},
		"a host that was not asked":   {[]history.Entry{started("a", history.Host{Label: "kvm2"})}, "", []history.Outcome{history.Unwatched}, "a"},
		"an older one to this host":   {[]history.Entry{started("b", kvm1), started("a", kvm2)}, kvm2.UUID, []history.Outcome{history.Unwatched, history.Unwatched}, "b"},
		"an older one, never watched": {[]history.Entry{started("b", kvm2), started("a", kvm2)}, kvm2.UUID, []history.Outcome{history.Completed, history.Unwatched}, "b"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := history.History{Entries: tc.entries}
			newest := h.Settle(tc.here)
			for i, want := range tc.want {
				if got := h.Entries[i].Outcome; got != want {
					t.Errorf("entry %d is %s, want %s", i, got, want)
				}
			}
			if newest == nil && tc.newest != "" || newest != nil && newest.ID != tc.newest {
				t.Errorf("newest is %v, want %q", newest, tc.newest)
			}
		})
	}
}

// Volumes of a move that was killed are known until its time limit, and newer moves say more.
func TestLeft(t *testing.T) {
	t.Parallel()
	volume := func(at history.Host, path string, length uint64) history.Volume {
		return history.Volume{Host: at, Target: "vda", Path: path, Format: "raw", LengthBytes: length, Modified: "1.5"}
	}
	killed, older, unlimited := entry("c"), entry("b"), entry("a")
	killed.VolumesWritten = []history.Volume{volume(kvm1, "/a", 1), volume(kvm2, "/a", 2), volume(kvm2, "/b", 3)}
	older.VolumesLeft = []history.Volume{volume(kvm2, "/a", 4), volume(kvm2, "/c", 5)}
	unlimited.VolumesWritten = []history.Volume{volume(kvm2, "/d", 6)}
	unlimited.Policy = policy.Effective{}
	h := decode(t, encode(t, history.History{Entries: []history.Entry{killed, older, unlimited}}))
	until := killed.StartedAt.Add(time.Hour + 2*time.Minute)
	want := []history.Leftover{
		{Volume: volume(kvm2, "/a", 2), WrittenUntil: until, EndedBy: until},
		{Volume: volume(kvm2, "/b", 3), WrittenUntil: until, EndedBy: until},
		{Volume: volume(kvm2, "/c", 5), EndedBy: older.EndedAt.Add(2 * time.Minute)},
		{Volume: volume(kvm2, "/d", 6)},
	}
	if diff := cmp.Diff(want, h.Left(kvm2.UUID)); diff != "" {
		t.Errorf("on the destination (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]history.Leftover{{Volume: volume(kvm1, "/a", 1), WrittenUntil: until, EndedBy: until}}, h.Left(kvm1.UUID)); diff != "" {
		t.Errorf("on the source (-want +got):\n%s", diff)
	}
	if left := h.Left(""); left != nil {
		t.Errorf("on a host that was not asked: %v", left)
	}
}

func FuzzDecode(f *testing.F) {
	whole, err := history.History{Entries: []history.Entry{entry("a"), entry("b")}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, document := range []string{
		string(whole), `{"version":1}`, `{"version":1,"migrations":[{"id":1},null,[],"x"],"y":{"z":1E400}}`,
		`{"version":1,"migrations":[{"id":"a","outcome":"x","started_at":"2026-11-26T12:00:00+01:00","from":{},"to":{},"origins":{"timeout":"moon"},"policy":{"version":1,"timeout":"1h"}}]}`,
		`{"version":2}`, `{`, ``, "\xff",
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		h, err := history.Decode(document)
		if err != nil {
			if h.Entries != nil || h.Unknown != nil {
				t.Fatal("a refused history leaves traces")
			}
			return
		}
		for _, e := range h.Entries {
			if e.Readable() && e.ID == "" {
				t.Fatalf("%q: an entry without ID was read", document)
			}
		}
		h.Settle("here")
		h.Entries = append([]history.Entry{entry("new")}, h.Entries...)
		written, err := h.Encode()
		if err != nil {
			t.Fatalf("%q is read, but not written: %v", document, err)
		}
		again, err := history.Decode(written)
		if err != nil || len(written) > history.MaxBytes {
			t.Fatalf("%q is written as %q, and that is not read: %v", document, written, err)
		}
		if again.Find("new") == nil {
			t.Fatalf("%q: the move was lost: %q", document, written)
		}
		last, err := again.Encode()
		if err != nil || string(last) != string(written) {
			t.Fatalf("written as %q, then as %q: %v", written, last, err)
		}
	})
}

// A document may be as large as the limit, and no larger.
func TestEncodeUsesTheWholeLimit(t *testing.T) {
	t.Parallel()
	of := func(size int) history.History {
		note := json.RawMessage(`"` + strings.Repeat("x", size) + `"`)
		return history.History{
			Entries: []history.Entry{entry("b"), entry("a")}, Unknown: map[string]json.RawMessage{"note": note},
		}
	}
	rest := history.MaxBytes - len(encode(t, of(0)))
	if document := encode(t, of(rest)); len(document) != history.MaxBytes || len(decode(t, document).Entries) != 2 {
		t.Errorf("%d bytes with %d moves, want both in %d", len(document), len(decode(t, document).Entries), history.MaxBytes)
	}
	if kept := decode(t, encode(t, of(rest+1))).Entries; len(kept) != 1 {
		t.Errorf("%d moves are kept beyond the limit", len(kept))
	}
}

// A time that cannot be written in RFC 3339 is kept as it was read.
func TestTimesThatCannotBeWrittenAreKept(t *testing.T) {
	t.Parallel()
	good := encode(t, history.History{Entries: []history.Entry{entry("a")}})
	for _, member := range []string{"started_at", "ended_at"} {
		document := regexp.MustCompile(`"`+member+`":"[^"]*"`).ReplaceAllString(good, `"`+member+`":"1969-12-31T00:00:00Z"`)
		h := decode(t, document)
		if h.Entries[0].Readable() || encode(t, h) != document {
			t.Errorf("%s before 1970: readable is %t, written back as\n%s", member, h.Entries[0].Readable(), encode(t, h))
		}
	}
}

func TestUnderWay(t *testing.T) {
	t.Parallel()
	started := func(id string, from, to history.Host) history.Entry {
		e := entry(id)
		e.Outcome, e.From, e.To = history.Started, from, to
		return e
	}
	kvm3 := history.Host{UUID: "3", Label: "kvm3"}
	h := history.History{Entries: []history.Entry{
		entry("d"), started("c", kvm1, kvm3), started("b", kvm1, kvm2), started("a", kvm1, kvm2),
	}}
	if e := h.UnderWay(kvm1.UUID, kvm2.UUID, ""); e == nil || e.ID != "b" {
		t.Errorf("to kvm2 is %+v", e)
	}
	if e := h.UnderWay(kvm1.UUID, kvm2.UUID, "b"); e == nil || e.ID != "a" {
		t.Errorf("besides b is %+v", e)
	}
	if e := h.UnderWay(kvm2.UUID, kvm1.UUID, ""); e != nil {
		t.Errorf("back is %+v", e)
	}
}
