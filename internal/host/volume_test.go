//go:build lab

package host_test

import (
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// poolOf has a host make a pool of a directory of the test, and finds it.
func poolOf(t *testing.T, l *lab.Host, name, directory string) storage.Pool {
	t.Helper()
	l.MustVirsh(t, "pool-create-as", name, "dir", "--target", directory)
	undo(t, l, "pool-destroy", name)
	all, err := connect(t, l).Pools(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("pools are %+v", all)
	return storage.Pool{}
}

// A volume is made as it is asked for, never over one that is there, and is removed again.
func TestVolumes(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	ctx, directory := testContext(t), t.TempDir()
	pool := poolOf(t, l, "volumes", directory)
	at := func(name string) string { return filepath.Join(directory, name) }
	base := storage.Volume{
		Name: "base.qcow2", Format: "qcow2", Capacity: 8 << 20, Compat: "1.1", Features: []string{"lazy_refcounts"},
		ClusterBytes: 2 << 20, Mode: "0640", Owner: "0", Group: "0",
	}
	raw := storage.Volume{Name: "web.raw", Format: "raw", Capacity: 5 << 20}
	top := storage.Volume{
		Name: "top.qcow2", Format: "qcow2", Capacity: 8 << 20, Compat: "1.1", Backing: at("base.qcow2"), BackingFormat: "qcow2",
	}
	for _, want := range []storage.Volume{base, raw, top} {
		if err := h.CreateVolume(ctx, pool, want); err != nil {
			t.Fatal(err)
		}
		got, err := h.VolumeByPath(ctx, at(want.Name))
		if err != nil || got == nil {
			t.Fatalf("%s: got %v, %v", want.Name, got, err)
		}
		if got.Modified == "" || got.Changed == "" || got.Length == 0 {
			t.Errorf("%s has the times %q and %q and the length %d", want.Name, got.Modified, got.Changed, got.Length)
		}
		want.Pool, want.Path = "volumes", at(want.Name)
		want.Allocation, want.Length, want.Modified, want.Changed = got.Allocation, got.Length, got.Modified, got.Changed
		if want.Mode == "" {
			want.Mode, want.Owner, want.Group = got.Mode, got.Owner, got.Group
		}
		if want.ClusterBytes == 0 {
			want.ClusterBytes = got.ClusterBytes
		}
		if diff := gocmp.Diff(&want, got); diff != "" {
			t.Errorf("volume (-want +got):\n%s", diff)
		}
	}

	// Below one of unknown format libvirt would have a raw file.
	top.Name, top.BackingFormat = "unknown.qcow2", ""
	if err := h.CreateVolume(ctx, pool, top); err == nil {
		t.Error("an overlay of an image of unknown format is made")
	}
	if got, err := h.VolumeByPath(ctx, at(top.Name)); err != nil || got != nil {
		t.Errorf("made %+v, %v", got, err)
	}

	// A file that the pool does not list is not overwritten.
	write(t, at("foreign.qcow2"))
	foreign := storage.Volume{Name: "foreign.qcow2", Format: "qcow2", Capacity: 1 << 20}
	if err := h.CreateVolume(ctx, pool, foreign); err == nil {
		t.Error("a volume was created over a file")
	}
	if content, err := os.ReadFile(at("foreign.qcow2")); err != nil || string(content) != "data" {
		t.Errorf("the file has %q, %v", content, err)
	}
	if v, err := h.VolumeByPath(ctx, at("foreign.qcow2")); v != nil || err != nil {
		t.Errorf("before the refresh: got %v, %v", v, err)
	}
	if err := h.RefreshPool(ctx, pool); err != nil {
		t.Fatal(err)
	}
	if v, err := h.VolumeByPath(ctx, at("foreign.qcow2")); v == nil || err != nil {
		t.Errorf("after the refresh: got %v, %v", v, err)
	}
	if free, err := h.PoolAvailable(ctx, pool); free == 0 || err != nil {
		t.Errorf("free space: got %d, %v", free, err)
	}

	checkUsers(t, l, storage.Volume{Path: at("base.qcow2")}, storage.User{Overlay: at("top.qcow2")})
	for range 2 { // one that is gone is no error
		if err := h.DeleteVolume(ctx, pool, "top.qcow2"); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(at("top.qcow2")); !os.IsNotExist(err) {
		t.Errorf("the deleted volume: %v", err)
	}
	checkUsers(t, l, storage.Volume{Path: at("base.qcow2")})

	// A volume of a pool that has ended is not taken for gone.
	l.MustVirsh(t, "pool-destroy", "volumes")
	if err := h.DeleteVolume(ctx, pool, "web.raw"); err == nil {
		t.Error("a volume that nobody can see is taken for removed")
	}
	if _, err := os.Stat(at("web.raw")); err != nil {
		t.Error(err)
	}
	l.MustVirsh(t, "pool-create-as", "volumes", "dir", "--target", directory) // its cleanup destroys it
}

func checkUsers(t *testing.T, l *lab.Host, v storage.Volume, want ...storage.User) {
	t.Helper()
	got, err := connect(t, l).VolumeUsers(testContext(t), v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("users of %s (-want +got):\n%s", v.Path, diff)
	}
}

// Whoever names a volume uses it, whether it runs or not, by its path or its pool.
func TestVolumeUsers(t *testing.T) {
	l := labHosts(t)[0]
	h := connect(t, l)
	world, err := lab.Current()
	if err != nil {
		t.Fatal(err)
	}
	guest := world.StartGuest(t, lab.GuestSpec{State: lab.Inactive, Bare: true}.With(lab.Disk{Local: true}))
	path := guest.Disks()[0].Path
	off := storage.User{Domain: guest.Name, UUID: guest.UUID}
	checkUsers(t, l, storage.Volume{Path: path}, off)
	checkUsers(t, l, storage.Volume{Path: path + "2"})
	l.MustVirsh(t, "start", "--paused", guest.UUID)
	on := off
	on.Active = true
	checkUsers(t, l, storage.Volume{Path: path}, on)
	if others := storage.Others([]storage.User{on, off}, guest.UUID); len(others) != 1 || !others[0].Active {
		t.Errorf("others are %+v", others)
	}
	size, err := h.DiskSize(testContext(t), guest.UUID, "vda")
	if err != nil || size.Capacity != 8<<20 || size.Length == 0 {
		t.Errorf("size: got %+v, %v", size, err)
	}
}
