package preflight_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// domain is a definition with devices, and what stands before them.
func domain(virtType, before, devices string) string {
	return "<domain type='" + virtType + "'><name>web</name>" + before + "<devices>" + devices + "</devices></domain>"
}

const (
	bridged   = `<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br7'/></interface>`
	networked = `<interface type='network'><mac address='52:54:00:00:00:02'/><source network='lan'/></interface>`
	filtered  = `<interface type='bridge'><mac address='52:54:00:00:00:03'/><source bridge='lo'/><filterref filter='clean'/></interface>`
	disk      = `<disk type='file' device='disk'><source file='/images/web.qcow2'/><target dev='vda'/></disk>`
	virtiofs  = `<filesystem type='mount'><driver type='virtiofs'/><source dir='/export'/><target dir='a'/></filesystem>`
	iso       = `<disk type='file' device='cdrom'><source file='/iso/boot.iso'/><target dev='sda'/></disk>`
	optional  = `<disk type='file' device='cdrom'><source file='/iso/boot.iso' startupPolicy='optional'/><target dev='sda'/></disk>`
	volume    = `<disk type='volume' device='disk'><source pool='images' volume='web'/><target dev='vdb'/></disk>`
	serial    = `<serial type='file'><source path='/var/log/vms/web.log'/></serial>`
	sockets   = `<serial type='unix'><source mode='connect' path='/run/vms/agent'/></serial><serial type='pipe'><source path='/run/vms/pipe'/></serial>`
	vnc       = `<graphics type='vnc' port='5901' autoport='no'><listen type='address' address='10.0.0.1'/></graphics>`
	tcpSerial = `<serial type='tcp'><source mode='bind' host='10.0.0.1' service='5901'/><protocol type='raw'/></serial>`
	udpSerial = `<serial type='udp'><source mode='bind' host='10.0.0.1' service='5901'/></serial>`
	vsock     = `<vsock model='virtio'><cid auto='no' address='3'/></vsock>`
	swtpm     = `<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>`
	hostdev   = `<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev>`
	huge      = `<memoryBacking><hugepages><page size='2' unit='MiB'/></hugepages></memoryBacking>`
	invtsc    = `<cpu mode='host-model'><feature policy='require' name='invtsc'/></cpu>`
	passed    = `<cpu mode='host-passthrough'/>`
	timer     = `<clock><timer name='tsc' frequency='2000000000'/></clock>`
	encrypted = `<disk type='file' device='disk'><source file='/images/web.qcow2'><encryption format='luks'><secret type='passphrase' uuid='S'/></encryption></source><target dev='vda'/></disk>`
	overlay   = `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/web.qcow2'/>BACKING<target dev='vda'/></disk>`
	backing   = `<backingStore type='file'><format type='raw'/><source file='/images/base.raw'/><backingStore/></backingStore>`
	rbd       = `<disk type='network' device='disk'><source protocol='rbd' name='pool/web'><auth username='libvirt'><secret type='ceph' uuid='S'/></auth></source><target dev='vdc'/></disk>`
	pinned    = `<cputune><vcpupin vcpu='1' cpuset='2-3,^3,4'/><emulatorpin cpuset='0'/></cputune>`
	bound     = `<numatune><memory mode='strict' nodeset='0-1'/></numatune>`
	labelled  = `<seclabel type='dynamic' model='apparmor' relabel='yes'/>`
	vhostUser = `<interface type='vhostuser'><mac address='52:54:00:00:00:04'/><source type='unix' path='/run/vms/port' mode='client'/></interface>`
	loader    = `<os><type arch='x86_64' machine='q35'>hvm</type><loader>/fw/CODE.fd</loader><nvram>/nvram/web.fd</nvram></os>`
)

