package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// whole is a definition with one of each thing that a destination must have.
const whole = `<domain type='kvm'>
  <name>web</name>
  <memoryBacking><hugepages>
    <page size='2048' unit='KiB' nodeset='0'/><page size='1' unit='G' nodeset='1'/>
  </hugepages></memoryBacking>
  <os>
    <type arch='x86_64' machine='pc-q35-9.2'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
    <kernel>/boot/kernel</kernel><initrd>/boot/initrd</initrd>
  </os>
  <cpu mode='custom' match='exact'><model fallback='forbid'>EPYC</model><feature policy='require' name='invtsc'/></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='/srv/web.qcow2'/><target dev='vda' bus='virtio'/>
      <backingStore type='file'>
        <format type='raw'/><source file='/srv/base.raw'/><backingStore/>
      </backingStore>
    </disk>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='raw'/><source pool='ssd' volume='data'/><target dev='vdb' bus='virtio'/><shareable/>
    </disk>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw'/><source protocol='rbd' name='pool/data'/><target dev='vdc' bus='virtio'/>
    </disk>
    <disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='sda' bus='scsi'/></disk>
    <disk type='file' device='cdrom'>
      <source file='/srv/web.iso' startupPolicy='optional'/><target dev='hda' bus='ide'/><readonly/>
    </disk>
    <disk type='file' device='cdrom'><target dev='hdb' bus='ide'/><readonly/></disk>
    <filesystem type='mount'><driver type='virtiofs'/><source dir='/srv/share'/><target dir='share'/></filesystem>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='vnet0'/><filterref filter='clean-traffic'/>
    </interface>
    <interface type='network'>
      <mac address='52:54:00:00:00:02'/><source network='default' portgroup='a' bridge='virbr0'/>
    </interface>
    <interface type='direct'><mac address='52:54:00:00:00:03'/><source dev='eth0' mode='bridge'/></interface>
    <interface type='hostdev'>
      <mac address='52:54:00:00:00:04'/>
      <source><address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x1'/></source>
    </interface>
    <serial type='file'><source path='/var/log/web.log'/><target port='0'/></serial>
    <serial type='pty'><target port='1'/><log file='/var/log/web-1.log' append='on'/></serial>
    <console type='file'><source path='/var/log/web.log'/><target type='serial' port='0'/></console>
    <channel type='unix'><source mode='bind' path='/run/agent'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <channel type='unix'>
      <source mode='bind' path='/run/libvirt/qemu/channel/1-web/org.example.0'/><target type='virtio' name='org.example.0'/>
    </channel>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <graphics type='vnc' port='5999' autoport='no' listen='10.0.0.1'><listen type='address' address='10.0.0.1'/></graphics>
    <graphics type='spice' autoport='yes'><listen type='network' network='default'/></graphics>
    <hostdev mode='subsystem' type='pci'>
      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
    </hostdev>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0x5678'/></source></hostdev>
    <hostdev mode='subsystem' type='mdev' model='vfio-pci'>
      <source><address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source>
    </hostdev>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <shmem name='shared'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>
    <memory model='nvdimm'><source><path>/srv/nvdimm</path></source><target><size unit='MiB'>64</size></target></memory>
  </devices>
</domain>`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := preflight.Parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	const cpu = `<cpu match="exact" mode="custom"><model fallback="forbid">EPYC</model>` +
		`<feature policy="require" name="invtsc"></feature></cpu>`
	want := &preflight.Guest{
		VirtType: "kvm", Arch: "x86_64", Machine: "pc-q35-9.2", Emulator: "/usr/bin/qemu-system-x86_64",
		CPU: preflight.CPU{
			Emulator: "/usr/bin/qemu-system-x86_64", Arch: "x86_64", Machine: "pc-q35-9.2", VirtType: "kvm",
			Mode: "custom", Features: map[string]string{"invtsc": "require"}, XML: cpu,
		},
		HugePages: []preflight.HugePages{{SizeKiB: 2048, Nodes: "0"}, {SizeKiB: 1 << 20, Nodes: "1"}},
		Loader:    "/usr/share/OVMF/OVMF_CODE.fd", NVRAM: "/var/lib/libvirt/qemu/nvram/web_VARS.fd",
		Disks: []preflight.Disk{
			{
				Target: "vda", Device: "disk", Path: "/srv/web.qcow2", Format: "qcow2",
				Chain: storage.Chain{Layers: []storage.Layer{{Path: "/srv/base.raw", Format: "raw"}}, Ended: true},
			},
			{Target: "vdb", Device: "disk", Pool: "ssd", Volume: "data", Format: "raw", Shareable: true},
			{Target: "vdc", Device: "disk", Protocol: "rbd", Name: "pool/data", Format: "raw"},
			{Target: "sda", Device: "lun", Path: "/dev/sdx", Block: true},
			{Target: "hda", Device: "cdrom", Path: "/srv/web.iso", ReadOnly: true, Optional: true},
			{Target: "hdb", Device: "cdrom", ReadOnly: true},
		},
		Interfaces: []preflight.Interface{
			{MAC: "52:54:00:00:00:01", Target: "vnet0", Bridge: "br0", Filter: "clean-traffic"},
			{MAC: "52:54:00:00:00:02", Network: "default", PortGroup: "a"},
			{MAC: "52:54:00:00:00:03", Direct: "eth0"},
			{MAC: "52:54:00:00:00:04"},
		},
		Graphics: []string{"vnc", "spice"},
		Listeners: []preflight.Listener{
			{Device: "graphics vnc", Address: "10.0.0.1", Ports: []int{5999}},
			{Device: "graphics spice", Network: "default"},
		},
		Files: []preflight.File{
			{Device: "kernel", Path: "/boot/kernel"},
			{Device: "initrd", Path: "/boot/initrd"},
			{Device: "memory 0", Path: "/srv/nvdimm"},
			{Device: "serial 0", Path: "/var/log/web.log", Created: true},
			{Device: "serial 1 log", Path: "/var/log/web-1.log", Created: true},
			{Device: "channel 0", Path: "/run/agent", Created: true},
			{Device: "rng", Path: "/dev/urandom"},
		},
		TPMs: []preflight.TPM{{Model: "tpm-crb", Backend: "emulator", Version: "2.0"}},
		HostDevices: []preflight.HostDevice{
			{Type: "pci", Name: "0000:03:10.1"},
			{Type: "pci", Name: "0000:01:00.0"},
			{Type: "usb", Name: "0x1234:0x5678"},
			{Type: "mdev", Name: "c2177883-f1bb-47f0-914d-32a22e3a8804"},
		},
		SharedMemory: []string{"shared"},
		Filesystems:  []preflight.Filesystem{{Target: "share", Source: "/srv/share", Driver: "virtiofs"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestParse_bare is a definition with next to nothing.
func TestParse_bare(t *testing.T) {
	t.Parallel()
	got, err := preflight.Parse("<domain type='qemu'><memoryBacking><hugepages/></memoryBacking></domain>")
	if err != nil {
		t.Fatal(err)
	}
	want := &preflight.Guest{
		VirtType: "qemu", CPU: preflight.CPU{VirtType: "qemu"}, HugePages: []preflight.HugePages{{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
