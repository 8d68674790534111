package host

import "testing"

// Who QEMU runs as is in the label of the model "dac", which libvirt writes for each kind of guest.
func TestParseCapabilities_owner(t *testing.T) {
	t.Parallel()
	dac := func(label string) string {
		return "<secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>" + label + "</baselabel>" +
			"<baselabel type='qemu'>" + label + "</baselabel></secmodel>"
	}
	const apparmor = "<secmodel><model>apparmor</model><doi>0</doi></secmodel>"
	for name, c := range map[string]struct{ models, user, group string }{
		"beside another model": {apparmor + dac("+64055:+994"), "64055", "994"},
		"root":                 {dac("+0:+0"), "0", "0"},
		"none of a user":       {apparmor, "", ""},
		"no label":             {"<secmodel><model>dac</model><doi>0</doi></secmodel>", "", ""},
		"names":                {dac("qemu:kvm"), "", ""},
		"half":                 {dac("+64055"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseCapabilities("<capabilities><host>" + c.models + "</host></capabilities>")
			if err != nil || got.QEMUUser != c.user || got.QEMUGroup != c.group {
				t.Errorf("got %q and %q, %v, want %q and %q", got.QEMUUser, got.QEMUGroup, err, c.user, c.group)
			}
		})
	}
}
