//go:build lab

package fleet

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestVMRecordLifecycle(t *testing.T) {
	t.Parallel()
	f := open(t, labConfig(t, UnreachableError))
	for name, test := range map[string]struct {
		spec   lab.GuestSpec
		places []string
	}{
		"running":   {lab.GuestSpec{Bare: true}, []string{"live", "config"}},
		"shut off":  {lab.GuestSpec{Bare: true, State: lab.Inactive, Host: "kvm2"}, []string{"config"}},
		"transient": {lab.GuestSpec{Bare: true, Transient: true, Host: "kvm3"}, []string{"live"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := testContext(t)
			guest := testLab(t).StartGuest(t, test.spec)
			created, err := f.CreateVM(ctx, guest.Name, Declaration{Policy: downtime(400)})
			if err != nil {
				t.Fatal(err)
			}
			requireCopies(t, created.Record, `{"version":1,"max_downtime_ms":400}`, test.places)
			if _, err := f.CreateVM(ctx, guest.Name, Declaration{Policy: downtime(400)}); err != nil {
				t.Errorf("an equal one is not adopted: %v", err)
			}
			var exists *ExistsError
			if _, err := f.CreateVM(ctx, guest.Name, Declaration{Policy: downtime(500)}); !errors.As(err, &exists) || exists.Copy.VM != guest.UUID {
				t.Errorf("error %v, want an ExistsError of the VM", err)
			}
			updated, err := f.UpdateVM(ctx, guest.UUID, "", Declaration{Policy: downtime(500), Seen: created.Record.Seen(Declaration{})})
			if err != nil {
				t.Fatal(err)
			}
			requireCopies(t, updated.Record, `{"version":1,"max_downtime_ms":500}`, test.places)
			for range 2 { // also where there is none any more
				if _, _, err := f.DeleteVM(ctx, guest.UUID, "", Declaration{}); err != nil {
					t.Error(err)
				}
			}
			if read, err := f.ReadVM(ctx, guest.UUID, ""); err != nil || !read.Gone() {
				t.Errorf("after the end there is %+v, error %v", read, err)
			}
		})
	}
}

func requireCopies(t *testing.T, r VMRecord, document string, places []string) {
	t.Helper()
	var got []string
	for _, c := range r.Copies {
		got = append(got, c.Impact)
		if c.Document == nil || *c.Document != document {
			t.Errorf("%s says %v, want %s", c, c.Document, document)
		}
	}
	if diff := cmp.Diff(places, got); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
}

// TestVMRecordCreatedTwice creates two different records for one VM at once, as
// two resources would that name it differently.
func TestVMRecordCreatedTwice(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	ctx := testContext(t)
	errs := make(chan error, 2)
	for vm, ms := range map[string]int64{guest.Name: 400, guest.UUID: 500} {
		go func() {
			_, err := f.CreateVM(ctx, vm, Declaration{Policy: downtime(ms)})
			errs <- err
		}()
	}
	first, second := <-errs, <-errs
	var exists *ExistsError
	if (first == nil) == (second == nil) || !errors.As(errors.Join(first, second), &exists) {
		t.Errorf("errors %v and %v, want one ExistsError", first, second)
	}
}

// TestVMRecordWhileMigrating fails at once, and changes nothing.
func TestVMRecordWhileMigrating(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 32, RateMiB: 1}})
	f := open(t, labConfig(t, UnreachableError))
	created, err := f.CreateVM(testContext(t), guest.Name, Declaration{Policy: downtime(400)})
	if err != nil {
		t.Fatal(err)
	}
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	moved := make(chan error, 1)
	go func() {
		_, err := kvm1.Virsh(t.Context(), "migrate", "--live", "--p2p", "--bandwidth", "1", guest.Name, kvm2.PeerURI, kvm2.MigrationURI)
		moved <- err
	}()
	h, err := f.host("kvm1")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the migration runs", func() bool {
		job, err := h.Job(testContext(t), guest.UUID)
		return err == nil && job.Type == migration.JobRunning && job.Operation == migration.OperationMigrationOut
	})
	if _, err := f.UpdateVM(testContext(t), guest.UUID, "kvm1", Declaration{Policy: downtime(500), Seen: created.Record.Seen(Declaration{})}); !errors.Is(err, migration.ErrBusy) {
		t.Errorf("update: error %v, want it busy", err)
	}
	if _, _, err := f.DeleteVM(testContext(t), guest.UUID, "kvm1", Declaration{}); !errors.Is(err, migration.ErrBusy) {
		t.Errorf("delete: error %v, want it busy", err)
	}
	kvm1.MustVirsh(t, "domjobabort", guest.Name)
	if err := <-moved; err == nil {
		t.Error("the migration was not aborted")
	}
	read, err := f.ReadVM(testContext(t), guest.UUID, "kvm1")
	if err != nil {
		t.Fatal(err)
	}
	if drift := read.Drift(downtime(400)); len(drift) > 0 {
		t.Errorf("the record was changed: %v", drift)
	}
}

// TestResolveTakesWhatTheRunningVMCarries resolves where the two copies of the
// VM's record differ.
func TestResolveTakesWhatTheRunningVMCarries(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	if _, err := f.CreateVM(testContext(t), guest.Name, Declaration{Policy: downtime(400)}); err != nil {
		t.Fatal(err)
	}
	testLab(t).Host("kvm1").MustVirsh(t, "metadata", guest.Name, "urn:virt:migration-policy:1", "--config", "--key", "virt",
		"--set", `<migration-policy>{"version":1,"max_downtime_ms":500}</migration-policy>`)
	got, err := f.Resolve(testContext(t), guest.Name, "", policy.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	if ms := got.Policy.MaxDowntimeMS; ms == nil || *ms != 400 {
		t.Errorf("resolved to %v, want 400", ms)
	}
	if got.Diverging == nil {
		t.Fatal("the copies do not diverge")
	}
	const counts, differs = "the live copy on kvm1", "[the config copy on kvm1 differs: max_downtime_ms is 500, declared 400]"
	if d := got.Diverging; d.Counts.String() != counts || fmt.Sprint(d.Drift) != differs {
		t.Errorf("diverging: %s counts, %v; want %s, %s", d.Counts, d.Drift, counts, differs)
	}
}
