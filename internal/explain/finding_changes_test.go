package explain

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestFinding_changes(t *testing.T) {
	t.Parallel()
	applied := func(by definition.Origin, d definition.Device, from, to string) preflight.DeviceChanged {
		return preflight.DeviceChanged{Applied: definition.Applied{Change: definition.Change{Device: d, Old: from, New: to}, Origin: by}}
	}
	unused := func(key, name string, pathless bool) preflight.ChangeUnused {
		return preflight.ChangeUnused{Unused: definition.Unused{Key: key, Name: name, Pathless: pathless}}
	}
	const correct = " on kvm1 lists what it has. Correct destination_changes, or leave that out."
	for want, f := range map[string]migration.Finding{
		"The interface 52:54:00:00:00:01 of VM web is plugged into br1 on kvm2, instead of br0: destination_changes of kvm2 in the provider's configuration says so.": {
			Fact: applied(definition.ByHost, definition.Interface, "br0", "br1"), Device: "interface 52:54:00:00:00:01",
		},
		"The graphics vnc of VM web listens on the address that its libvirt chooses on kvm2, instead of 10.0.0.1: it was so when the VM last left kvm2, and was changed by its moves since.": {
			Fact: applied(definition.ByHistory, definition.Graphics, "10.0.0.1", ""), Device: "graphics vnc",
		},
		"The interface 52:54:00:00:00:01 of VM web is plugged into br1 on kvm2, once it is started again, instead of br0: destination_changes of kvm2 in the provider's configuration says so.": {
			Fact: preflight.DeviceChanged{
				Applied: definition.Applied{Change: definition.Change{Device: definition.Interface, Old: "br0", New: "br1"}, Origin: definition.ByHost},
				Config:  true,
			}, Device: "interface 52:54:00:00:00:01",
		},
		"VM web runs by one definition, and starts by another one the next time, which lacks something on kvm2. The interface m of VM web uses the libvirt network lan, which is not active on kvm2. Start it: `virsh net-start lan` on kvm2 (and `virsh net-autostart lan`).": {
			Fact: preflight.ConfigLacks{Finding: migration.Finding{
				Subject: migration.Subject{UUID: remedyUUID, Name: "web", Source: "kvm1", Destination: "kvm2"}, Host: "kvm2", Device: "interface m",
				Fact: preflight.NetworkInactive{Network: "lan"},
			}},
		},
		"The disk vda of VM web is a file, and destination_changes names a block device for it, /dev/vg/web. A disk keeps its type, and QEMU opens neither as the other. Name a file on kvm2. To change the type, shut the VM off and `virsh edit " + remedyUUID + "` there.": {
			Fact: preflight.DiskTypeDiffers{Path: "/dev/vg/web", Block: true}, Host: "kvm2", Device: "disk vda",
		},
		"The login on kvm1 may not read the definition of VM web in the form in which it can be migrated, nor its secrets, such as the password of a console. Without that, destination_changes cannot change it. Allow the login the polkit action org.libvirt.api.domain.read-secure, and give it no read-only socket.": {
			Fact: preflight.DefinitionDenied{},
		},
		"destination_changes has a path for disk vdx, and VM web has no such disk. `virsh domblklist --details " + remedyUUID + "`" + correct: {
			Fact: unused(definition.KeyDisks, "vdx", false),
		},
		"destination_changes has a path for disk vdb of VM web, which has none: its drive is empty, or it is a network disk, or a volume of a pool. `virsh domblklist --details " + remedyUUID + "`" + correct: {
			Fact: unused(definition.KeyDisks, "vdb", true),
		},
		"destination_changes has another name for br7, and no interface of VM web is plugged into that. `virsh domiflist " + remedyUUID + "`" + correct: {
			Fact: unused(definition.KeyInterfaces, "br7", false),
		},
		"destination_changes has a path for nvram, and the definition of VM web has none. `virsh dumpxml " + remedyUUID + "`" + correct: {
			Fact: unused(definition.KeyNVRAM, "", false),
		},
	} {
		f.Subject = migration.Subject{UUID: remedyUUID, Name: "web", Source: "kvm1", Destination: "kvm2"}
		if got := Finding(f); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
