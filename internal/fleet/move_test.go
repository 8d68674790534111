//go:build lab

package fleet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// migrate moves a guest as another program would, and returns what tells its
// end.
func migrate(t *testing.T, guest *lab.Guest, from, to string, options ...string) <-chan error {
	t.Helper()
	world := testLab(t)
	destination := world.Host(to)
	args := append([]string{"migrate", "--live", "--p2p", "--persistent", "--undefinesource"}, options...)
	ended := make(chan error, 1)
	go func() {
		_, err := world.Host(from).Virsh(t.Context(), append(args, guest.Name, destination.PeerURI, destination.MigrationURI)...)
		ended <- err
	}()
	return ended
}

// awaitJob waits until memory of the guest is being sent.
func awaitJob(t *testing.T, guest *lab.Guest, from string) {
	t.Helper()
	eventually(t, "the guest is being moved", func() bool { return sendsMemory(t, guest, from) })
}

func sendsMemory(t *testing.T, guest *lab.Guest, from string) bool {
	t.Helper()
	info, err := testLab(t).Host(from).Virsh(t.Context(), "domjobinfo", guest.Name)
	return err == nil && strings.Contains(info, "Outgoing migration") && strings.Contains(info, "Memory processed")
}

func quiet(Progress) {}

func requireOn(t *testing.T, f *Fleet, guest *lab.Guest, name string) {
	t.Helper()
	location, err := f.Find(testContext(t), guest.UUID, "")
	if err != nil {
		t.Fatal(err)
	}
	if location.Host != name || location.Domain.State != migration.StateRunning {
		t.Errorf("the VM is %s on %s, want it running on %s", location.Domain.State, location.Host, name)
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	moved, err := f.Move(testContext(t), Move{VM: guest.Name, Destination: "kvm3", Mode: migration.Auto}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if r := moved.Report; !r.Moved || r.Source != "kvm1" || r.Destination != "kvm3" || moved.Location.Host != "kvm1" {
		t.Errorf("got %+v", moved)
	}
	requireOn(t, f, guest, "kvm3")
}

// holdBack has another move of the run hold a VM, so that the next one waits.
func holdBack(t *testing.T, f *Fleet, guest *lab.Guest) *places.Place {
	t.Helper()
	trip := migration.Subject{UUID: guest.UUID, Source: "kvm1", Destination: "kvm2"}
	place, err := f.places.EnterRun(t.Context(), trip, func(w places.Wait) { t.Errorf("it waits: %s", w) })
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// TestMove_alreadyThere wants a VM that needs no move to wait for none.
func TestMove_alreadyThere(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	f := open(t, labConfig(t, UnreachableError))
	for name, spec := range map[string]lab.GuestSpec{
		"running":  {Bare: true},
		"paused":   {Bare: true, State: lab.Paused},
		"shut off": {Bare: true, State: lab.Inactive},
	} {
		t.Run(name, func(t *testing.T) {
			guest := world.StartGuest(t, spec)
			defer holdBack(t, f, guest).Leave(t.Context())
			moved, err := f.Move(testContext(t), Move{VM: guest.UUID, Destination: "kvm1"}, func(p Progress) { t.Errorf("it tells %+v", p) })
			if err != nil || moved.Report.Moved || moved.Report.Destination != "kvm1" {
				t.Errorf("got %+v, %v", moved.Report, err)
			}
		})
	}
}

// TestMove_leaving asks for a VM to be where it is, and is just being moved away
// from.
func TestMove_leaving(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	f := open(t, labConfig(t, UnreachableError))
	ended := migrate(t, guest, "kvm1", "kvm2", "--bandwidth", "1")
	awaitJob(t, guest, "kvm1")

	_, err := f.Move(testContext(t), Move{VM: guest.UUID, Destination: "kvm1"}, quiet)
	var leaving *LeavingError
	if !errors.As(err, &leaving) || leaving.Location.Host != "kvm1" {
		t.Errorf("error %v, want a LeavingError", err)
	}

	// Nor is a third host where it goes.
	_, err = f.Move(testContext(t), Move{VM: guest.UUID, Destination: "kvm3", Mode: migration.Auto}, quiet)
	var refused *migration.PreflightError
	if !errors.As(err, &refused) || refused.Findings[0].Check != migration.CheckJob {
		t.Errorf("error %v, want one about the job that runs", err)
	}
	world.Host("kvm1").MustVirsh(t, "domjobabort", guest.Name)
	if err := <-ended; err == nil {
		t.Error("the migration was not aborted")
	}
	requireOn(t, f, guest, "kvm1")
}

// TestMove_followsTheVM moves a VM that another program has moved while it
// waited for a slot: from where it is then.
func TestMove_followsTheVM(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	place := holdBack(t, f, guest)
	release := sync.OnceFunc(func() { place.Leave(t.Context()) })
	defer release()
	said := func(p Progress) {
		if p.Waiting.Kind != places.NoWait {
			if err := <-migrate(t, guest, "kvm1", "kvm3"); err != nil {
				t.Error(err)
			}
			release()
		}
	}
	moved, err := f.Move(testContext(t), Move{VM: guest.UUID, Destination: "kvm2", Mode: migration.Auto}, said)
	if err != nil {
		t.Fatal(err)
	}
	if r := moved.Report; !r.Moved || r.Source != "kvm3" {
		t.Errorf("got %+v", r)
	}
	requireOn(t, f, guest, "kvm2")
}

func TestMove_cancelledWhileItWaits(t *testing.T) {
	t.Parallel()
	guest := testLab(t).StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	defer holdBack(t, f, guest).Leave(t.Context())
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	_, err := f.Move(ctx, Move{VM: guest.Name, Destination: "kvm2", Mode: migration.Auto}, func(Progress) { cancel() })
	var cancelled *migration.CancelledError
	if !errors.As(err, &cancelled) || !slices.Equal(said(cancelled.Whereabouts().Hosts), []string{"kvm1 running"}) {
		t.Errorf("error %v, want a CancelledError that saw the VM running on kvm1", err)
	}
	requireOn(t, f, guest, "kvm1")
}

// TestMove_drained lets the fleet be drained while a move waits for its slot: it
// is not begun when the slot is free, and one that is under way goes on.
func TestMove_drained(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	moving, waiting := world.StartGuest(t, lab.GuestSpec{}), world.StartGuest(t, lab.GuestSpec{Bare: true})
	f := open(t, labConfig(t, UnreachableError))
	defer holdBack(t, f, waiting).Leave(t.Context())
	limit := int64(1)
	ended := make(chan error, 1)
	go func() {
		_, err := f.Move(testContext(t), Move{VM: moving.UUID, Destination: "kvm2", Mode: migration.Auto, Policy: policy.Policy{BandwidthMiBPerSecond: &limit}}, quiet)
		ended <- err
	}()
	awaitJob(t, moving, "kvm1")
	_, err := f.Move(testContext(t), Move{VM: waiting.UUID, Destination: "kvm3", Mode: migration.Auto}, func(Progress) {
		f.Drain()
		world.Host("kvm1").MustVirsh(t, "migrate-setspeed", moving.Name, "1000")
	})
	var drained *migration.CancelledError
	if !errors.Is(err, places.ErrDraining) || !errors.As(err, &drained) || !slices.Equal(said(drained.Whereabouts().Hosts), []string{"kvm1 running"}) {
		t.Errorf("error %v, want a CancelledError that saw the VM running on kvm1", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the move that was under way: %v", err)
	}
	requireOn(t, f, moving, "kvm2")
	requireOn(t, f, waiting, "kvm1")
}

// TestMove_elsewhere has somebody else stop the VM in mid-move and start it on a
// third host: the error says that it runs there.
func TestMove_elsewhere(t *testing.T) {
	t.Parallel()
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{})
	f := open(t, labConfig(t, UnreachableError))
	limit := int64(1)
	ended := make(chan error, 1)
	go func() {
		_, err := f.Move(testContext(t), Move{VM: guest.UUID, Destination: "kvm2", Mode: migration.PeerToPeer, Policy: policy.Policy{BandwidthMiBPerSecond: &limit}}, quiet)
		ended <- err
	}()
	awaitJob(t, guest, "kvm1")
	world.StartGuest(t, lab.GuestSpec{Bare: true, UUID: guest.UUID, Host: "kvm3", State: lab.Inactive})
	world.Host("kvm1").MustVirsh(t, "destroy", guest.UUID)
	world.Host("kvm3").MustVirsh(t, "start", guest.UUID)
	err := <-ended
	var failed migration.Diagnosis
	if !errors.As(err, &failed) || !slices.Equal(hostsSeen(failed.Common().Holders()), []string{"kvm3"}) {
		t.Fatalf("error %v, want one that found the VM on kvm3", err)
	}
}

// TestMove_watchesPostCopy asks for a VM to be where it runs already, but has
// not all of its memory yet.
func TestMove_watchesPostCopy(t *testing.T) {
	world := testLab(t)
	guest := world.StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: 48, WholePages: true}})
	f := open(t, labConfig(t, UnreachableError))
	t.Cleanup(func() {
		if err := world.Heal(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	limit := func(mibPerSecond int) {
		if err := world.Host("kvm2").Limit(t.Context(), mibPerSecond); err != nil {
			t.Error(err)
		}
	}
	limit(2)
	ended := migrate(t, guest, "kvm1", "kvm2", "--postcopy")
	awaitJob(t, guest, "kvm1")
	world.Host("kvm1").MustVirsh(t, "migrate-postcopy", guest.Name)
	eventually(t, "the guest runs on kvm2", func() bool {
		location, err := f.Find(testContext(t), guest.UUID, "")
		return err == nil && location.Host == "kvm2" && location.FetchesFrom == "kvm1"
	})
	watched := sync.OnceFunc(func() { limit(8) })
	moved, err := f.Move(testContext(t), Move{VM: guest.UUID, Destination: "kvm2", Mode: migration.Auto, Policy: policy.Policy{}},
		func(p Progress) {
			if p.Phase == migration.PhasePostCopy {
				watched()
			}
		})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := f.Find(testContext(t), guest.UUID, ""); err != nil || l.Host != "kvm2" || l.FetchesFrom != "" {
		t.Errorf("the move has ended, and the VM is at %+v, %v", l, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if r := moved.Report; !r.Adopted || r.Source != "kvm1" || r.Phase != migration.PhasePostCopy {
		t.Errorf("got %+v", r)
	}
	requireOn(t, f, guest, "kvm2")
}