// furnished gives both hosts all that the guests of these tests need.
func (s *scene) furnished() {
	for _, h := range []interface{ Name() string }{s.here, s.there} {
		r := &s.here.Resources
		if h.Name() == s.there.Name() {
			r = &s.there.Resources
		}
		r.Devices = preflight.NetworkDevices{Interfaces: []string{"br7", "lo"}}
		r.Nets = []preflight.Network{{Name: "lan", Active: true, Bridge: "br7"}}
		r.Filters = map[string]bool{"clean": true}
		r.StoragePools = []storage.Pool{{Name: "images", Active: true, Type: "dir", Path: "/images"}}
		r.Listed = map[string]preflight.Presence{"/images/web.qcow2": preflight.Present, "images/web": preflight.Present}
		r.Paths = map[string]bool{
			"/iso/boot.iso": true, "/var/log/vms": true, "/fw/CODE.fd": true, "/nvram": true, "/run/vms/agent": true,
			"/run/vms/pipe": true, "/run/vms/port": true,
		}
		r.NodeDevices = map[string]bool{"pci_0000_01_00_0": true}
		r.Gives = preflight.DomainCapabilities{
			CPUModes: map[string]bool{"host-passthrough": true},
			Devices: map[string]preflight.DeviceCapabilities{
				"tpm":      {Supported: true, Values: map[string][]string{"backendModel": {"emulator"}, "model": {"tpm-crb"}, "backendVersion": {"2.0"}}},
				"graphics": {Supported: true, Values: map[string][]string{"type": {"vnc"}}},
			},
		}
		r.Is = preflight.Capabilities{
			CPU: "<cpu/>", TSC: preflight.TSC{Hz: 2_000_000_000}, Pages: map[uint64]uint64{2048: 1024},
		}
		r.Free = map[uint64]uint64{2048: 1024}
		r.Domains = map[string]string{uuid: "web"}
		r.Secrets = map[string]bool{"S": true}
		r.Is.CPUs, r.Is.Nodes, r.Is.SecurityModels = []int{0, 1, 2, 4}, []int{0, 1}, []string{"apparmor", "dac"}
	}
	s.there.Own = []netip.Addr{netip.MustParseAddr("10.0.0.1")}
}

