package definition

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rich is a definition as libvirt writes it, with metadata of others, a comment and a namespace
// of its own.
const rich = `<domain type='kvm' id='7'>
  <name>web</name>
  <metadata>
    <app:disk xmlns:app="urn:app" type='file'><app:source file='/old/web.qcow2'/></app:disk>
    <disk xmlns="urn:else"/>
  </metadata>
  <os>
    <type arch='x86_64' machine='pc-q35-10.0'>hvm</type>
    <nvram template='/usr/share/OVMF/VARS.fd'>/old/web_VARS.fd</nvram>
  </os>
  <devices>
    <!-- <emulator>/no</emulator> -->
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/old/a&amp;b.qcow2' index='2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'><source dev="/dev/vg/web"/><target dev='vdb'/></disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <disk type='network' device='disk'><source protocol='rbd' name='p/i'/><target dev='vdc'/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:01'/>
      <source bridge='br0'/>
    </interface>
    <interface type='network'>
      <mac address='52:54:00:00:00:02'/>
      <source network='lan' portid='2f' bridge='virbr1'/>
    </interface>
    <interface type='direct'><mac address='52:54:00:00:00:03'/><source dev='eth0' mode='bridge'/></interface>
    <interface type='user'><mac address='52:54:00:00:00:04'/></interface>
    <graphics type='vnc' port='5900' autoport='yes' listen='10.0.0.1' passwd='geheim'>
      <listen type='address' address='10.0.0.1'/>
    </graphics>
    <graphics type='spice'><listen type='socket' socket='/run/s'/></graphics>
  </devices>
  <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-x'/></qemu:commandline>
</domain>
`

