//go:build lab

package fleet

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// declareVM gives a VM a policy of its own.
func declareVM(t *testing.T, f *Fleet, guest *lab.Guest, p policy.Policy) {
	t.Helper()
	if _, err := f.CreateVM(testContext(t), guest.UUID, Declaration{Policy: p}); err != nil {
		t.Fatal(err)
	}
}

// where are the hosts that guests are on, by name; "off HOST" for one that is off.
func where(t *testing.T, f *Fleet, guests map[string]*lab.Guest) map[string]string {
	t.Helper()
	at := map[string]string{}
	for name, g := range guests {
		l, err := f.FindUUID(testContext(t), g.UUID, "")
		if err != nil {
			t.Fatal(err)
		}
		at[name] = l.Host
		if !l.Domain.Active() {
			at[name] = "off " + l.Host
		}
	}
	return at
}

// An emptied host keeps what its VMs' policies say, two VMs of a group never share a host, and everything comes back by the
// VMs' own histories. A VM that was moved on by hand stays where it is.
func TestEvacuate(t *testing.T) {
	world := testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	guests := map[string]*lab.Guest{}
	for name, on := range map[string]string{"plain": "kvm1", "saved": "kvm1", "stays": "kvm1", "grouped": "kvm1", "moved on": "kvm1", "same group": "kvm2"} {
		guests[name] = world.StartGuest(t, lab.GuestSpec{Bare: true, Host: on})
	}
	declareVM(t, f, guests["saved"], policy.Policy{Evacuation: new(policy.EvacuateManagedSave)})
	declareVM(t, f, guests["stays"], policy.Policy{Evacuation: new(policy.EvacuateStay)})
	declareVM(t, f, guests["grouped"], policy.Policy{AntiAffinityGroup: new("db")})
	declareVM(t, f, guests["same group"], policy.Policy{AntiAffinityGroup: new("db")})
	t.Cleanup(func() {
		if _, err := f.ChangeCordon(context.WithoutCancel(t.Context()), "kvm1", func(cordon.Record) (cordon.Record, error) { return cordon.Record{}, nil }); err != nil {
			t.Log(err)
		}
	})

	e := Evacuation{Host: "kvm1", Cordon: true, Why: "a new fan"}
	plan, err := f.PlanEvacuation(testContext(t), e)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Moves) != 3 || len(plan.Stops) != 1 || len(plan.Stays) != 1 || len(plan.Stuck) != 0 {
		t.Fatalf("planned: %+v", plan)
	}
	done, err := f.Evacuate(testContext(t), e, func(p EvacuationProgress) {
		if p.Move == nil {
			t.Logf("%s %s to %s, ended %t, %v", p.Doing, p.VM.Name, p.To, p.Ended, p.Err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	at := where(t, f, guests)
	if at["plain"] == "kvm1" || at["grouped"] != "kvm3" || at["saved"] != "off kvm1" || at["stays"] != "kvm1" {
		t.Errorf("the VMs are on %v", at)
	}
	want := Evacuated{
		Host: plan.Host, Evacuation: done.Evacuation, Cordoned: true, Stays: done.Stays,
		Moved: map[string]string{}, Stopped: map[string]policy.Evacuation{guests["saved"].UUID: policy.EvacuateManagedSave},
		Remaining: []string{guests["stays"].UUID},
	}
	for _, name := range []string{"plain", "grouped", "moved on"} {
		want.Moved[guests[name].UUID] = at[name]
	}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Another run reads the same, and has nothing to do.
	other := open(t, labConfig(t, UnreachableError))
	if again, ok, err := other.Maintenance(testContext(t), "kvm1"); err != nil || !ok || !maps.Equal(again.Moved, want.Moved) || !slices.Equal(again.Remaining, want.Remaining) {
		t.Errorf("another run reads %+v, %t, %v", again, ok, err)
	}
	if plan, err := other.PlanEvacuation(testContext(t), e); err != nil || plan.Leaves() || plan.Evacuation != done.Evacuation {
		t.Errorf("another run would do %+v, %v", plan, err)
	}

	elsewhere := map[string]string{"kvm2": "kvm3", "kvm3": "kvm2"}[at["moved on"]]
	if _, err := f.Move(testContext(t), Move{VM: guests["moved on"].UUID, Destination: elsewhere}, func(Progress) {}); err != nil {
		t.Fatal(err)
	}
	returned, failures, err := other.EndMaintenance(testContext(t), "kvm1", true, false, func(EvacuationProgress) {})
	if err != nil || len(failures) > 0 {
		t.Fatal(err, failures)
	}
	if len(returned.Elsewhere) != 1 || returned.Elsewhere[0].UUID != guests["moved on"].UUID {
		t.Errorf("left elsewhere: %+v", returned.Elsewhere)
	}
	back := map[string]string{"plain": "kvm1", "saved": "kvm1", "stays": "kvm1", "grouped": "kvm1", "moved on": elsewhere, "same group": "kvm2"}
	if diff := cmp.Diff(back, where(t, f, guests)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok, err := other.Maintenance(testContext(t), "kvm1"); ok || err != nil {
		t.Errorf("the host still has a record: %t, %v", ok, err)
	}
}

// TestEvacuate_refused: a VM that the checks keep from every host is known from the beginning, and nothing is begun.
func TestEvacuate_refused(t *testing.T) {
	world := testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	plain, refused := world.StartGuest(t, lab.GuestSpec{Bare: true}), world.StartGuest(t, lab.GuestSpec{Bare: true})
	declareVM(t, f, refused, policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))})
	began := time.Now()
	_, err := f.Evacuate(testContext(t), Evacuation{Host: "kvm1", Cordon: true}, func(p EvacuationProgress) { t.Errorf("it begins %+v", p) })
	t.Logf("refused after %v", time.Since(began))
	var e *EvacuationError
	if !errors.As(err, &e) || len(e.Stuck) != 1 || e.Stuck[0].VM.UUID != refused.UUID || e.Cordoned {
		t.Errorf("got %v", err)
	}
	if record, err := f.Cordon(testContext(t), "kvm1"); err != nil || record.Says() {
		t.Errorf("the host's record: %+v, %v", record, err)
	}
	if at := where(t, f, map[string]*lab.Guest{"plain": plain}); at["plain"] != "kvm1" {
		t.Errorf("it is on %v", at)
	}
}

// A guest that does not hear its power button runs on, which the error says, and it is none of those that start again. One
// that ends later has left.
func TestEvacuate_deaf(t *testing.T) {
	world := testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	f.shutDownWithin = time.Second
	deaf := world.StartGuest(t, lab.GuestSpec{Bare: true})
	declareVM(t, f, deaf, policy.Policy{Evacuation: new(policy.EvacuateShutDown)})
	e := Evacuation{Host: "kvm1", Cordon: true}
	end := func() {
		t.Helper()
		if _, failures, err := f.EndMaintenance(testContext(t), "kvm1", true, false, func(EvacuationProgress) {}); err != nil || len(failures) > 0 {
			t.Fatal(err, failures)
		}
		if at := where(t, f, map[string]*lab.Guest{"deaf": deaf}); at["deaf"] != "kvm1" {
			t.Errorf("it is on %v", at)
		}
	}
	ignored := func() {
		t.Helper()
		_, err := f.Evacuate(testContext(t), e, func(EvacuationProgress) {})
		var on *NotStoppedError
		if !errors.As(err, &on) || !on.Seen || on.Location.Domain.State != migration.StateRunning || on.Waited < time.Second || on.Waited > shutDownWithin/2 {
			t.Fatalf("got %v, %+v", err, on)
		}
	}

	ignored()
	end()
	ignored()
	world.Host("kvm1").MustVirsh(t, "destroy", deaf.UUID)
	done, err := f.Evacuate(testContext(t), e, func(EvacuationProgress) {})
	if err != nil || done.Stopped[deaf.UUID] != policy.EvacuateShutDown || len(done.Remaining) > 0 {
		t.Errorf("%+v, %v", done, err)
	}
	end()
}