func TestAssess_destination(t *testing.T) {
	t.Parallel()
	const nic1, nic2, nic3 = "interface 52:54:00:00:00:01", "interface 52:54:00:00:00:02", "interface 52:54:00:00:00:03"
	noBridge := func(s *scene) {
		s.there.Devices.Interfaces = []string{"lo"}
		s.here.Paths["/sys/class/net/br7"] = true
	}
	tests := map[string]struct {
		guest   string
		plant   func(*scene)
		fact    migration.Fact
		device  string
		plan    bool // found by reading alone
		lasting bool
	}{
		"name":     {domain("qemu", "", ""), func(s *scene) { s.there.Domains = map[string]string{"U": "web"} }, preflight.NameTaken{UUID: "U"}, "", true, false},
		"emulator": {domain("qemu", "", swtpm), func(s *scene) { s.there.Refuses = &preflight.EmulatorError{Emulator: "/q"} }, preflight.EmulatorMissing{Emulator: "/q"}, "", true, true},
		"machine type": {domain("qemu", "", vnc), func(s *scene) {
			s.there.Refuses = &preflight.MachineError{Machine: preflight.Machine{Type: "pc-99", Emulator: "/q"}}
		}, preflight.MachineTypeMissing{Type: "pc-99", Emulator: "/q"}, "", true, true},
		"accelerator":         {domain("kvm", passed, ""), func(s *scene) { s.there.Refuses = &preflight.AcceleratorError{VirtType: "kvm"} }, preflight.AcceleratorMissing{VirtType: "kvm"}, "", true, true},
		"CPU mode":            {domain("kvm", passed, ""), func(s *scene) { s.there.Gives.CPUModes = map[string]bool{"host-passthrough": false} }, preflight.CPUModeMissing{Mode: "host-passthrough"}, "", true, true},
		"host CPU":            {domain("kvm", passed, ""), func(s *scene) { s.there.LesserCPU = &preflight.CPUError{Reason: "avx2"} }, preflight.HostCPULess{Mode: "host-passthrough", Reason: "avx2"}, "", true, false},
		"invtsc":              {domain("kvm", invtsc, ""), func(*scene) {}, preflight.InvariantTSC{}, "cpu", true, true},
		"TSC":                 {domain("kvm", timer, ""), func(s *scene) { s.there.Is.TSC.Hz = 3_000_000_000 }, preflight.TSCDiffers{Need: 2_000_000_000, Have: 3_000_000_000}, "timer tsc", true, true},
		"few huge pages":      {domain("qemu", huge, ""), func(s *scene) { s.there.Is.Pages[2048] = 8 }, preflight.HugePagesShort{SizeKiB: 2048, Need: 512, Total: 8}, "", true, false},
		"few free huge pages": {domain("qemu", huge, ""), func(s *scene) { s.there.Free[2048] = 8 }, preflight.HugePagesShort{SizeKiB: 2048, Need: 512, Free: 8, Total: 1024}, "", true, false},
		"bridge":              {domain("qemu", "", bridged), noBridge, preflight.BridgeMissing{Bridge: "br7"}, nic1, true, false},
		"bridge that no driver lists": {domain("qemu", "", bridged), func(s *scene) {
			s.here.Devices, s.there.Devices = preflight.NetworkDevices{}, preflight.NetworkDevices{}
			s.here.Paths["/sys/class/net/br7"] = true
		}, preflight.BridgeMissing{Bridge: "br7"}, nic1, true, false},
		"bridge of a network":     {domain("qemu", "", networked), noBridge, preflight.BridgeMissing{Bridge: "br7", Network: "lan", Of: "kvm2"}, nic2, true, false},
		"network":                 {domain("qemu", "", networked), func(s *scene) { s.there.Nets = nil }, preflight.NetworkMissing{Network: "lan"}, nic2, true, false},
		"inactive network":        {domain("qemu", "", networked), func(s *scene) { s.there.Nets = []preflight.Network{{Name: "lan"}} }, preflight.NetworkInactive{Network: "lan"}, nic2, true, false},
		"network filter":          {domain("qemu", "", filtered), func(s *scene) { s.there.Filters = nil }, preflight.FilterMissing{Filter: "clean"}, nic3, true, false},
		"pool":                    {domain("qemu", "", volume), func(s *scene) { s.there.StoragePools = nil }, preflight.PoolMissing{Pool: "images"}, "disk vdb", true, false},
		"inactive pool":           {domain("qemu", "", volume), func(s *scene) { s.there.StoragePools[0].Active = false }, preflight.PoolInactive{Pool: "images"}, "disk vdb", true, false},
		"volume":                  {domain("qemu", "", volume), func(s *scene) { s.there.Listed["images/web"] = preflight.NotListed }, preflight.VolumeMissing{Pool: "images", Volume: "web"}, "disk vdb", true, false},
		"disk that is gone":       {domain("qemu", "", disk), func(s *scene) { s.there.Listed["/images/web.qcow2"] = preflight.Absent }, preflight.PathMissing{Path: "/images/web.qcow2"}, "disk vda", true, false},
		"disk that no pool lists": {domain("qemu", "", disk), func(s *scene) { s.there.Listed = nil }, preflight.PathMissing{Path: "/images/web.qcow2"}, "disk vda", false, false},
		"disk that is nowhere": {domain("qemu", "", disk), func(s *scene) {
			s.here.Listed["/images/web.qcow2"], s.there.Listed["/images/web.qcow2"] = preflight.Absent, preflight.Absent
		}, preflight.PathMissing{Path: "/images/web.qcow2", Gone: true}, "disk vda", true, false},
		"ISO that is nowhere": {domain("qemu", "", iso), func(s *scene) {
			delete(s.here.Paths, "/iso/boot.iso")
			delete(s.there.Paths, "/iso/boot.iso")
		}, preflight.PathMissing{Path: "/iso/boot.iso", Gone: true}, "cdrom sda", false, false},
		"ISO":                   {domain("qemu", "", iso), func(s *scene) { delete(s.there.Paths, "/iso/boot.iso") }, preflight.PathMissing{Path: "/iso/boot.iso"}, "cdrom sda", false, false},
		"log":                   {domain("qemu", "", serial), func(s *scene) { delete(s.there.Paths, "/var/log/vms") }, preflight.DirectoryMissing{Directory: "/var/log/vms"}, "serial 0", false, false},
		"virtiofs":              {domain("qemu", "", virtiofs), func(*scene) {}, preflight.PathMissing{Path: "/export", Gone: true}, "filesystem a", false, false},
		"firmware":              {domain("qemu", loader, ""), func(s *scene) { delete(s.there.Paths, "/fw/CODE.fd") }, preflight.PathMissing{Path: "/fw/CODE.fd"}, "firmware", false, true},
		"NVRAM":                 {domain("qemu", loader, ""), func(s *scene) { delete(s.there.Paths, "/nvram") }, preflight.DirectoryMissing{Directory: "/nvram"}, "NVRAM", false, true},
		"TPM":                   {domain("qemu", "", swtpm), func(s *scene) { s.there.Gives.Devices["tpm"] = preflight.DeviceCapabilities{} }, preflight.TPMMissing{Backend: "emulator"}, "tpm", true, true},
		"graphics":              {domain("qemu", "", vnc), func(s *scene) { s.there.Gives.Devices["graphics"] = preflight.DeviceCapabilities{} }, preflight.GraphicsMissing{Type: "vnc"}, "graphics vnc", true, true},
		"listen address":        {domain("qemu", "", vnc), func(s *scene) { s.here.Own, s.there.Own = s.there.Own, nil }, preflight.ListenElsewhere{Address: netip.MustParseAddr("10.0.0.1")}, "graphics vnc", true, true},
		"serial port's address": {domain("qemu", "", tcpSerial), func(s *scene) { s.here.Own, s.there.Own = s.there.Own, nil }, preflight.ListenElsewhere{Address: netip.MustParseAddr("10.0.0.1")}, "serial 0", true, true},
		"serial port's port": {domain("qemu", "", tcpSerial), func(s *scene) {
			s.there.Running = []preflight.Neighbour{{Domain: "db", Listeners: []preflight.Listener{{Address: "10.0.0.1", Ports: []int{5900, 5901}}}}}
		}, preflight.PortTaken{Port: 5901, By: "db"}, "serial 0", true, false},
		"guest CID": {domain("qemu", "", vsock), func(s *scene) {
			s.there.Running = []preflight.Neighbour{{Domain: "other", CID: 4}, {Domain: "db", CID: 3}}
		}, preflight.CIDTaken{CID: 3, By: "db"}, "vsock", true, false},
		"port": {domain("qemu", "", vnc), func(s *scene) {
			s.there.Running = []preflight.Neighbour{{Domain: "db", Listeners: []preflight.Listener{{Address: "0.0.0.0", Ports: []int{5901}}}}}
		}, preflight.PortTaken{Port: 5901, By: "db"}, "graphics vnc", true, false},
		"secret of an encrypted disk": {domain("qemu", "", encrypted), func(s *scene) { s.there.Secrets = nil }, preflight.SecretMissing{UUID: "S"}, "disk vda", true, false},
		"a pinned CPU of two":         {domain("qemu", pinned, ""), func(s *scene) { s.there.Is.CPUs = []int{0, 1, 2} }, preflight.PinnedCPUsMissing{Pin: preflight.Pin{What: "vcpu 1", Set: "2-3,^3,4"}}, "vcpu 1", true, false},
		"all pinned CPUs":             {domain("qemu", pinned, ""), func(s *scene) { s.there.Is.CPUs = []int{0, 1, 3} }, preflight.PinnedCPUsMissing{Pin: preflight.Pin{What: "vcpu 1", Set: "2-3,^3,4"}, All: true}, "vcpu 1", true, true},
		"NUMA node":                   {domain("qemu", bound, ""), func(s *scene) { s.there.Is.Nodes = []int{0} }, preflight.NodesMissing{Pin: preflight.Pin{What: "memory", Set: "0-1"}}, "memory", true, true},
		"security model":              {domain("qemu", labelled, ""), func(s *scene) { s.there.Is.SecurityModels = []string{"dac"} }, preflight.SecurityModelMissing{Model: "apparmor"}, "", true, true},
		"vhost-user socket":           {domain("qemu", "", vhostUser), func(s *scene) { delete(s.there.Paths, "/run/vms/port") }, preflight.PathMissing{Path: "/run/vms/port"}, "interface 52:54:00:00:00:04", false, false},
		"host device":                 {domain("qemu", "", hostdev), func(s *scene) { s.there.NodeDevices = nil }, preflight.HostDeviceMissing{Type: "pci", Name: "0000:01:00.0"}, "hostdev 0000:01:00.0", true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.here.Definition = test.guest
				test.plant(s)
				for _, thorough := range []bool{false, true} {
					s.request.Thorough = thorough
					a := preflight.Assess(s.Context(), s.request)
					if !thorough && !test.plan {
						if len(a.Findings) > 0 || len(a.Unchecked) == 0 {
							s.Errorf("by reading: findings %v, unchecked %v", a.Findings, a.Unchecked)
						}
						continue
					}
					if len(a.Findings) != 1 {
						s.Fatalf("thorough %v: findings %v, unchecked %v", thorough, a.Findings, a.Unchecked)
					}
					f := a.Findings[0]
					allowed(t, f)
					wantHost := "kvm2"
					if name == "invtsc" {
						wantHost = "kvm1"
					}
					if diff := cmp.Diff(test.fact, f.Fact, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
						s.Errorf("fact (-want +got):\n%s", diff)
					}
					if f.Host != wantHost || f.Device != test.device || f.Lasting != test.lasting {
						s.Errorf("host %q, device %q, lasting %v", f.Host, f.Device, f.Lasting)
					}
				}
			})
		})
	}
}