// replaced is rich with replacements, each of which has to be in it once.
func replaced(t *testing.T, oldnew ...string) string {
	t.Helper()
	text := rich
	for i := 0; i < len(oldnew); i += 2 {
		if strings.Count(text, oldnew[i]) != 1 {
			t.Fatalf("%q is in the definition %d times", oldnew[i], strings.Count(text, oldnew[i]))
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	return text
}

func TestApply(t *testing.T) {
	t.Parallel()
	bridge := Change{Interface, "52:54:00:00:00:01", "br0", "br1"}
	for _, test := range []struct {
		name    string
		request Request
		oldnew  []string
		changes []Applied
		unused  []Unused
	}{
		{name: "nothing"},
		{
			name: "bridge", request: Request{Move: Changes{Interfaces: map[string]string{"br0": "br1"}}},
			oldnew:  []string{"<source bridge='br0'/>", "<source bridge='br1'/>"},
			changes: []Applied{{bridge, ByMove}},
		},
		{
			name: "network", request: Request{Host: Changes{Interfaces: map[string]string{"lan": "wan"}}},
			oldnew:  []string{"<source network='lan' portid='2f' bridge='virbr1'/>", "<source network='wan'/>"},
			changes: []Applied{{Change{Interface, "52:54:00:00:00:02", "lan", "wan"}, ByHost}},
		},
		{
			name: "direct", request: Request{Move: Changes{Interfaces: map[string]string{"eth0": "bond0"}}},
			oldnew:  []string{"<source dev='eth0' mode='bridge'/>", "<source dev='bond0' mode='bridge'/>"},
			changes: []Applied{{Change{Interface, "52:54:00:00:00:03", "eth0", "bond0"}, ByMove}},
		},
		{
			name: "graphics", request: Request{Move: Changes{GraphicsListen: "::1"}},
			oldnew:  []string{"listen='10.0.0.1'", "listen='::1'", "address='10.0.0.1'", "address='::1'"},
			changes: []Applied{{Change{Graphics, "vnc", "10.0.0.1", "::1"}, ByMove}},
		},
		{
			name: "graphics back to what libvirt chooses", request: Request{Back: []Change{{Graphics, "vnc", "10.0.0.1", ""}}},
			oldnew:  []string{" listen='10.0.0.1'", "", " address='10.0.0.1'", ""},
			changes: []Applied{{Change{Graphics, "vnc", "10.0.0.1", ""}, ByHistory}},
		},
		{
			name: "disks", request: Request{Move: Changes{Disks: map[string]string{"vda": "/new/it's <a>.qcow2", "vdb": "/dev/x"}}},
			oldnew: []string{"/old/a&amp;b.qcow2", "/new/it&apos;s &lt;a&gt;.qcow2", "/dev/vg/web", "/dev/x"},
			changes: []Applied{
				{Change{Disk, "vda", "/old/a&b.qcow2", "/new/it's <a>.qcow2"}, ByMove},
				{Change{Disk, "vdb", "/dev/vg/web", "/dev/x"}, ByMove},
			},
		},
		{
			name: "emulator and NVRAM", request: Request{Move: Changes{Emulator: "/opt/qemu", NVRAM: "/new/VARS.fd"}},
			oldnew: []string{
				"<emulator>/usr/bin/qemu-system-x86_64<", "<emulator>/opt/qemu<", "/old/web_VARS.fd", "/new/VARS.fd",
			},
			changes: []Applied{
				{Change{NVRAM, "", "/old/web_VARS.fd", "/new/VARS.fd"}, ByMove},
				{Change{Emulator, "", "/usr/bin/qemu-system-x86_64", "/opt/qemu"}, ByMove},
			},
		},
		{
			name: "the move before the host, the host before the history",
			request: Request{
				Move: Changes{Interfaces: map[string]string{"br0": "br1"}},
				Host: Changes{Interfaces: map[string]string{"br0": "br8"}, Emulator: "/opt/qemu"},
				Back: []Change{
					{Interface, bridge.Key, "br0", "br9"},
					{Emulator, "", "/usr/bin/qemu-system-x86_64", "/usr/bin/kvm"},
					{NVRAM, "", "/old/web_VARS.fd", "/older/VARS.fd"},
				},
			},
			oldnew: []string{
				"bridge='br0'", "bridge='br1'", "<emulator>/usr/bin/qemu-system-x86_64<", "<emulator>/opt/qemu<",
				"/old/web_VARS.fd", "/older/VARS.fd",
			},
			changes: []Applied{
				{Change{NVRAM, "", "/old/web_VARS.fd", "/older/VARS.fd"}, ByHistory},
				{Change{Emulator, "", "/usr/bin/qemu-system-x86_64", "/opt/qemu"}, ByHost},
				{bridge, ByMove},
			},
		},
		{name: "what is so already keeps the host's and the history's away", request: Request{
			Move: Changes{GraphicsListen: "10.0.0.1"}, Host: Changes{GraphicsListen: "10.0.0.2"},
			Back: []Change{{Graphics, "vnc", "10.0.0.1", "10.0.0.3"}},
		}},
		{name: "a device that was changed since", request: Request{Back: []Change{{Interface, bridge.Key, "br7", "br9"}}}},
		{name: "what fits nothing", request: Request{
			Move: Changes{
				Interfaces: map[string]string{"br7": "br8"},
				Disks:      map[string]string{"sda": "/x.iso", "vdc": "/x", "vdz": "/x"},
			},
			Host: Changes{Interfaces: map[string]string{"br6": "br8"}, Disks: map[string]string{"vdy": "/x"}},
		}, unused: []Unused{
			{KeyDisks, "sda", true}, {KeyDisks, "vdc", true}, {KeyDisks, "vdz", false}, {KeyInterfaces, "br7", false},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Apply(rich, test.request)
			if err != nil {
				t.Fatal(err)
			}
			want := Result{replaced(t, test.oldnew...), test.changes, test.unused}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			back, err := Apply(got.XML, Request{Back: Undo(nil, got.Made())})
			if err != nil {
				t.Fatal(err)
			}
			if test.name != "network" && test.name != "graphics back to what libvirt chooses" {
				if diff := cmp.Diff(rich, back.XML); diff != "" {
					t.Errorf("taken back (-want +got)\n%s", diff)
				}
			}
		})
	}
}

// The forms that libvirt has beside those of rich.
func TestApplyForms(t *testing.T) {
	t.Parallel()
	all := Request{Move: Changes{GraphicsListen: "10.0.0.2", NVRAM: "/new", Emulator: "/qemu"}}
	for _, test := range []struct{ name, given, want string }{
		{
			"a listener without an address",
			"<domain><devices><graphics type='vnc' port='-1'><listen type='address'/></graphics></devices></domain>",
			"<domain><devices><graphics listen='10.0.0.2' type='vnc' port='-1'><listen address='10.0.0.2' type='address'/></graphics></devices></domain>",
		},
		{
			"no listener", "<domain><devices><graphics type='spice'/></devices></domain>",
			"<domain><devices><graphics listen='10.0.0.2' type='spice'/></devices></domain>",
		},
		{
			"a network's address",
			"<domain><devices><graphics type='vnc' listen='1.2.3.4'><listen type='network' network='n' address='1.2.3.4'/></graphics></devices></domain>", "",
		},
		{"another console", "<domain><devices><graphics type='sdl'/></devices></domain>", ""},
		{
			"NVRAM with a source", "<domain><os><nvram type='file'>\n<source file='/old'/></nvram></os></domain>",
			"<domain><os><nvram type='file'>\n<source file='/new'/></nvram></os></domain>",
		},
		{"NVRAM that libvirt will name", "<domain><os><nvram template='/t'/></os></domain>", ""},
		{
			"blanks in a tag", "<domain><devices><emulator >/old</emulator\n><graphics\n\ttype = 'vnc'  listen\n= \"\" /></devices></domain>",
			"<domain><devices><emulator >/qemu</emulator\n><graphics\n\ttype = 'vnc'  listen\n= \"10.0.0.2\" /></devices></domain>",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Apply(test.given, all)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" {
				test.want = test.given
			}
			if got.XML != test.want {
				t.Errorf("it is %s\nwanted %s", got.XML, test.want)
			}
		})
	}
}

