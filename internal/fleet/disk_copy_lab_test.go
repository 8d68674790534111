//go:build lab

package fleet

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// localPool makes a storage pool of the host's own directory.
func localPool(t *testing.T, h *lab.Host) {
	t.Helper()
	h.MustVirsh(t, "pool-create-as", "local", "dir", "--target", lab.LocalImages)
	t.Cleanup(func() {
		if _, err := h.Virsh(after(t), "pool-destroy", "local"); err != nil {
			t.Error(err)
		}
	})
}

// fill writes noise into the disk of a guest that does not run.
func fill(t *testing.T, h *lab.Host, d lab.Disk) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "qemu-io", "-f", d.Format,
		"-c", "write -P 0x5a 1M 3M", "-c", "write -P 0xa5 6M 64k", h.File(d.Path))
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// requireEqual compares what a guest sees of two images, of which one may be open.
func requireEqual(t *testing.T, format, one, other string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "qemu-img", "compare", "-U", "-f", format, "-F", format, one, other).CombinedOutput()
	if err != nil {
		t.Errorf("%s and %s: %v: %s", one, other, err, out)
	}
}

func checksum(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

// foundIn are the findings of a move that was refused, as lines.
func foundIn(t *testing.T, err error) []string {
	t.Helper()
	var refused *migration.PreflightError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return each(refused.Findings, func(f migration.Finding) string { return f.String() })
}

// TestMove_copiesDisks moves a VM with disks that its hosts do not share, there and back, and
// looks what becomes of what is in the way.
func TestMove_copiesDisks(t *testing.T) {
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	localPool(t, kvm1)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive}.With(
		lab.Disk{Local: true}, lab.Disk{Local: true, Format: "raw"}, lab.Disk{}))
	for _, d := range guest.Disks()[:2] {
		fill(t, kvm1, d)
	}
	kvm1.MustVirsh(t, "start", "--paused", guest.UUID) // it writes nothing
	f := open(t, labConfig(t, UnreachableError))
	move := func(to string, mode migration.Mode) Move {
		return Move{
			VM: guest.Name, Destination: to, Mode: mode, Thorough: true,
			Policy: policy.Policy{CopyStorage: new(policy.CopyAuto)},
		}
	}
	compare := func() {
		t.Helper()
		for _, d := range guest.Disks()[:2] {
			requireEqual(t, d.Format, kvm1.File(d.Path), kvm2.File(d.Path))
		}
	}

	// Without a pool there is nowhere to copy to.
	_, err := f.Move(testContext(t), move("kvm2", migration.Auto), quiet)
	want := []string{"copy_pools: no storage pool for the disk, disk vda on kvm2", "copy_pools: no storage pool for the disk, disk vdb on kvm2"}
	if got := foundIn(t, err); !slices.Equal(got, want) {
		t.Fatalf("without a pool: got %q", got)
	}
	localPool(t, kvm2)

	// What is there already is not touched, whether the pool lists it or not.
	foreign := kvm2.File(guest.Disks()[0].Path)
	if err := os.WriteFile(foreign, []byte("somebody's data"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := checksum(t, foreign)
	_, err = f.Move(testContext(t), move("kvm2", migration.Auto), quiet)
	if got, want := foundIn(t, err), []string{"copy_volumes: path is taken, disk vda on kvm2"}; !slices.Equal(got, want) {
		t.Fatalf("over a foreign file: got %q", got)
	}
	if checksum(t, foreign) != before {
		t.Error("the foreign file was changed")
	}
	if _, err := os.Stat(kvm2.File(guest.Disks()[1].Path)); !os.IsNotExist(err) {
		t.Errorf("the refused move has made another volume: %v", err)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}

	// A copy in the place of a shared disk, as large and as old, is not that disk: the hosts may have mounted two exports.
	shared := guest.Disks()[2].Path
	if out, err := exec.CommandContext(t.Context(), "cp", "-p", "--remove-destination", kvm1.File(shared), kvm2.File(shared)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, assessment, err := open(t, labConfig(t, UnreachableError)).Assess(testContext(t), move("kvm2", migration.Auto))
	if err != nil {
		t.Fatal(err)
	}
	found := each(assessment.Errors(), func(f migration.Finding) string { return f.String() })
	if want := []string{"copy_volumes: not proved to be the same disk, disk vdc on kvm2"}; !slices.Equal(found, want) {
		t.Errorf("beside another export: got %q", found)
	}
	if err := errors.Join(os.Remove(kvm2.File(shared)), os.Link(kvm1.File(shared), kvm2.File(shared))); err != nil {
		t.Fatal(err)
	}
	f = open(t, labConfig(t, UnreachableError)) // which goes by no answer of before

	// There, back, and there again: the first copy makes volumes, the others use the leftovers.
	var begun history.History // as it is while a move is under way
	for i, leg := range []struct {
		from, to string
		mode     migration.Mode
		fate     storage.Fate
	}{
		{"kvm1", "kvm2", migration.PeerToPeer, storage.Created},
		{"kvm2", "kvm1", migration.Direct, storage.Reused},
		{"kvm1", "kvm2", migration.Auto, storage.Reused},
	} {
		_, assessment, err := f.Assess(testContext(t), move(leg.to, leg.mode))
		if err != nil || len(assessment.Errors()) > 0 {
			t.Fatalf("leg %d: got %v, %v", i, assessment.Errors(), err)
		}
		fates := each(assessment.Disks, func(d storage.Decision) storage.Fate { return d.Fate })
		if want := []storage.Fate{leg.fate, leg.fate, storage.Left}; !slices.Equal(fates, want) {
			t.Fatalf("leg %d: fates are %v, want %v", i, fates, want)
		}
		moved, err := f.Move(testContext(t), move(leg.to, leg.mode), func(p Progress) {
			if p.Notice.Kind == migration.NoticeStarted {
				_, begun, _ = f.History(testContext(t), guest.UUID)
			}
		})
		if err != nil {
			t.Fatalf("leg %d: %v", i, err)
		}
		if e := historyEntries(t, f, guest)[0]; len(e.VolumesWritten) > 0 {
			t.Errorf("leg %d: it has ended, and yet these are written to: %+v", i, e.VolumesWritten)
		}
		left := moved.Entry.VolumesLeft
		if len(left) != 2 || left[0].Host.Label != leg.from || left[0].Path != guest.Disks()[0].Path || left[0].Modified == "" ||
			left[0].Pool != "local" || left[0].CapacityBytes != 8<<20 {
			t.Errorf("leg %d: left are %+v", i, left)
		}
		compare()
	}

	// A definition that moves alone would leave the VM to the old state of its disks.
	kvm2.MustVirsh(t, "destroy", guest.UUID)
	offline := move("kvm1", migration.Auto)
	offline.IfShutOff = ShutOffMoveDefinition
	_, err = f.Move(testContext(t), offline, quiet)
	if got, want := foundIn(t, err), []string{
		"copy_volumes: old state of the disk in its place, disk vda on kvm1",
		"copy_volumes: old state of the disk in its place, disk vdb on kvm1",
	}; !slices.Equal(got, want) {
		t.Errorf("of a definition: got %q", got)
	}
	kvm2.MustVirsh(t, "start", "--paused", guest.UUID)

	// A leftover that somebody has written to is one no more.
	fill(t, kvm1, guest.Disks()[1])
	_, err = f.Move(testContext(t), move("kvm1", migration.Auto), quiet)
	if got, want := foundIn(t, err), []string{"copy_volumes: leftover was changed, disk vdb on kvm1"}; !slices.Equal(got, want) {
		t.Errorf("over a changed leftover: got %q", got)
	}
	if past := historyEntries(t, f, guest); len(past) != 3 {
		t.Errorf("the history has %v", past)
	}

	// Had the client been killed in the last move, that may have written this, and so may somebody else. An hour later it
	// was somebody else. What was not written to is the move's own.
	for _, c := range []struct {
		name  string
		start time.Duration
		want  storage.Obstacle
	}{
		{"at once", 0, storage.UncertainLeftover},
		{"an hour later", -time.Hour, storage.ChangedLeftover},
	} {
		rewrite(t, f, "kvm2", guest, func(h *history.History) {
			h.Entries = slices.Clone(begun.Entries)
			h.Entries[0].StartedAt = h.Entries[0].StartedAt.Add(c.start)
		})
		_, assessment, err := f.Assess(testContext(t), move("kvm1", migration.Auto))
		if err != nil {
			t.Fatal(err)
		}
		got := each(assessment.Disks, func(d storage.Decision) string { return fmt.Sprint(d.Fate, " ", d.Obstacle) })
		want := []string{fmt.Sprint(storage.Reused, " "), fmt.Sprint(storage.Refused, " ", c.want), fmt.Sprint(storage.Left, " ")}
		if !slices.Equal(got, want) {
			t.Errorf("back from a move whose client was killed, %s: got %q, want %q", c.name, got, want)
		}
	}
}

func historyEntries(t *testing.T, f *Fleet, guest *lab.Guest) []history.Entry {
	t.Helper()
	_, past, err := f.History(testContext(t), guest.UUID)
	if err != nil {
		t.Fatal(err)
	}
	return past.Entries
}

// TestMove_removesWhatItMade wants a move that fails to leave nothing, and a pool without room
// to be found.
func TestMove_removesWhatItMade(t *testing.T) {
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	localPool(t, kvm1)
	mount := func(args ...string) {
		t.Helper()
		if out, err := kvm2.Command(t.Context(), "mount", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	mount("-t", "tmpfs", "-o", "size=4m", "small", lab.LocalImages)
	t.Cleanup(func() {
		if out, err := kvm2.Command(after(t), "umount", lab.LocalImages).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	localPool(t, kvm2)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Paused}.With(lab.Disk{Local: true, Format: "raw"}))
	f := open(t, labConfig(t, UnreachableError))
	m := Move{VM: guest.Name, Destination: "kvm2", Mode: migration.Auto, Policy: policy.Policy{CopyStorage: new(policy.CopyFull)}}
	_, err := f.Move(testContext(t), m, quiet)
	if got, want := foundIn(t, err), []string{"copy_room: storage pool has no room, storage pool local on kvm2"}; !slices.Equal(got, want) {
		t.Fatalf("without room: got %q", got)
	}
	// A volume that cannot be made is in the history before it is ordered, and no longer.
	mount("-o", "remount,ro,size=64m", lab.LocalImages)
	f = open(t, labConfig(t, UnreachableError))
	_, err = f.Move(testContext(t), m, quiet)
	var unmade *CreateVolumeError
	if !errors.As(err, &unmade) {
		t.Fatalf("on storage that is read-only: got %v", err)
	}
	if past := historyEntries(t, f, guest); len(past) > 0 {
		t.Errorf("of a move that has not begun the history has %+v", past)
	}
	mount("-o", "remount,rw,size=64m", lab.LocalImages)

	// It is cancelled once its volume is made and before the migration begins.
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	volume := guest.Disks()[0].Path
	made := func() bool {
		return kvm2.Command(testContext(t), "test", "-e", volume).Run() == nil
	}
	_, err = f.Move(ctx, m, func(p Progress) {
		if p.Notice.Kind == migration.NoticeStarted {
			if !made() {
				t.Error("there is no volume when the migration starts")
			}
			cancel()
		}
	})
	var cancelled *migration.CancelledError
	var volumes *VolumesError
	if !errors.As(err, &cancelled) || !errors.As(err, &volumes) || len(volumes.Removed) != 1 || len(volumes.Kept) != 0 {
		t.Fatalf("got %+v", err)
	}
	if made() {
		t.Error("the volume is still there")
	}
}
