package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// device is a definition's part with devices.
func device(xml string) string { return "<devices>" + xml + "</devices>" }

func TestParse_nvme(t *testing.T) {
	t.Parallel()
	got, err := preflight.Parse("<domain type='kvm'>" + device(`<disk type='nvme'><source type='pci' namespace='1'>`+
		`<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source><target dev='vda'/></disk>`) + "</domain>")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]preflight.HostDevice{{Type: "pci", Name: "0000:01:00.0"}}, got.HostDevices); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParse_deviceLabels(t *testing.T) {
	t.Parallel()
	got, err := preflight.Parse("<domain type='kvm'>" + device(`<disk type='file'><source file='/srv/a'>`+
		`<seclabel model='dac' relabel='no'/></source></disk><serial type='file'><source path='/srv/b'>`+
		`<seclabel model='selinux' relabel='no'/></source></serial>`) +
		"<seclabel type='dynamic' model='apparmor'/></domain>")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"apparmor", "dac", "selinux"}, got.SecurityModels); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The element's white space is no path.
func TestParse_nvramSource(t *testing.T) {
	t.Parallel()
	got, err := preflight.Parse("<domain type='kvm'><os><nvram type='file'>\n  <source file='/srv/vars'/>\n</nvram></os></domain>")
	if err != nil || got.NVRAM != "/srv/vars" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParse_paths(t *testing.T) {
	t.Parallel()
	const namespace = "http://libvirt.org/schemas/domain/qemu/1.0"
	for name, test := range map[string]struct {
		definition string
		files      []preflight.File
		unasked    []preflight.Unasked
	}{
		"Ignition": {
			definition: `<sysinfo type='fwcfg'><entry name='opt/com.coreos/config' file='/srv/web.ign'/>` +
				`<entry name='opt/plain'>text</entry></sysinfo><sysinfo type='smbios'/>`,
			files: []preflight.File{{Device: "fw_cfg opt/com.coreos/config", Path: "/srv/web.ign"}},
		},
		"a disk of vhost-user": {
			definition: device(`<disk type='vhostuser'><source type='unix' path='/run/blk'/><target dev='vda'/></disk>`),
			files:      []preflight.File{{Device: "disk vda", Path: "/run/blk"}},
		},
		"a disk of vDPA": {
			definition: device(`<disk type='vhostvdpa'><source dev='/dev/vhost-vdpa-0'/><target dev='vda'/></disk>`),
			files:      []preflight.File{{Device: "disk vda", Path: "/dev/vhost-vdpa-0"}},
		},
		"a disk with a data file, and a helper for reservations": {
			definition: device(`<disk type='file'><source file='/srv/a'><reservations managed='no'>` +
				`<source type='unix' path='/run/pr' mode='client'/></reservations>` +
				`<dataStore type='file'><format type='raw'/><source file='/srv/a.raw'/></dataStore></source>` +
				`<target dev='vda'/></disk>`),
			files: []preflight.File{
				{Device: "disk vda reservations", Path: "/run/pr"},
				{Device: "disk vda data file", Path: "/srv/a.raw", Written: true},
			},
		},
		"an NBD disk by a socket": {
			definition: device(`<disk type='network'><source protocol='nbd' name='a'><host transport='unix' socket='/run/nbd'/>` +
				`</source><target dev='vda'/></disk>`),
			files: []preflight.File{{Device: "disk vda", Path: "/run/nbd"}},
		},
		"an interface with a script": {
			definition: device(`<interface type='ethernet'><mac address='A'/><script path='/etc/up'/></interface>`),
			files:      []preflight.File{{Device: "interface A script", Path: "/etc/up"}},
		},
		"passt": {
			definition: device(`<interface type='user'><mac address='A'/><source dev='eth0'/>` +
				`<backend type='passt' logFile='/var/log/passt'/></interface>`),
			files:   []preflight.File{{Device: "interface A log", Path: "/var/log/passt", Created: true}},
			unasked: []preflight.Unasked{{Device: "interface A", Name: "eth0"}},
		},
		"input": {
			definition: device(`<input type='evdev'><source dev='/dev/input/event1'/></input>`),
			files:      []preflight.File{{Device: "input evdev", Path: "/dev/input/event1"}},
		},
		"a smart card and a USB device over sockets": {
			definition: device(`<smartcard mode='passthrough' type='unix'><source mode='bind' path='/run/a/card'/></smartcard>` +
				`<redirdev bus='usb' type='unix'><source mode='connect' path='/run/usb'/></redirdev>`),
			files: []preflight.File{
				{Device: "smartcard 0", Path: "/run/a/card", Created: true}, {Device: "redirdev 0", Path: "/run/usb"},
			},
		},
		"EGD and an external TPM": {
			definition: device(`<rng model='virtio'><backend model='egd' type='unix'><source mode='connect' path='/run/egd'/>` +
				`</backend></rng><tpm model='tpm-crb'><backend type='external'><source type='unix' mode='connect' path='/run/tpm'/>` +
				`</backend></tpm>`),
			files: []preflight.File{{Device: "rng", Path: "/run/egd"}, {Device: "tpm", Path: "/run/tpm"}},
		},
		"GPUs and sound": {
			definition: device(`<graphics type='spice'><gl enable='yes' rendernode='/dev/dri/renderD128'/></graphics>` +
				`<graphics type='egl-headless'><gl rendernode='/dev/dri/renderD129'/></graphics>` +
				`<audio id='1' type='file' path='/srv/a.wav'/><audio id='2' type='alsa'><input dev='hw:0'/></audio>`),
			files: []preflight.File{
				{Device: "graphics spice", Path: "/dev/dri/renderD128"},
				{Device: "graphics egl-headless", Path: "/dev/dri/renderD129"},
				{Device: "audio 1", Path: "/srv/a.wav", Created: true},
			},
			unasked: []preflight.Unasked{{Device: "audio 2", Name: "hw:0"}},
		},
		"virtiofsd": {
			definition: device(`<filesystem type='mount'><driver type='virtiofs'/><binary path='/opt/virtiofsd'/>` +
				`<source dir='/srv'/><target dir='a'/></filesystem>`),
			files: []preflight.File{{Device: "virtiofsd", Path: "/opt/virtiofsd"}},
		},
		"arguments of QEMU": {
			definition: `<commandline xmlns='` + namespace + `'><arg value='-fw_cfg'/>` +
				`<arg value='name=opt/a,file=/srv/web.ign'/><arg value='unix:/run/a,server=on'/><arg value='/srv/a.rom'/>` +
				`<arg value='{"driver":"file","filename":"/srv/a.raw"}'/><arg value='secret,id=a,data=/SECRET'/></commandline>`,
			unasked: []preflight.Unasked{
				{Device: "argument of QEMU", Name: "/srv/web.ign"},
				{Device: "argument of QEMU", Name: "/run/a"},
				{Device: "argument of QEMU", Name: "/srv/a.rom"},
				{Device: "argument of QEMU", Name: "/srv/a.raw"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := preflight.Parse("<domain type='kvm'>" + test.definition + "</domain>")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.files, got.Files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.unasked, got.Unasked); diff != "" {
				t.Errorf("unasked (-want +got):\n%s", diff)
			}
		})
	}
}