// A host's address is for consoles that listen on one of another host. It opens none that only the
// host itself reaches, and none is left behind that listens everywhere.
func TestApply_hostsAddress(t *testing.T) {
	t.Parallel()
	const console = "<domain><devices><graphics type='vnc' listen='OLD'><listen type='address' address='OLD'/></graphics></devices></domain>"
	for old, changed := range map[string]bool{
		"10.0.0.1": true, "fd00::1": true, "kvm1.example.com": true,
		"127.0.0.1": false, "127.8.8.8": false, "::1": false, "::ffff:127.0.0.1": false, "localhost": false,
		"0.0.0.0": false, "::": false, "": false,
	} {
		given := strings.ReplaceAll(console, "OLD", old)
		of := Changes{GraphicsListen: "10.0.0.2"}
		byHost, err := Apply(given, Request{Host: of})
		if err != nil || len(byHost.Changes) > 0 != changed {
			t.Errorf("%q: the host changes %v, %v", old, byHost.Changes, err)
		}
		byMove, err := Apply(given, Request{Move: of})
		if err != nil || len(byMove.Changes) != 1 {
			t.Errorf("%q: the move changes %v, %v", old, byMove.Changes, err)
		}
	}
}

func TestApplyRefusesWhatIsNoXML(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"", "web", "<domain>", "<domain></dom>", "<domain/><domain/>", "<domain a=b/>"} {
		if _, err := Apply(given, Request{Move: Changes{Emulator: "/qemu"}}); err == nil {
			t.Errorf("%q is taken", given)
		}
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	nic := func(from, to string) Change { return Change{Interface, "m", from, to} }
	for _, test := range []struct {
		name           string
		later, changes []Change
		want           []Change
	}{
		{"one", nil, []Change{nic("a", "b")}, []Change{nic("b", "a")}},
		{"a chain", []Change{nic("c", "b")}, []Change{nic("a", "b")}, []Change{nic("c", "a")}},
		{"changed by others in between", []Change{nic("c", "x")}, []Change{nic("a", "b")}, []Change{nic("c", "c")}},
		{
			"two interfaces of one address, as those of a team have", nil,
			[]Change{nic("a", "b"), nic("c", "d")},
			[]Change{nic("b", "a"), nic("d", "c")},
		},
		{
			"a chain of two of one address",
			[]Change{nic("x", "b"), nic("y", "d")},
			[]Change{nic("a", "b"), nic("c", "d")},
			[]Change{nic("x", "a"), nic("y", "c")},
		},
		{
			"two that change places",
			[]Change{nic("x", "b"), nic("y", "a")},
			[]Change{nic("a", "b"), nic("b", "a")},
			[]Change{nic("x", "a"), nic("y", "b")},
		},
		{"another device", []Change{{Disk, "vda", "/b", "/a"}}, []Change{nic("a", "b")}, []Change{{Disk, "vda", "/b", "/a"}, nic("b", "a")}},
	} {
		if diff := cmp.Diff(test.want, Undo(test.later, test.changes)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
	}
}

// TestApplyLeavesConsolesOnSockets gives an address to a definition whose console listens on a socket, in either of
// the ways in which libvirt writes that.
func TestApplyLeavesConsolesOnSockets(t *testing.T) {
	t.Parallel()
	for _, console := range []string{
		`<graphics type='vnc' socket='/run/vnc'/>`,
		`<graphics type='vnc' socket='/run/vnc'><listen type='socket' socket='/run/vnc'/></graphics>`,
	} {
		document := "<domain><devices>" + console + "</devices></domain>"
		got, err := Apply(document, Request{Move: Changes{GraphicsListen: "10.0.0.2"}})
		if err != nil {
			t.Fatal(err)
		}
		want := Result{XML: document, Unused: []Unused{{Key: KeyGraphicsListen}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", console, diff)
		}
	}
}