// A network that the destination does not have comes to want there the bridge that it is on the
// source: both are told of, so that one round mends both.
func TestAssess_networkAndBridge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plant func(*scene)
		want  []migration.Fact
	}{
		"both": {func(s *scene) { s.there.Devices.Interfaces = []string{"lo"} }, []migration.Fact{
			preflight.BridgeMissing{Bridge: "br7", Network: "lan", Of: "kvm1"}, preflight.NetworkMissing{Network: "lan"},
		}},
		"a bridge that libvirt makes": {func(s *scene) { s.here.Nets[0].Own, s.there.Devices.Interfaces = true, nil }, []migration.Fact{
			preflight.NetworkMissing{Network: "lan"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.here.Definition, s.here.Paths["/sys/class/net/br7"] = domain("qemu", "", networked), true
				s.there.Nets = nil
				test.plant(s)
				var got []migration.Fact
				for _, f := range preflight.Assess(s.Context(), s.request).Findings {
					allowed(t, f)
					got = append(got, f.Fact)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					s.Errorf("facts (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Of an overlay whose definition names no backing file, the source tells which it has found.
func TestAssess_backingFiles(t *testing.T) {
	t.Parallel()
	with := func(backing string) string {
		return domain("qemu", "", strings.Replace(overlay, "BACKING", backing, 1))
	}
	raw := strings.Replace(with(""), "'qcow2'", "'raw'", 1)
	tests := map[string]struct {
		definition, live string
		fails            error
		missing          string
		asked            int
		unread           bool
	}{
		"found by libvirt":         {with(""), with(backing), nil, "/images/base.raw", 1, false},
		"named":                    {with(backing), with(backing), nil, "/images/base.raw", 1, false},
		"none":                     {with(""), with("<backingStore/>"), nil, "", 1, false},
		"raw":                      {raw, with(backing), nil, "", 0, false},
		"pulled since it was read": {with(backing), with("<backingStore/>"), nil, "", 1, false},
		"cannot be asked for":      {with(""), "", migration.ErrDenied, "", 1, true},
		"no definition":            {with(""), "<domain>", nil, "", 1, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.there.Listed["/images/base.raw"] = preflight.Absent
				s.here.Definition, s.here.Live = test.definition, test.live
				if test.fails != nil {
					s.here.Fails("LiveXML", test.fails)
				}
				a := preflight.Assess(s.Context(), s.request)
				missing := ""
				for _, f := range a.Findings {
					allowed(t, f)
					if fact, ok := f.Fact.(preflight.PathMissing); ok && f.Host == "kvm2" && f.Device == "disk vda backing file" {
						missing += fact.Path
					}
				}
				unread := slices.ContainsFunc(a.Unchecked, func(u preflight.Unchecked) bool { return u.Why == preflight.Unread })
				if missing != test.missing || unread != test.unread || len(a.Findings) > 0 && missing == "" {
					s.Errorf("findings %v, unchecked %v", a.Findings, a.Unchecked)
				}
				if asked := s.here.Calls("LiveXML"); asked != test.asked {
					s.Errorf("the live definition was asked for %d times, want %d", asked, test.asked)
				}
			})
		})
	}
}

// Of an overlay that the destination has by another path, only its image there says what its
// backing file is; what the definition names is that.
func TestAssess_backingFilesElsewhere(t *testing.T) {
	t.Parallel()
	with := func(backing string) string {
		return domain("qemu", "", strings.Replace(overlay, "BACKING", backing, 1))
	}
	for name, test := range map[string]struct {
		definition string
		plant      func(*scene)
		missing    string
		unknown    bool
	}{
		"found by libvirt": {with(""), func(*scene) {}, "", true},
		"named":            {with(backing), func(*scene) {}, "/images/base.raw", false},
		"copied with all that is in it": {with(""), func(s *scene) {
			s.copying()
			s.here.Definition, s.here.Live = with(""), with(backing)
			s.there.StoragePools = append(s.there.StoragePools, storage.Pool{Name: "srv", Active: true, Type: "dir", Path: "/srv"})
			s.there.Room["srv"] = 1 << 30
			s.there.Listed["/srv/web.qcow2"] = preflight.Absent
		}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.there.Paths["/srv/web.qcow2"] = true
				s.here.Definition, s.here.Live = test.definition, with(backing)
				s.request.Thorough = true
				test.plant(s)
				s.there.Listed["/images/base.raw"] = preflight.Absent
				s.request.Changes.Move.Disks = map[string]string{"vda": "/srv/web.qcow2"}
				a := preflight.Assess(s.Context(), s.request)
				missing := ""
				for _, f := range a.Findings {
					if fact, ok := f.Fact.(preflight.PathMissing); ok {
						missing += fact.Path
					}
				}
				unknown := slices.ContainsFunc(a.Unchecked, func(u preflight.Unchecked) bool {
					return u.Why == preflight.Unknowable && u.Check == preflight.CheckPaths
				})
				if missing != test.missing || unknown != test.unknown || len(a.Errors()) > 0 && missing == "" {
					s.Errorf("findings %v, unchecked %v", a.Findings, a.Unchecked)
				}
			})
		})
	}
}

