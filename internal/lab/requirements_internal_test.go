package lab

import "testing"

func TestQEMUVersionIsReadFromItsBanner(t *testing.T) {
	t.Parallel()
	for banner, want := range map[string][2]int{
		"QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)\nCopyright (c) 2003-2025": {10, 0},
		"QEMU emulator version 7.2.17 (Debian 1:7.2+dfsg-7+deb12u13)":                                  {7, 2},
		"QEMU emulator version 9.2.0": {9, 2},
	} {
		got, err := qemuVersion(banner)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", banner, got, err, want)
		}
	}
	if version, err := qemuVersion("command not found"); err == nil {
		t.Errorf("a version %v out of nothing", version)
	}
}
