package history_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

func nic(from, to string) definition.Change {
	return definition.Change{Device: definition.Interface, Key: "52:54:00:00:00:01", Old: from, New: to}
}

// TestBack: what earlier moves have changed is known when the VM goes back to a host that it
// has left, over other hosts too, and also after the history was written and read.
func TestBack(t *testing.T) {
	t.Parallel()
	kvm3 := history.Host{UUID: "6d696772-0000-4000-8000-000000000003", Label: "kvm3"}
	move := func(from, to history.Host, outcome history.Outcome, running, config []definition.Change) history.Entry {
		e := entry("a")
		e.From, e.To, e.Outcome, e.DevicesChanged, e.ConfigChanged = from, to, outcome, running, config
		return e
	}
	type changes = []definition.Change
	ab, bc := changes{nic("a", "b")}, changes{nic("b", "c")}
	for _, test := range []struct {
		name            string
		entries         []history.Entry // newest first
		host            history.Host
		running, config changes
	}{
		{"no move", nil, kvm1, nil, nil},
		{
			"there and back",
			[]history.Entry{move(kvm1, kvm2, history.Completed, ab, nil)},
			kvm1,
			changes{nic("b", "a")},
			changes{nic("b", "a")},
		},
		{
			"another persistent definition",
			[]history.Entry{move(kvm1, kvm2, history.Completed, ab, changes{nic("x", "b")})},
			kvm1,
			changes{nic("b", "a")},
			changes{nic("b", "x")},
		},
		{
			"nothing in the persistent definition",
			[]history.Entry{move(kvm1, kvm2, history.Completed, ab, changes{})},
			kvm1,
			changes{nic("b", "a")},
			changes{},
		},
		{"to a host that it has not left", []history.Entry{move(kvm1, kvm2, history.Completed, ab, nil)}, kvm3, nil, nil},
		{"over a third host", []history.Entry{
			move(kvm2, kvm3, history.Completed, bc, nil), move(kvm1, kvm2, history.Completed, ab, nil),
		}, kvm1, changes{nic("c", "a")}, changes{nic("c", "a")}},
		{"after a move that failed", []history.Entry{
			move(kvm2, kvm3, history.Failed, nil, nil), move(kvm1, kvm2, history.Completed, ab, nil),
		}, kvm1, changes{nic("b", "a")}, changes{nic("b", "a")}},
		{"after a move that failed once the VM had arrived", []history.Entry{
			move(kvm2, kvm3, history.Failed, bc, nil), move(kvm1, kvm2, history.Completed, ab, nil),
		}, kvm1, changes{nic("c", "a")}, changes{nic("c", "a")}},
		{"after a move that nobody watched, then another tool's", []history.Entry{
			move(kvm1, kvm2, history.Unwatched, ab, nil),
		}, kvm1, changes{nic("b", "a")}, changes{nic("b", "a")}},
		{"over a move that nobody watched", []history.Entry{
			move(kvm2, kvm3, history.Completed, bc, nil), move(kvm1, kvm2, history.Unwatched, ab, nil),
		}, kvm1, changes{nic("c", "a")}, changes{nic("c", "a")}},
		{"over a move that nobody watched, and that was not made", []history.Entry{
			move(kvm1, kvm2, history.Completed, changes{nic("a", "c")}, nil), move(kvm1, kvm2, history.Unwatched, ab, nil),
			move(kvm3, kvm1, history.Completed, changes{nic("z", "a")}, nil),
		}, kvm3, changes{nic("c", "z")}, changes{nic("c", "z")}},
		{"a host that it was to leave, and has left otherwise", []history.Entry{
			move(kvm1, kvm2, history.Failed, nil, nil), move(kvm2, kvm1, history.Completed, nil, nil),
			move(kvm1, kvm2, history.Completed, ab, nil),
		}, kvm1, changes{}, changes{}},
		{"left twice", []history.Entry{
			move(kvm1, kvm2, history.Completed, nil, nil), move(kvm2, kvm1, history.Completed, bc, nil),
			move(kvm1, kvm2, history.Completed, ab, nil),
		}, kvm1, changes{}, changes{}},
		{
			"a host that did not say its UUID",
			[]history.Entry{move(history.Host{Label: "kvm1"}, kvm2, history.Completed, ab, nil)},
			history.Host{},
			nil, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			read := decode(t, encode(t, history.History{Entries: test.entries}))
			running, config := read.Back(test.host.UUID)
			if diff := cmp.Diff(test.running, running); diff != "" {
				t.Errorf("as it runs (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.config, config); diff != "" {
				t.Errorf("persistent (-want +got)\n%s", diff)
			}
		})
	}
}
