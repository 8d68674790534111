package explain

import (
	"net/netip"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

func TestFinding_destination(t *testing.T) {
	t.Parallel()
	const edit = "`virsh edit " + remedyUUID + "` on kvm1"
	for name, test := range map[string]struct {
		device string
		fact   migration.Fact
		want   string
	}{
		"name":                {"", preflight.NameTaken{UUID: "U"}, "kvm2 has another VM that is called web (UUID U), and a host has each name once. Give one of them another name: `virsh domrename U NEW-NAME` on kvm2, while that VM is shut off."},
		"emulator":            {"", preflight.EmulatorMissing{Emulator: "/q"}, "The emulator of VM web is /q, and kvm2 has no such program, or may not execute it. Install QEMU there at that path, or a link to it: `virsh domcapabilities --emulatorbin /q` on kvm2 tries it. " + otherwise("emulator")},
		"machine type":        {"", preflight.MachineTypeMissing{Type: "pc-99", Emulator: "/q"}, "VM web has the machine type pc-99, which QEMU on kvm2 does not have. Install a QEMU there that has it: `/q -machine help` on kvm2 lists those of the one that is there."},
		"accelerator":         {"", preflight.AcceleratorMissing{VirtType: "kvm"}, "VM web is of the type kvm, and kvm2 cannot run such a guest. `virt-host-validate qemu` on kvm2 says what it lacks."},
		"CPU mode":            {"", preflight.CPUModeMissing{Mode: "maximum"}, "VM web has the CPU mode maximum, and kvm2 cannot give it. `virsh domcapabilities` on kvm2 lists the modes that it has."},
		"host CPU":            {"", preflight.HostCPULess{Mode: "maximum", Reason: "avx2"}, "VM web has the CPU of its host (maximum), and the CPU of kvm2 lacks some of it: avx2. libvirt moves it all the same, and the guest may crash. A CPU that both hosts have is printed by `virsh hypervisor-cpu-baseline --migratable FILE` on either, FILE with the output of `virsh capabilities` of both; " + edit + " sets it for the next start."},
		"TSC":                 {"timer tsc", preflight.TSCDiffers{Need: 2, Have: 3}, "The time stamp counter of VM web has 2 Hz, and that of kvm2 has 3 Hz and cannot be scaled."},
		"no huge pages":       {"", preflight.HugePagesShort{}, "The memory of VM web is backed by huge pages, and kvm2 has none. It cannot be moved unless the kernel may add some (vm.nr_overcommit_hugepages). Reserve them there: `sysctl vm.nr_hugepages=COUNT` on kvm2."},
		"huge pages":          {"", preflight.HugePagesShort{SizeKiB: 2048, Need: 512, Free: 8, Total: 16}, "The memory of VM web takes 512 huge pages of 2048 KiB, and kvm2 has 8 of 16 free. It cannot be moved unless the kernel may add some (vm.nr_overcommit_hugepages). Reserve more there: `virsh allocpages --pagesize 2048KiB --pagecount 504 --add` on kvm2."},
		"bridge":              {"interface M", preflight.BridgeMissing{Bridge: "br7"}, "The interface M of VM web is plugged into br7, and kvm2 has no interface of that name. Make it there, as in `ip link add br7 type bridge && ip link set br7 up` on kvm2, and in the host's network configuration. " + otherwise("interfaces")},
		"bridge of a network": {"interface M", preflight.BridgeMissing{Bridge: "br7", Network: "lan", Of: "kvm1"}, "The interface M of VM web uses the libvirt network lan, which is the bridge br7 on kvm1, and kvm2 has no interface of that name. Make it there, as in `ip link add br7 type bridge && ip link set br7 up` on kvm2, and in the host's network configuration. " + otherwise("interfaces")},
		"network":             {"interface M", preflight.NetworkMissing{Network: "lan"}, "The interface M of VM web uses the libvirt network lan, and kvm2 has no such network. Define and start it there: `virsh net-dumpxml --inactive lan` on kvm1 prints it; then `virsh net-define FILE` and `virsh net-start lan` on kvm2. " + otherwise("interfaces")},
		"inactive network":    {"interface M", preflight.NetworkInactive{Network: "lan"}, "The interface M of VM web uses the libvirt network lan, which is not active on kvm2. Start it: `virsh net-start lan` on kvm2 (and `virsh net-autostart lan`)."},
		"filter":              {"interface M", preflight.FilterMissing{Filter: "clean"}, "The interface M of VM web has the network filter clean, and kvm2 has no such filter. Define it there: `virsh nwfilter-dumpxml clean` on kvm1 prints it; then `virsh nwfilter-define FILE` on kvm2."},
		"file":                {"disk vda", preflight.PathMissing{Path: "/p"}, "The disk vda of VM web is /p, and kvm2 has no such file. Make it available there: mount the storage that it is on, or copy it (`ls -l /p` on kvm2). " + otherwise("disks")},
		"file that is gone":   {"disk vda", preflight.PathMissing{Path: "/p", Gone: true}, "The disk vda of VM web is /p, and kvm2 has no such file. Make it available there: mount the storage that it is on (kvm1 has no such file either: there is none to copy). " + otherwise("disks")},
		"firmware, gone":      {"firmware", preflight.PathMissing{Path: "/f", Gone: true}, "The firmware of VM web is /f, and kvm2 has no such file. Install the package there that it comes from (such as ovmf or edk2-ovmf): kvm1 has no such file either."},
		"medium":              {"cdrom sda", preflight.PathMissing{Path: "/p"}, "The cdrom sda of VM web is /p, and kvm2 has no such file. Make it available there: mount the storage that it is on, or copy it (`ls -l /p` on kvm2); or eject a medium that the guest can do without: `virsh change-media " + remedyUUID + " sda --eject` on kvm1. " + otherwise("disks")},
		"firmware":            {"firmware", preflight.PathMissing{Path: "/f"}, "The firmware of VM web is /f, and kvm2 has no such file. Install the package there that it comes from (such as ovmf or edk2-ovmf), or copy it (`ls -l /f` on kvm2)."},
		"directory":           {"serial 0", preflight.DirectoryMissing{Directory: "/d"}, "The serial 0 of VM web is a file in /d, and kvm2 has no such directory. Make the directory: `mkdir -p /d` on kvm2."},
		"pool":                {"disk vda", preflight.PoolMissing{Pool: "p"}, "The disk vda of VM web is in the storage pool p, and kvm2 has no such pool. Define and start it there: `virsh pool-dumpxml --inactive p` on kvm1 prints it; then `virsh pool-define FILE` and `virsh pool-start p` on kvm2."},
		"inactive pool":       {"disk vda", preflight.PoolInactive{Pool: "p"}, "The disk vda of VM web is in the storage pool p, which is not active on kvm2. Start it: `virsh pool-start p` on kvm2 (and `virsh pool-autostart p`)."},
		"volume":              {"disk vda", preflight.VolumeMissing{Pool: "p", Volume: "v"}, "The disk vda of VM web is the volume v of the storage pool p, and that pool on kvm2 does not have it. If it is there, libvirt's list is old: `virsh pool-refresh p` on kvm2."},
		"swtpm":               {"tpm", preflight.TPMMissing{Backend: "emulator"}, "VM web has an emulated TPM, and kvm2 has no program for it. Install swtpm and swtpm-tools on kvm2, and restart its libvirt."},
		"TPM backend":         {"tpm", preflight.TPMMissing{Backend: "external"}, "VM web has a TPM of the kind external, which kvm2 cannot give it."},
		"TPM model":           {"tpm", preflight.TPMMissing{Model: "tpm-crb"}, "VM web has a TPM of the model tpm-crb, which QEMU on kvm2 does not have."},
		"TPM version":         {"tpm", preflight.TPMMissing{Version: "1.2"}, "VM web has a TPM of version 1.2, which swtpm on kvm2 does not have."},
		"graphics":            {"graphics spice", preflight.GraphicsMissing{Type: "spice"}, "VM web has a console of the type spice, which QEMU on kvm2 does not have. Install QEMU's part for it there (`virsh domcapabilities` on kvm2 lists what it has), or take the console out: " + edit + ", and start the VM anew."},
		"listen":              {"graphics vnc", preflight.ListenElsewhere{Address: netip.MustParseAddr("10.0.0.1")}, "The graphics vnc of VM web listens on 10.0.0.1, which is an address of kvm1: kvm2 cannot listen on it. Let it listen on 0.0.0.0 or 127.0.0.1 (VNC and SPICE also on a libvirt network): " + edit + ", and start the VM anew. Or give VNC and SPICE an address of the destination: destination_changes (graphics_listen), of the move or of the host in the provider's configuration."},
		"port":                {"graphics vnc", preflight.PortTaken{Port: 5901, By: "db"}, "The graphics vnc of VM web has the fixed port 5901, which VM db has on kvm2. Let libvirt choose the ports of VNC and SPICE (autoport='yes', websocket='-1'), and give a serial port or another device one that is free on each host: " + edit + ", and start the VM anew. Or move VM db away first."},
		"guest CID":           {"vsock", preflight.CIDTaken{CID: 3, By: "db"}, "The vsock device of VM web has the fixed guest CID 3, which VM db has on kvm2. Let libvirt choose the CID (<cid auto='yes'/>): " + edit + ", and start the VM anew. Or move VM db away first."},
		"host device":         {"hostdev A", preflight.HostDeviceMissing{Type: "pci", Name: "A"}, "VM web has the PCI device A of its host, and kvm2 has none at that address. Take it out while the VM moves (`virsh detach-device " + remedyUUID + " FILE --live` on kvm1), or plug one in there."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Finding(migration.Finding{Subject: web, Host: "kvm2", Device: test.device, Fact: test.fact})
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	invariant := migration.Finding{Subject: web, Host: "kvm1", Device: "cpu", Fact: preflight.InvariantTSC{}}
	const want = "The CPU of VM web has the feature invtsc, and QEMU does not migrate a guest that relies on the frequency of kvm1. Remove the feature, or set <timer name='tsc' frequency='HZ'/>: " + edit + ", and start the VM anew."
	if got := Finding(invariant); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
