//go:build linux

// Package setup_test tries setup.sh on machines that it never made: root directories and fake programs.
package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	debian12 = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"
	debian13 = "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n"
	noble    = "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n"
	plucky   = "ID=ubuntu\nVERSION_ID=\"25.04\"\nVERSION_CODENAME=plucky\n"

	sourcesList  = "etc/apt/sources.list"
	debianSource = "etc/apt/sources.list.d/debian.sources"

	bookworm = `Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`
	pinned = `Package: src:golang-defaults src:golang-1.* src:qemu src:libvirt src:seabios
Pin: release n=bookworm-backports
Pin-Priority: 500
`
	denying = "#!/bin/sh\nexit 101\n"

	newQEMU = "Inst qemu-system-x86 (1:10.0.2+ds-2~bpo12+1 Debian Backports:oldstable-backports [amd64])\n" +
		"Inst gcc (4:12.2.0-3 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])\n" +
		"Conf gcc (4:12.2.0-3 Debian:12.15/oldstable [amd64])\n"
)

// twelve is what Debian 12's archive has.
var twelve = archive{qemu: "1:7.2+dfsg-7+deb12u18", backported: "1:10.0.2+ds-2+deb13u1~bpo12+1", plan: newQEMU}

// complete are the programs, and files, of a machine that lacks nothing.
func complete() []string {
	const libraries, drivers = "/usr/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_"
	return []string{
		"libvirtd", "virt-ssh-helper", "virsh", "ip", "tc", "unshare", "nsenter", "setsid", "mount", "hostname", "sysctl", "ssh",
		"ssh-keygen", "/usr/sbin/sshd", "nc", "saslpasswd2", "dbus-daemon", "dbus-send", "/usr/lib/polkit-1/polkitd", "go",
		"gcc", "newuidmap", "/usr/bin/qemu-system-x86_64", "/etc/ssl/certs/ca-certificates.crt", libraries + "libc.a",
		libraries + "sasl2/libscram.so", drivers + "network.so", drivers + "nodedev.so", drivers + "nwfilter.so", drivers + "qemu.so",
		drivers + "secret.so", drivers + "storage.so", "qemu-img", "swtpm", "swtpm_setup", "genisoimage", "jq", "nft",
		"/usr/share/OVMF/OVMF_CODE_4M.fd",
	}
}

// without are the programs of a machine that lacks some.
func without(missing ...string) []string {
	var programs []string
	for _, program := range complete() {
		if !strings.Contains(" "+strings.Join(missing, " ")+" ", " "+filepath.Base(program)+" ") {
			programs = append(programs, program)
		}
	}
	return programs
}

