//go:build linux

package setup_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestOutcome is about what setup.sh says and does on machines that are not as it would have them.
func TestOutcome(t *testing.T) {
	t.Parallel()
	const (
		failed   = "Set-up failed while "
		updating = failed + "updating the package lists (apt-get update)"
		planning = failed + "working out what would be installed"
		install  = "apt-get install ca-certificates"
	)
	deb12 := map[string]string{"etc/os-release": debian12, debianSource: bookworm}
	deb13 := map[string]string{"etc/os-release": debian13}
	plan := func(line string) archive {
		a := twelve
		a.plan += line + "\n"
		a.sources = "systemd systemd\nqemu-system-x86 qemu\nlibvirt0 libvirt\nseabios seabios\nlibc6 glibc\n"
		return a
	}
	cases := map[string]struct {
		files    map[string]string
		programs []string
		archive  archive
		user     int
		sudo     string
		args     []string
		code     int
		said     []string
		unsaid   []string
		called   []string // parts of the calls; an installation is one of them where the code is 0
		kept     bool     // the source of backports stays
	}{
		"Debian 12": {
			files: deb12, archive: twelve, kept: true, called: []string{install},
			said: []string{
				"New packages: 2\n  of which from backports: qemu-system-x86\nInstalled packages that change: none\n",
				"Fetching linux-image-6.1.0-1-cloud-amd64",
			},
		},
		"Debian 13": {
			files: deb13, archive: archive{qemu: "1:10.0.2+ds-2", plan: "Inst nc (1.2 Debian:13.1/stable [amd64])"}, called: []string{install},
			said: []string{"New packages: 1\nInstalled packages that change: none\n"}, unsaid: []string{"backports"},
		},
		"Debian testing, which has no number": {
			files:   map[string]string{"etc/os-release": "ID=debian\nVERSION_CODENAME=forky\n"},
			archive: archive{qemu: "1:11.0", plan: "Inst libc6 [2.41-1] (2.42-1 Debian:testing [amd64])"}, called: []string{install},
			said: []string{"Installed packages that change: 1\n  libc6 2.41-1 -> 2.42-1\n"},
		},
		"Ubuntu 24.04": {
			files: map[string]string{"etc/os-release": noble}, archive: archive{qemu: "1:8.2.2+ds-0ubuntu1"}, code: 1,
			said: []string{failed + "looking for a QEMU", "QEMU 8 is the newest", "needs 9 or newer", "Ubuntu 25.04 have it"},
		},
		"Ubuntu 25.04": {
			files: map[string]string{"etc/os-release": plucky}, called: []string{install},
			archive: archive{qemu: "1:9.2.1+ds-1ubuntu5\n1:9.2.0", plan: "Inst libc6 [2.41-6ubuntu1] (2.41-6ubuntu2 Ubuntu:25.04/plucky-updates [amd64])"},
			said:    []string{"  libc6 2.41-6ubuntu1 -> 2.41-6ubuntu2\n"},
		},
		"Debian 12 without backports on its mirror": {
			files: deb12, archive: archive{qemu: "1:7.2", noBackports: true}, code: 1,
			said: []string{failed + "adding Debian 12's backports", "APT does not know bookworm-backports", "URIs: http://mirror.example/debian", "Removed "},
		},
		"another APT holds the package lists for a while": {
			files: deb13, archive: archive{qemu: "1:10.0.2", held: 4}, called: []string{"sleep 5\n", install},
			said: []string{"Could not get lock /var/lib/apt/lists/lock", "Trying again in five seconds"},
		},
		"no network": {
			files: deb12, archive: archive{update: "E: Could not resolve 'mirror.example'"}, code: 100,
			said: []string{"E: Could not resolve 'mirror.example'", updating, "exit code 100 of: apt-get update", "run again: setup.sh"},
		},
		"no network, of which apt-get only warns": {
			files: deb13, archive: archive{update: "W: Failed to fetch http://mirror.example/debian"}, code: 1,
			said: []string{"W: Failed to fetch", failed + "looking for a QEMU", "have no qemu-system-x86", "is the archive reachable?"},
		},
		"package missing": {
			files: deb13, archive: archive{qemu: "1:10.0.2", plan: "E: Unable to locate package sasl2-bin"}, code: 1,
			said: []string{"E: Unable to locate package sasl2-bin", planning},
		},
		"installation fails": {
			files: deb12, archive: func() archive { a := twelve; a.failsInstall = true; return a }(), code: 100,
			said: []string{"dpkg: error processing package", failed + "installing packages (apt-get install)", "exit code 100", "Removed "},
		},
		"not root": {
			files: deb13, user: 1000, code: 1, unsaid: []string{"Installing"},
			said: []string{failed + "looking at what this machine lacks", "It lacks: ca-certificates dbus", "uidmap", "Run: sudo /", "/setup.sh\n"},
		},
		"root by sudo, for who is not": {
			files: deb13, programs: without("newuidmap"), sudo: "1000", archive: archive{}, called: []string{"install uidmap\n"},
		},
		"root without need of subordinate IDs": {
			files: deb13, programs: without("newuidmap"), unsaid: []string{"Installing"},
		},
		"no apt-get": {
			files: deb13, programs: []string{"-apt-get"}, code: 1, said: []string{"It lacks: ca-certificates", "there is no apt-get here"},
		},
		"Go that is too old": {
			files: deb12, programs: []string{"go1.19.8"}, archive: twelve, code: 1,
			said: []string{"Go 1.19.8 (", "is too old", "https://go.dev/dl"},
		},
		"Go that fetches its successor": {
			files: deb12, programs: []string{"go1.21.0"}, archive: twelve, kept: true, said: []string{"Installing: "}, unsaid: []string{"golang-go"},
			called: []string{install},
		},
		"update within the release": {
			files: deb12, archive: plan("Inst libc6 [2.36-9] (2.36-10 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []"),
			kept: true, called: []string{install}, said: []string{"Installed packages that change: 1\n  libc6 2.36-9 -> 2.36-10\n"},
		},
		"QEMU that is there and too old": {
			files: deb12, archive: plan("Inst libvirt0 [9.0.0-4] (11.3.0-2~bpo12+1 Debian Backports:oldstable-backports [amd64])"), code: 1,
			said: []string{planning, "  libvirt0 9.0.0-4 would become 11.3.0-2~bpo12+1", "Nothing was installed", "-t bookworm-backports"},
		},
		"update of what is of backports already": {
			files: deb12, archive: plan("Inst systemd [252.1~bpo12+1] (252.2~bpo12+1 Debian Backports:oldstable-backports [amd64])"),
			kept: true, called: []string{install}, said: []string{"  systemd 252.1~bpo12+1 -> 252.2~bpo12+1\n"},
		},
		"another repository's package": {
			files: deb13, archive: archive{qemu: "1:10.0.2", plan: "Inst docker [1.0] (1.1 Docker CE:trixie [amd64])"}, called: []string{install},
			said: []string{"  docker 1.0 -> 1.1\n"},
		},
		"systemd of backports": {
			files: deb12, archive: plan("Inst systemd [252.38-1~deb12u1] (254.26-1~bpo12+1 Debian Backports:oldstable-backports [amd64])"), code: 1,
			said:   []string{planning, "  systemd 252.38-1~deb12u1 would become 254.26-1~bpo12+1 of Debian Backports", "Nothing was installed", "Removed "},
			unsaid: []string{"qemu-system-x86 would"},
		},
		"C library of the next release": {
			files: deb12, archive: plan("Inst libc6 [2.36-9] (2.41-12 Debian:13.1/stable [amd64])"), code: 1,
			said: []string{planning, "  libc6 2.36-9 would become 2.41-12 of Debian:13.1/stable"},
		},
		"line of APT that is not known": {
			files: deb13, archive: archive{qemu: "1:10.0.2", plan: "Inst nc 1.2"}, code: 1, said: []string{planning, "cannot be read: Inst nc 1.2"},
		},
		"package that stands in the way": {
			files: deb13, archive: archive{qemu: "1:10.0.2", plan: "Remv libvirt-daemon-own [9.0]"}, code: 1,
			said: []string{planning, "  libvirt-daemon-own would be removed"},
		},
		"tools, of which one is there": {
			files: deb12, programs: []string{"shellcheck"}, args: []string{"tool", "shellcheck", "mmdebstrap"},
			archive: archive{qemu: "1:7.2"}, called: []string{"install mmdebstrap\n"}, unsaid: []string{"Fetching"},
		},
		"tools, not root": {
			files: deb12, args: []string{"tool", "shellcheck"}, user: 1000, code: 1, said: []string{"It lacks: shellcheck", "/setup.sh tool shellcheck\n"},
		},
		"kernel, not root":     {files: deb12, args: []string{"kernel"}, user: 1000, said: []string{"Fetching linux-image"}, called: []string{"apt-get download"}},
		"argument not known":   {files: deb12, args: []string{"all"}, code: 2, said: []string{"usage: "}},
		"no word of a release": {files: map[string]string{"etc/os-release": "ID=debian\n"}, archive: archive{qemu: "1:10.0.2"}, called: []string{install}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, maps.Clone(tc.files), nil, tc.archive)
			m.user, m.sudo = tc.user, tc.sudo
			m.have(t, tc.programs)
			got := m.run(t, tc.args...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			for _, part := range tc.said {
				if !strings.Contains(got.said, part) {
					t.Errorf("does not say %q", part)
				}
			}
			for _, part := range tc.unsaid {
				if strings.Contains(got.said, part) {
					t.Errorf("says %q", part)
				}
			}
			calls := installs(got.calls)
			for _, part := range tc.called {
				if !strings.Contains(calls, part) {
					t.Errorf("no call has %q", part)
				}
			}
			if installed := strings.Contains(calls, "apt-get install"); installed && tc.code != 0 && name != "installation fails" {
				t.Errorf("something was installed")
			}
			if (got.source != "") != tc.kept || len(got.extra) > 0 {
				t.Errorf("the source of backports is kept: %v, left %q", got.source != "", got.extra)
			}
			if t.Failed() {
				t.Logf("it said\n%s\nit called\n%s", got.said, calls)
			}
		})
	}
}

// installs are calls with the options of apt-get left out, and without the simulations.
func installs(calls string) string {
	var kept []string
	for line := range strings.Lines(calls) {
		if strings.Contains(line, "--simulate") {
			continue
		}
		if before, after, found := strings.Cut(line, " install "); found && strings.Contains(before, "--no-remove") {
			line = "apt-get install " + after
		}
		kept = append(kept, line)
	}
	return strings.Join(slices.Compact(kept), "")
}
