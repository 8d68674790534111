//go:build lab

package fleet

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// historyElement is the history of a VM in its definition, which each move changes.
var historyElement = regexp.MustCompile(`(?s)\s*<virth:migration-history.*?</virth:migration-history>`)

// emptyMetadata is what is left of the metadata of a VM that has none but its history.
var emptyMetadata = regexp.MustCompile(`\s*<metadata>\s*</metadata>`)

// indentation is what libvirt adds to each time that it reads and writes metadata of several lines.
var indentation = regexp.MustCompile(`(?m)^\s+`)

// persistent is the persistent definition of a guest, with its secrets and without its history.
func persistent(t *testing.T, h *lab.Host, guest *lab.Guest) string {
	t.Helper()
	definition := h.MustVirsh(t, "dumpxml", "--inactive", "--security-info", guest.UUID)
	definition = emptyMetadata.ReplaceAllString(historyElement.ReplaceAllString(definition, ""), "")
	return indentation.ReplaceAllString(definition, "")
}

// otherwise gives a host what a guest has, under other names.
func otherwise(t *testing.T, h *lab.Host, guest *lab.Guest) (disk, iso, emulator string) {
	t.Helper()
	for _, args := range [][]string{{"link", "add", "br7", "type", "bridge"}, {"link", "set", "br7", "up"}} {
		if out, err := h.Command(t.Context(), "ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	directory := lab.Images + "/otherwise"
	disk, iso, emulator = directory+"/disk.qcow2", directory+"/boot.iso", directory+"/qemu"
	if err := os.Mkdir(h.File(directory), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := h.Command(after(t), "ip", "link", "delete", "br7").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		if err := os.RemoveAll(h.File(directory)); err != nil {
			t.Error(err)
		}
	})
	for from, to := range map[string]string{guest.Disks()[0].Path: disk, guest.ISO(): iso} {
		if err := os.Rename(h.File(from), h.File(to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/usr/bin/qemu-system-x86_64", h.File(emulator)); err != nil {
		t.Fatal(err)
	}
	return disk, iso, emulator
}

// TestMove_changesDevices moves a VM to a host whose bridge, paths, emulator and address are
// others, back, and there again shut off. What its first host keeps of it is what it was.
func TestMove_changesDevices(t *testing.T) {
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	spec := lab.Typical("otherwise")
	spec.Parts = slices.DeleteFunc(spec.Parts, func(p lab.Part) bool { _, vnc := p.(lab.VNC); return vnc })
	guest := world.StartGuest(t, spec.With(lab.VNC{Listen: kvm1.Address, Password: lab.VNCPassword}))
	disk, iso, emulator := otherwise(t, kvm2, guest)
	before := persistent(t, kvm1, guest)

	config := labConfig(t, UnreachableError)
	plain := open(t, config)
	_, assessment, err := plain.Assess(testContext(t), Move{VM: guest.Name, Destination: "kvm2", Mode: migration.Auto, Thorough: true})
	if err != nil {
		t.Fatal(err)
	}
	found := each(assessment.Errors(), func(f migration.Finding) string { return string(f.Check) + " " + f.Device })
	if want := []string{"listen_addresses graphics vnc", "files disk vda", "files cdrom sdz"}; !slices.Equal(found, want) {
		t.Fatalf("without changes: found %q, want %q", found, want)
	}

	config.Changes = map[string]definition.Changes{"kvm2": {GraphicsListen: kvm2.Address, Emulator: emulator}}
	f := open(t, config)
	there := Move{
		VM: guest.Name, Destination: "kvm2", Mode: migration.PeerToPeer,
		Changes: definition.Changes{
			Interfaces: map[string]string{lab.Bridge: "br7"}, Disks: map[string]string{"vda": disk, "sdz": iso},
		},
	}
	requireChanged := func(live bool) {
		t.Helper()
		forms := []string{persistent(t, kvm2, guest)}
		if live {
			forms = append(forms, kvm2.MustVirsh(t, "dumpxml", "--security-info", guest.UUID))
		}
		for _, form := range forms {
			for _, part := range []string{
				"bridge='br7'", "address='" + kvm2.Address + "'", disk, iso, "<emulator>" + emulator + "<", lab.VNCPassword,
			} {
				if !strings.Contains(form, part) {
					t.Errorf("%s is not in %s", part, form)
				}
			}
		}
	}
	_, assessment, err = f.Assess(testContext(t), there)
	if err != nil || len(assessment.Errors()) > 0 {
		t.Fatalf("with changes: found %v, %v", assessment.Errors(), err)
	}
	moved, err := f.Move(testContext(t), there, quiet)
	if err != nil {
		t.Fatal(err)
	}
	requireOn(t, f, guest, "kvm2")
	requireChanged(true)
	if got := fmt.Sprintf("%+v", moved.Entry.DevicesChanged); len(moved.Entry.DevicesChanged) != 5 || strings.Contains(got, lab.VNCPassword) {
		t.Errorf("the history has %s", got)
	}

	// Back, all is as it was, and nobody has to say so.
	if _, err := f.Move(testContext(t), Move{VM: guest.Name, Destination: "kvm1", Mode: migration.Direct}, quiet); err != nil {
		t.Fatal(err)
	}
	requireOn(t, f, guest, "kvm1")
	if diff := cmp.Diff(before, persistent(t, kvm1, guest)); diff != "" {
		t.Errorf("the persistent definition, before and after (-want +got)\n%s", diff)
	}

	// The definition by itself: there by this client, because libvirt wants to see the emulator of a
	// VM that does not run on the source, too, and back by libvirt's peer.
	kvm1.MustVirsh(t, "destroy", guest.UUID)
	there.IfShutOff, there.Mode = ShutOffMoveDefinition, migration.Auto
	if _, err := f.Move(testContext(t), there, quiet); err != nil {
		t.Fatal(err)
	}
	requireChanged(false)
	back := Move{VM: guest.Name, Destination: "kvm1", Mode: migration.PeerToPeer, IfShutOff: ShutOffMoveDefinition}
	if _, err := f.Move(testContext(t), back, quiet); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, persistent(t, kvm1, guest)); diff != "" {
		t.Errorf("the definition of the VM that is shut off, before and after (-want +got)\n%s", diff)
	}
}

// TestMove_changesNVRAM moves the definition of a VM with UEFI firmware to a host where the file of its variables has
// another path, and back.
func TestMove_changesNVRAM(t *testing.T) {
	world := testLab(t)
	kvm1, kvm2 := world.Host("kvm1"), world.Host("kvm2")
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive}.With(lab.UEFI{}))
	before := persistent(t, kvm1, guest)
	const variables = lab.Images + "/otherwise_VARS.fd"
	f := open(t, labConfig(t, UnreachableError))
	there := Move{
		VM: guest.Name, Destination: "kvm2", Mode: migration.Auto, IfShutOff: ShutOffMoveDefinition,
		Changes: definition.Changes{NVRAM: variables},
	}
	moved, err := f.Move(testContext(t), there, quiet)
	if err != nil {
		t.Fatal(err)
	}
	want := []definition.Change{{Device: definition.NVRAM, Old: guest.NVRAM(), New: variables}}
	if diff := cmp.Diff(want, moved.Entry.DevicesChanged); diff != "" {
		t.Errorf("the history (-want +got)\n%s", diff)
	}
	if got := persistent(t, kvm2, guest); !strings.Contains(got, ">"+variables+"</nvram>") || strings.Contains(got, guest.NVRAM()) {
		t.Errorf("the definition is %s", got)
	}
	back := Move{VM: guest.Name, Destination: "kvm1", Mode: migration.Auto, IfShutOff: ShutOffMoveDefinition}
	if _, err := f.Move(testContext(t), back, quiet); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, persistent(t, kvm1, guest)); diff != "" {
		t.Errorf("the definition, before and after (-want +got)\n%s", diff)
	}
}
