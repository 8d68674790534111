package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

func TestEvacuated(t *testing.T) {
	t.Parallel()
	kvm3 := history.Host{UUID: "6d696772-0000-4000-8000-000000000003", Label: "kvm3"}
	move := func(from, to history.Host, outcome history.Outcome, evacuation string) history.Entry {
		e := entry("a")
		e.From, e.To, e.Outcome, e.Evacuation = from, to, outcome, evacuation
		return e
	}
	former := history.Host{UUID: "6d696772-0000-4000-8000-00000000000f", Label: "kvm1"}
	there := move(kvm1, kvm2, history.Completed, "e1")
	for name, test := range map[string]struct {
		entries []history.Entry // newest first
		to      string
		last    bool
	}{
		"never moved":                   {nil, "", false},
		"moved by it":                   {[]history.Entry{there}, "kvm2", true},
		"moved by another evacuation":   {[]history.Entry{move(kvm1, kvm2, history.Completed, "e0")}, "", false},
		"moved by no evacuation":        {[]history.Entry{move(kvm1, kvm2, history.Completed, "")}, "", false},
		"from another host":             {[]history.Entry{move(kvm3, kvm2, history.Completed, "e1")}, "", false},
		"its move failed":               {[]history.Entry{move(kvm1, kvm2, history.Failed, "e1")}, "", false},
		"its move was not watched":      {[]history.Entry{move(kvm1, kvm2, history.Unwatched, "e1")}, "", false},
		"a later move failed":           {[]history.Entry{move(kvm2, kvm3, history.Failed, ""), there}, "kvm2", true},
		"moved on since":                {[]history.Entry{move(kvm2, kvm3, history.Completed, ""), there}, "kvm2", false},
		"from what the host was before": {[]history.Entry{move(former, kvm2, history.Completed, "e1")}, "kvm2", true},
		"brought back":                  {[]history.Entry{move(kvm2, kvm1, history.Completed, "e1"), there}, "kvm2", false},
		"brought back, and moved again": {[]history.Entry{move(kvm1, kvm3, history.Completed, "e1"), move(kvm2, kvm1, history.Completed, ""), there}, "kvm3", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			past := decode(t, encode(t, history.History{Entries: test.entries}))
			e, last := past.Evacuated("e1", kvm1.UUID, former.UUID)
			var to string
			if e != nil {
				to = e.To.Label
			}
			if to != test.to || last != test.last {
				t.Errorf("moved to %q, last %t; want %q, %t", to, last, test.to, test.last)
			}
		})
	}
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*history.Entry)
		want   bool
	}{
		"begun":                   {func(*history.Entry) {}, true},
		"ended":                   {func(e *history.Entry) { e.Outcome = history.Completed }, false},
		"begun by another":        {func(e *history.Entry) { e.Evacuation = "e0" }, false},
		"begun from another host": {func(e *history.Entry) { e.From = kvm2 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entry("a")
			e.From, e.To, e.Outcome, e.Evacuation = kvm1, kvm2, history.Started, "e1"
			test.change(&e)
			past := history.History{Entries: []history.Entry{e}}
			if got := past.Leaving("e1", kvm1.UUID); got != test.want {
				t.Errorf("it is leaving: %t", got)
			}
		})
	}
}

func TestStopIsKept(t *testing.T) {
	t.Parallel()
	want := history.History{
		Entries: []history.Entry{entry("a")},
		Stopped: &history.Stop{Evacuation: "e1", By: "shut_down", At: time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC), Host: kvm1},
	}
	document := encode(t, want)
	if diff := cmp.Diff(want, decode(t, document), visible); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if _, err := history.Decode([]byte(`{"version":1,"stopped":"yes"}`)); err == nil {
		t.Error("a word instead of an object is read")
	}
}
