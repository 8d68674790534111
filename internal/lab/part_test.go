//go:build lab

package lab_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// TestTypicalGuestMovesThereAndBack also shows what virsh migrate loses of it: autostart.
func TestTypicalGuestMovesThereAndBack(t *testing.T) {
	world := current(t)
	guest := world.StartGuest(t, lab.Typical(""))
	here, there := world.Hosts[0], world.Hosts[1]
	before := definition(t, here, guest)
	for _, part := range []string{
		"type='qcow2'", guest.Disks()[0].Path, guest.ISO(), "bridge='br0'", "network='lan'", "passwd='" + lab.VNCPassword + "'",
		"listen='0.0.0.0'", "<title>Shop front</title>", "Owner: web team", "4711 &amp; 4712", "machine='pc-q35",
	} {
		if !strings.Contains(before, part) {
			t.Errorf("the guest's definition lacks %s", part)
		}
	}
	if !hasField(here.MustVirsh(t, "dominfo", guest.UUID), "Autostart", "enable") {
		t.Error("the guest does not start by itself")
	}
	migrate(t, guest, here, there)
	next(t, guest)
	migrate(t, guest, there, here)
	next(t, guest)
	if diff := cmp.Diff(before, definition(t, here, guest)); diff != "" {
		t.Errorf("the definition after a move there and back (-before +after):\n%s", diff)
	}
	if !hasField(here.MustVirsh(t, "dominfo", guest.UUID), "Autostart", "disable") {
		t.Error("virsh migrate carries autostart: what says that it does not is out of date")
	}
}

// definition is a guest's persistent definition without the space between elements, which grows with every move.
func definition(t testing.TB, host *lab.Host, guest *lab.Guest) string {
	t.Helper()
	var lines strings.Builder
	for line := range strings.Lines(host.MustVirsh(t, "dumpxml", "--inactive", "--security-info", guest.UUID)) {
		if line = strings.TrimSpace(line); line != "" {
			lines.WriteString(line + "\n")
		}
	}
	return lines.String()
}

// TestPartsAreWhatLibvirtSees is about the parts that a typical guest has not.
func TestPartsAreWhatLibvirtSees(t *testing.T) {
	world := current(t)
	here := world.Hosts[0]
	guest := world.StartGuest(t, lab.GuestSpec{State: lab.Paused, Emulator: lab.OtherEmulator}.With(
		lab.Disk{}, lab.Disk{Format: "raw", Bus: "scsi"}, lab.Disk{Bus: "sata", Local: true, MiB: 3},
		lab.VNC{Listen: here.Address, Port: 5999}, lab.Interface{Bridge: lab.Bridge, MAC: "52:54:00:00:00:01"},
	))
	live := here.MustVirsh(t, "dumpxml", guest.UUID)
	for _, part := range []string{
		"<emulator>" + lab.OtherEmulator, "dev='vda' bus='virtio'", "dev='sda' bus='scsi'", "dev='sdb' bus='sata'",
		"type='raw'", lab.LocalImages + "/" + guest.Name + "-sdb.qcow2", "port='5999' autoport='no' listen='" + here.Address,
		"52:54:00:00:00:01",
	} {
		if !strings.Contains(live, part) {
			t.Errorf("the guest's definition lacks %s", part)
		}
	}
	if _, err := os.Stat(world.Hosts[1].File(guest.Disks()[2].Path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("another host has the local disk: %v", err)
	}
	if processes := guest.Processes(); len(processes) != 1 {
		t.Errorf("QEMUs %v, want one", processes)
	}

	guest.MustBlockJob(t, here)
	if job := here.MustVirsh(t, "blockjob", guest.UUID, "vda", "--raw"); !strings.Contains(job, "Block Copy") {
		t.Errorf("block job %q", job)
	}
	must(t, guest.EndBlockJob(t.Context(), here))
	guest.MustSnapshot(t, here, "before-upgrade", true)
	if source := here.MustVirsh(t, "domblklist", guest.UUID); !strings.Contains(source, "-vda.before-upgrade") {
		t.Errorf("the guest does not write to an overlay:\n%s", source)
	}

	simple := world.StartGuest(t, lab.GuestSpec{State: lab.Paused}.With(lab.Disk{}))
	simple.MustSnapshot(t, here, "inside", false)
	if listed := here.MustVirsh(t, "snapshot-list", "--name", "--internal", simple.UUID); strings.TrimSpace(listed) != "inside" {
		t.Errorf("internal snapshots %q", listed)
	}
}

func TestHugePagesBackAGuest(t *testing.T) {
	world := current(t)
	if err := lab.ReserveHugePages(t, 2*32); errors.Is(err, lab.ErrNoHugePages) {
		t.Skip("this machine can reserve no huge pages: ", err)
	} else if err != nil {
		t.Fatal(err)
	}
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true}.With(lab.HugePages{}))
	migrate(t, guest, world.Hosts[0], world.Hosts[1])
	free := world.Hosts[1].MustVirsh(t, "freepages", "--cellno", "0", "--pagesize", "2048")
	if !strings.Contains(free, "2048KiB: 16") {
		t.Errorf("free huge pages %q, want 16: those of one guest of two", free)
	}
}