// TestSourceOfBackports is about which source setup.sh derives from what the machine has.
func TestSourceOfBackports(t *testing.T) {
	t.Parallel()
	const (
		mirrored = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\n"
		keyring  = "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
	)
	cases := map[string]struct {
		files map[string]string
		want  string // without the comment at the top; empty: none is added
	}{
		"deb822 only":      {map[string]string{debianSource: bookworm}, mirrored + keyring},
		"list only":        {map[string]string{sourcesList: "deb http://mirror.example/debian bookworm main non-free-firmware\n"}, mirrored},
		"list, signed":     {map[string]string{sourcesList: "deb [arch=amd64 signed-by=/a.gpg] http://mirror.example/debian/ bookworm main\n"}, strings.Replace(mirrored, "debian\n", "debian/\n", 1) + "Signed-By: /a.gpg\n"},
		"list, spaced":     {map[string]string{sourcesList: "deb [ signed-by=/a.gpg,/b.gpg arch=amd64 ] http://mirror.example/debian bookworm main\n"}, mirrored + "Signed-By: /a.gpg /b.gpg\n"},
		"list of parts":    {map[string]string{"etc/apt/sources.list.d/a.list": "# deb http://no.example bookworm main\ndeb-src http://no.example bookworm main\ndeb http://mirror.example/debian bookworm main\n"}, mirrored},
		"both":             {map[string]string{sourcesList: "deb http://mirror.example/debian bookworm main\n", debianSource: strings.ReplaceAll(bookworm, "mirror", "b")}, mirrored},
		"empty list":       {map[string]string{sourcesList: "# See debian.sources\n", debianSource: bookworm}, mirrored + keyring},
		"deb822, unsigned": {map[string]string{debianSource: strings.ReplaceAll(bookworm, keyring, "")}, mirrored},
		"oldstable":        {map[string]string{debianSource: strings.ReplaceAll(bookworm, "bookworm", "oldstable")}, mirrored + keyring},
		"stable, in lists": {map[string]string{sourcesList: "deb http://mirror.example/debian stable main\n"}, mirrored},
		"several lines": {
			map[string]string{debianSource: "types: deb deb-src\nURIs:\n http://mirror.example/debian\n# one more\n http://b.example/debian\nSuites: bookworm-security\n\tbookworm\nComponents: main\n"},
			strings.Replace(mirrored, "debian\n", "debian http://b.example/debian\n", 1),
		},
		"key within": {
			map[string]string{debianSource: strings.Replace(bookworm, " /usr/share/keyrings/debian-archive-keyring.gpg", "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865UxYJKwYBBAHaRw8BAQdA\n -----END PGP PUBLIC KEY BLOCK-----", 1)},
			mirrored + "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865UxYJKwYBBAHaRw8BAQdA\n -----END PGP PUBLIC KEY BLOCK-----\n",
		},
		"disabled": {
			map[string]string{debianSource: "Enabled: no\n" + strings.ReplaceAll(bookworm, "mirror", "off"), "etc/apt/sources.list.d/own.sources": bookworm},
			mirrored + keyring,
		},
		"list of mirrors":     {map[string]string{debianSource: strings.ReplaceAll(bookworm, "http://mirror.example/debian\n", "mirror+file:/etc/apt/mirrors/debian.list\n")}, strings.Replace(mirrored, "http://mirror.example/debian", "mirror+file:/etc/apt/mirrors/debian.list", 1) + keyring},
		"installation medium": {map[string]string{sourcesList: "deb cdrom:[Debian 12]/ bookworm main\ndeb cdrom:disc/ bookworm main\ndeb http://mirror.example/debian bookworm main\n"}, mirrored},
		"medium in deb822":    {map[string]string{debianSource: strings.Replace(bookworm, "http:", "cdrom:disc/ http:", 1)}, mirrored + keyring},
		"not a source's name": {map[string]string{debianSource + ".disabled": strings.ReplaceAll(bookworm, "mirror", "off"), debianSource: bookworm}, mirrored + keyring},
		"others with a suite of that name": {
			map[string]string{
				"etc/apt/sources.list.d/docker.list":     "deb [signed-by=/etc/apt/keyrings/docker.asc] https://other.example/linux/debian bookworm stable\n",
				"etc/apt/sources.list.d/aaa.sources":     strings.ReplaceAll(bookworm, "mirror", "other"),
				"etc/apt/sources.list.d/zdebian.sources": bookworm,
			},
			mirrored + keyring,
		},
		"sources only":    {map[string]string{debianSource: strings.Replace(bookworm, "Types: deb\n", "Types: deb-src\n", 1)}, strings.Replace(mirrored, "mirror.example", "deb.debian.org", 1) + keyring},
		"none":            {nil, strings.Replace(mirrored, "mirror.example", "deb.debian.org", 1) + keyring},
		"there in deb822": {map[string]string{debianSource: strings.Replace(bookworm, "bookworm-updates", "bookworm-backports", 1)}, ""},
		"there in a list": {map[string]string{debianSource: bookworm, sourcesList: "deb http://mirror.example/debian bookworm-backports main\n"}, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"etc/os-release": debian12}
			for path, content := range tc.files {
				files[path] = content
			}
			archive := twelve
			archive.mirrors = "http://mirror.example/debian/\nmirror+file:/etc/apt/mirrors/debian.list/\n"
			got := newMachine(t, files, nil, archive).run(t)
			if got.code != 0 {
				t.Fatalf("exit code %d: %s", got.code, got.said)
			}
			_, source, _ := strings.Cut(got.source, "\n")
			if source != tc.want {
				t.Errorf("added the source\n%s\nwant\n%s", source, tc.want)
			}
			if updates := strings.Count(got.calls, "apt-get update "); updates != 1 && tc.want == "" || updates != 2 && tc.want != "" {
				t.Errorf("%d updates of the package lists:\n%s", updates, got.calls)
			}
			if got.pins != pinned || got.policy != denying || !got.kernel || len(got.extra) > 0 {
				t.Errorf("pins %q, policy %q, kernel %v, left %q", got.pins, got.policy, got.kernel, got.extra)
			}
		})
	}
}

