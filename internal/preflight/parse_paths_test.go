package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

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
