//go:build lab

package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// cordonHost cordons a host for a test. No test that runs beside it may move a VM to that host.
func cordonHost(t *testing.T, f *Fleet, name string, want cordon.Record) {
	t.Helper()
	put := func(r cordon.Record) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), testTimeout)
		defer cancel()
		if _, err := f.ChangeCordon(ctx, name, func(cordon.Record) (cordon.Record, error) { return r, nil }); err != nil {
			t.Error(err)
		}
	}
	put(want)
	t.Cleanup(func() { put(cordon.Record{}) })
}

// A cordoned host is refused as destination, by the plan and before the start, until it is opened. A VM that is there
// already is on its destination.
func TestCordon(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	f := open(t, labConfig(t, UnreachableError))
	record := cordon.Record{Cordoned: true, Since: time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC), Why: "a new fan", Evacuation: "e"}
	cordonHost(t, f, "kvm2", record)
	other := open(t, labConfig(t, UnreachableError)) // another run
	if got, err := other.Cordon(testContext(t), "kvm2"); err != nil || !cmp.Equal(record, got) {
		t.Fatalf("the record of kvm2: %+v, %v", got, err)
	}
	move := Move{VM: guest.UUID, Destination: "kvm2"}
	_, assessment, err := other.Assess(testContext(t), move)
	if err != nil {
		t.Fatal(err)
	}
	want := preflight.Cordoned{Why: record.Why, Since: record.Since}
	if certain := assessment.Certain(); len(certain) != 1 || certain[0].Fact != want {
		t.Errorf("a plan finds %v", certain)
	}
	var refused *migration.PreflightError
	if _, err = other.Move(testContext(t), move, func(Progress) {}); !errors.As(err, &refused) || !strings.Contains(err.Error(), "cordon") {
		t.Errorf("the move: %v", err)
	}
	cordonHost(t, f, "kvm2", cordon.Record{})
	if _, err := other.Move(testContext(t), move, func(Progress) {}); err != nil {
		t.Error(err)
	}
	cordonHost(t, f, "kvm2", record)
	if moved, err := other.Move(testContext(t), move, func(Progress) {}); err != nil || moved.Report.Moved {
		t.Errorf("a VM that is there: %+v, %v", moved, err)
	}
}

// A record is written under a lease, and one that cannot be read is left alone.
func TestChangeCordon(t *testing.T) {
	testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	h := f.hosts[2]
	cordonHost(t, f, h.Name(), cordon.Record{})
	held := host.Lease{UUID: uuid.NewString(), Name: recordLease}
	if err := h.TakeLease(testContext(t), held, lease.Holder{Run: "another"}.Until(time.Now()).Encode()); err != nil {
		t.Fatal(err)
	}
	changed := make(chan error)
	go func() {
		_, err := f.ChangeCordon(testContext(t), h.Name(), func(r cordon.Record) (cordon.Record, error) {
			r.Cordoned = true
			return r, nil
		})
		changed <- err
	}()
	select {
	case err := <-changed:
		t.Fatalf("it did not wait for the other run: %v", err)
	case <-time.After(3 * recordPoll):
	}
	if err := h.EndLease(testContext(t), held); err != nil {
		t.Fatal(err)
	}
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	if leases, err := h.Leases(testContext(t)); err != nil || len(leases) > 0 {
		t.Errorf("leases afterwards: %v, %v", leases, err)
	}
	const newer = `{"version":2}`
	setRecord(t, f, h.Name(), host.Itself, newer)
	var unreadable *UnreadableCordonError
	if _, err := f.ChangeCordon(testContext(t), h.Name(), func(r cordon.Record) (cordon.Record, error) {
		return cordon.Record{Cordoned: true}, nil
	}); !errors.As(err, &unreadable) {
		t.Errorf("got %v", err)
	}
	if now, err := h.Record(testContext(t), host.Itself); err != nil || now == nil || *now != newer {
		t.Errorf("the record now: %v, %v", now, err)
	}
	if err := h.DeleteRecord(testContext(t), host.Itself); err != nil {
		t.Error(err)
	}
}