// TestSetupBringsEveryPackage is about what is installed where nothing is.
func TestSetupBringsEveryPackage(t *testing.T) {
	t.Parallel()
	const all = "ca-certificates dbus gcc genisoimage golang-go hostname iproute2 jq libc6-dev libsasl2-modules libvirt-clients " +
		"libvirt-daemon libvirt-daemon-driver-network libvirt-daemon-driver-nodedev libvirt-daemon-driver-nwfilter libvirt-daemon-driver-qemu " +
		"libvirt-daemon-driver-secret libvirt-daemon-driver-storage mount netcat-openbsd nftables openssh-client " +
		"openssh-server ovmf polkitd procps qemu-system-x86 qemu-utils sasl2-bin swtpm swtpm-tools util-linux\n"
	got := newMachine(t, map[string]string{"etc/os-release": debian13}, nil, archive{qemu: "1:10.0.2"}).run(t)
	if got.code != 0 || !strings.HasSuffix(lineWith(got.calls, "install"), all) {
		t.Errorf("exit code %d, called\n%s\n%s", got.code, got.calls, got.said)
	}
	if !strings.Contains(got.calls, "systemctl disable ssh.service ssh.socket\n") {
		t.Errorf("the machine's sshd stays enabled:\n%s", got.calls)
	}
}

// lineWith is the last line with a word.
func lineWith(text, word string) string {
	last := ""
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			last = line
		}
	}
	return last
}

// TestNothingToDo is about a machine that lacks nothing: APT is not asked.
func TestNothingToDo(t *testing.T) {
	t.Parallel()
	m := newMachine(t, map[string]string{"etc/os-release": debian13}, complete(), archive{})
	m.write(t, "home/.cache/terraform-provider-virt/vmlinuz-6.12", "kernel")
	if got := m.run(t); got.code != 0 || got.said != "" || got.calls != "" {
		t.Errorf("exit code %d, %q, called %q", got.code, got.said, got.calls)
	}
}

// TestMissingIsNamed is about what the lab asks before it starts, which changes nothing and wants no compiler.
func TestMissingIsNamed(t *testing.T) {
	t.Parallel()
	got := newMachine(t, map[string]string{"etc/os-release": debian13}, without("gcc", "nft", "libvirt_driver_network.so"), archive{}).run(t, "missing")
	const want = "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_network.so libvirt-daemon-driver-network\nnft nftables\n"
	if got.code != 0 || got.said != want || got.calls != "" {
		t.Errorf("exit code %d, %q, called %q", got.code, got.said, got.calls)
	}
}

// TestPolicyOfTheMachineIsKept is about a machine that has a policy-rc.d of its own, whatever happens.
func TestPolicyOfTheMachineIsKept(t *testing.T) {
	t.Parallel()
	const own = "#!/bin/sh\nexit 0\n"
	for _, fails := range []bool{false, true} {
		m := newMachine(t, map[string]string{"etc/os-release": debian13, "usr/sbin/policy-rc.d": own}, nil,
			archive{qemu: "1:10.0.2", failsInstall: fails})
		got := m.run(t)
		if left := m.read(t, "root/usr/sbin/policy-rc.d"); left != own || got.policy != own || (got.code != 0) != fails {
			t.Errorf("install fails: %v, exit code %d, policy %q, then %q", fails, got.code, got.policy, left)
		}
	}
}

// TestPreferencesOfTheMachineCount is about a machine that has pins of its own, which come first.
func TestPreferencesOfTheMachineCount(t *testing.T) {
	t.Parallel()
	const own = "Package: qemu-*\nPin: origin own.example\nPin-Priority: 900\n"
	m := newMachine(t, map[string]string{"etc/os-release": debian12, "etc/apt/preferences": own, debianSource: bookworm}, nil, twelve)
	if got := m.run(t); got.pins != own+"\n"+pinned || got.code != 0 {
		t.Errorf("exit code %d, pins\n%s\n%s", got.code, got.pins, got.said)
	}
}

// TestBackportsOnlyWhereNeeded is about a Debian 12 that lacks nothing of them.
func TestBackportsOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	files := map[string]string{"etc/os-release": debian12, debianSource: bookworm}
	for missing, pins := range map[string]string{
		"nc":                       "",
		"go":                       "Package: src:golang-defaults src:golang-1.*\n",
		"libvirt_driver_secret.so": "Package: src:qemu src:libvirt src:seabios\n",
	} {
		got := newMachine(t, files, without(missing), twelve).run(t)
		if got.code != 0 || (pins == "") != (got.pins == "") || !strings.HasPrefix(got.pins, pins) || (got.source == "") != (pins == "") {
			t.Errorf("%s: exit code %d, pins %q, source %q\n%s", missing, got.code, got.pins, got.source, got.said)
		}
	}
}

// TestScriptIsExecutable is about make, which starts it by its name.
func TestScriptIsExecutable(t *testing.T) {
	t.Parallel()
	if info, err := os.Stat("setup.sh"); err != nil || info.Mode()&0o111 != 0o111 {
		t.Errorf("%v, %v", info, err)
	}
}
