//go:build lab

package fleet

import (
	"context"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestHistory moves one VM again and again: its history travels in both modes, whatever
// was in its place before.
func TestHistory(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	for _, where := range []string{"--live", "--config"} {
		world.Host("kvm1").MustVirsh(t, "metadata", guest.UUID, host.HistoryURI, where, "--key", "virth",
			"--set", "<migration-history>see the wiki</migration-history>")
	}
	move := func(ctx context.Context, to string, mode migration.Mode, run policy.Policy, tell func(Progress)) (Moved, error) {
		return f.Move(ctx, Move{VM: guest.Name, Destination: to, Mode: mode, Policy: run}, tell)
	}
	mustMove := func(to string, mode migration.Mode) Moved {
		t.Helper()
		moved, err := move(testContext(t), to, mode, policy.Policy{}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return moved
	}

	if moved := mustMove("kvm2", migration.PeerToPeer); moved.HistoryErr != nil {
		t.Fatal(moved.HistoryErr)
	}
	mustMove("kvm3", migration.Direct)
	past := wantHistory(t, f, guest, "kvm3", "completed direct kvm2 kvm3", "completed peer_to_peer kvm1 kvm2")
	if e := past.Entries[0]; e.Figures == nil || e.Figures.MemoryTotalBytes == 0 || e.Phase != "pre_copy" ||
		e.From.UUID == "" || e.To.UUID == "" || e.Policy.Origins.Of(policy.FieldTimeout) != policy.OriginDefault {
		t.Errorf("the newest entry is %+v", e)
	}

	// What a killed client leaves is completed by the next run that finds the VM there.
	rewrite(t, f, "kvm3", guest, func(h *history.History) {
		h.Entries[0].Outcome, h.Entries[0].Figures, h.Entries[0].EndedAt = history.Started, nil, past.Entries[1].EndedAt.AddDate(-1, 0, 0)
	})
	if moved := mustMove("kvm3", migration.Auto); moved.OpenEntry == nil || moved.OpenEntry.ID != past.Entries[0].ID {
		t.Errorf("the open entry is not told of: %+v", moved.OpenEntry)
	}
	if moved := mustMove("kvm3", migration.Auto); moved.OpenEntry != nil {
		t.Errorf("an entry that is complete is told of: %+v", moved.OpenEntry)
	}
	past = wantHistory(t, f, guest, "kvm3", "completed direct kvm2 kvm3", "completed peer_to_peer kvm1 kvm2")
	if past.Entries[0].Figures == nil {
		t.Error("the figures that libvirt still has were not taken over")
	}

	// A move that is cancelled is in the history of the source, with what was seen of it.
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	moved, err := move(ctx, "kvm1", migration.Auto, policy.Policy{BandwidthMiBPerSecond: new(int64(1))}, func(p Progress) {
		if p.Phase == migration.PhasePreCopy {
			cancel()
		}
	})
	if err == nil || moved.Entry.Outcome != history.Cancelled {
		t.Fatalf("got %+v, %v", moved.Entry, err)
	}
	past = wantHistory(t, f, guest, "kvm3", "cancelled peer_to_peer kvm3 kvm1", "completed direct kvm2 kvm3", "completed peer_to_peer kvm1 kvm2")
	if e := past.Entries[0]; e.Figures == nil || e.Policy.Origins.Of(policy.FieldBandwidth) != policy.OriginRun {
		t.Errorf("the cancelled entry is %+v", e)
	}

	// That of a newer release stays as it is, and is not in the way.
	newer := `{"version":2,"moves":"<9>"}`
	h, _ := f.host("kvm3")
	if err := h.UpdateDomainHistory(testContext(t), guest.UUID, func(host.DomainDocument) (*string, error) { return &newer, nil }); err != nil {
		t.Fatal(err)
	}
	if moved := mustMove("kvm1", migration.Auto); moved.HistoryErr == nil || moved.Entry.Outcome != history.Completed {
		t.Errorf("got %+v, %v", moved.Entry, moved.HistoryErr)
	}
	if got := html.UnescapeString(world.Host("kvm1").MustVirsh(t, "metadata", guest.UUID, host.HistoryURI, "--config")); !strings.Contains(got, newer) {
		t.Errorf("the newer history is now %s", got)
	}
}

// rewrite changes a history as if it had been left so.
func rewrite(t *testing.T, f *Fleet, name string, guest *lab.Guest, change func(*history.History)) {
	t.Helper()
	h, err := f.host(name)
	if err != nil {
		t.Fatal(err)
	}
	err = h.UpdateDomainHistory(testContext(t), guest.UUID, changeHistory(func(past *history.History) bool {
		change(past)
		return true
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// wantHistory wants moves, "OUTCOME MODE SOURCE DESTINATION" and newest first, in both
// copies, and virsh to show them as documented.
func wantHistory(t *testing.T, f *Fleet, guest *lab.Guest, on string, want ...string) history.History {
	t.Helper()
	location, past, err := f.History(testContext(t), guest.Name)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range past.Entries {
		got = append(got, strings.Join([]string{string(e.Outcome), e.Mode, e.From.Label, e.To.Label}, " "))
	}
	if location.Host != on || strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Fatalf("on %s: history %q, want on %s %q", location.Host, got, on, want)
	}
	shown := map[string]string{}
	for _, where := range []string{"--live", "--config"} {
		shown[where] = testLab(t).Host(on).MustVirsh(t, "metadata", guest.UUID, host.HistoryURI, where)
	}
	if shown["--live"] != shown["--config"] {
		t.Errorf("the copies differ: %q", shown)
	}
	document := regexp.MustCompile(`(?s)^<migration-history>(.*)</migration-history>\s*$`).FindStringSubmatch(shown["--live"])
	if document == nil {
		t.Fatalf("virsh shows %s", shown["--live"])
	}
	if _, err := history.Decode([]byte(html.UnescapeString(document[1]))); err != nil {
		t.Errorf("virsh shows %s: %v", document[1], err)
	}
	return past
}