// Where a host has all, nothing is found; what libvirt does not tell is no finding.
func TestAssess_destinationWithoutFindings(t *testing.T) {
	t.Parallel()
	all := domain("kvm", huge+loader+timer+passed+pinned+bound+labelled, vhostUser+bridged+networked+filtered+disk+iso+volume+serial+vnc+swtpm+hostdev)
	tests := map[string]struct {
		guest     string
		arrange   func(*scene)
		unchecked []preflight.Why
	}{
		"all is there": {all, func(*scene) {}, nil},
		"a bridge that no driver lists": {domain("qemu", "", bridged), func(s *scene) {
			s.here.Devices, s.there.Devices = preflight.NetworkDevices{}, preflight.NetworkDevices{}
			s.here.Paths["/sys/class/net/br7"], s.there.Paths["/sys/class/net/br7"] = true, true
		}, nil},
		"a bond where the source has a plain interface": {domain("qemu", "", bridged), func(s *scene) {
			s.here.Devices, s.there.Devices = preflight.NetworkDevices{Nodes: []string{"net_br7_52_54_00_00_00_09"}}, preflight.NetworkDevices{}
			s.there.Paths["/sys/class/net/br7"] = true
		}, nil},
		"a network disk": {domain("qemu", "", rbd), func(*scene) {}, []preflight.Why{preflight.Unknowable}},
		"arguments of QEMU": {
			`<domain type='qemu'><commandline xmlns='http://libvirt.org/schemas/domain/qemu/1.0'><arg value='/srv/a'/></commandline></domain>`,
			func(*scene) {},
			[]preflight.Why{preflight.Unknowable},
		},
		"a socket and a FIFO": {domain("qemu", "", sockets), func(s *scene) { s.there.Paths["/run/vms"] = true }, nil},
		"a path where libvirt may not look": {domain("qemu", "", iso), func(s *scene) {
			s.there.Fails("HasPath", preflight.ErrUnknowable)
		}, []preflight.Why{preflight.Unknowable}},
		"an optional medium": {domain("qemu", "", optional), func(s *scene) { s.there.Paths = nil }, nil},
		"bridges that libvirt does not list, nor the source's kernel": {domain("qemu", "", bridged), func(s *scene) {
			s.here.Devices, s.there.Devices = preflight.NetworkDevices{}, preflight.NetworkDevices{}
		}, []preflight.Why{preflight.Unknowable}},
		"a bridge that libvirt makes itself": {domain("qemu", "", networked), func(s *scene) {
			s.there.Nets[0].Own = true
			s.there.Devices.Interfaces = nil
		}, nil},
		"an address that may be the destination's": {domain("qemu", "", vnc), func(s *scene) { s.there.Own = nil }, []preflight.Why{preflight.Unknowable}},
		"a port of UDP that another VM has of TCP": {domain("qemu", "", udpSerial), func(s *scene) {
			s.there.Running = []preflight.Neighbour{{Domain: "db", Listeners: []preflight.Listener{{Ports: []int{5901}}}}}
		}, nil},
		"a port on another address": {domain("qemu", "", vnc), func(s *scene) {
			s.there.Running = []preflight.Neighbour{{Domain: "db", Listeners: []preflight.Listener{{Address: "127.0.0.1", Ports: []int{5901}}}}}
		}, nil},
		"a guest CID where the others cannot be read": {domain("qemu", "", vsock), func(s *scene) {
			s.there.Fails("Neighbours", migration.ErrDenied)
		}, []preflight.Why{preflight.Denied}},
		"another version's maximum CPU": {domain("qemu", "<cpu mode='maximum'/>", ""), func(s *scene) { s.kvm2.Is.QEMUVersion++ }, []preflight.Why{preflight.Unknowable}},
		"a scaled TSC":                  {domain("kvm", timer, ""), func(s *scene) { s.there.Is.TSC = preflight.TSC{Hz: 1, Scaling: true} }, nil},
		"denied":                        {domain("qemu", "", networked), func(s *scene) { s.there.Fails("Networks", migration.ErrDenied) }, []preflight.Why{preflight.Denied}},
		"no driver":                     {domain("qemu", "", bridged), func(s *scene) { s.there.Fails("NetworkDevices", migration.ErrUnsupported) }, []preflight.Why{preflight.Unsupported}},
		"a question that fails":         {domain("qemu", "", disk), func(s *scene) { s.there.Fails("PathInPools", errors.New("internal error")) }, []preflight.Why{preflight.Failed}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.furnished()
				s.request.Thorough = true
				s.here.Definition = test.guest
				test.arrange(s)
				a := preflight.Assess(s.Context(), s.request)
				var why []preflight.Why
				for _, u := range a.Unchecked {
					why = append(why, u.Why)
				}
				if len(a.Findings) > 0 || !slices.Equal(why, test.unchecked) {
					s.Errorf("findings %v, unchecked %v", a.Findings, a.Unchecked)
				}
			})
		})
	}
}
