//go:build linux

package setup_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// archive is what the machine's package sources say. Fake programs on the search path answer with it.
type archive struct {
	update       string // what apt-get update says; ends with an error when it begins with E:
	held         int    // how often another APT holds the package lists first
	qemu         string // versions of QEMU in the machine's own release, one a line
	backported   string // versions of QEMU in Debian 12's backports
	noBackports  bool   // the mirror has no backports
	plan         string // what apt-get install --simulate says; ends with an error when it begins with E:
	failsInstall bool
	sources      string // lines of "binary source"
	mirrors      string // of Debian, one a line; empty: http://mirror.example/debian/
}

// machine is a root directory that setup.sh looks at, and a search path with nothing but fakes on it and the plainest of
// programs.
type machine struct {
	dir  string
	user int
	sudo string
}

// newMachine makes a machine with files, below its root directory, and programs.
func newMachine(t *testing.T, files map[string]string, programs []string, a archive) *machine {
	t.Helper()
	m := &machine{dir: t.TempDir()}
	for path, content := range files {
		m.write(t, filepath.Join("root", path), content)
	}
	for _, directory := range []string{"root/etc/apt/sources.list.d", "root/usr/sbin", "tmp", "home", "path"} {
		if err := os.MkdirAll(filepath.Join(m.dir, directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if a.mirrors == "" {
		a.mirrors = "http://mirror.example/debian/\n"
	}
	for name, content := range map[string]string{
		"mirrors": a.mirrors, "update": a.update + "\n", "plan": a.plan + "\n", "sources": a.sources, "madison": madison(a.qemu), "backported": madison(a.backported),
		"held": strings.Repeat("\n", a.held),
	} {
		m.write(t, name, content)
	}
	if a.noBackports {
		m.write(t, "no-backports", "")
	}
	if a.failsInstall {
		m.write(t, "fails-install", "")
	}
	m.link(t, "awk", "bash", "cat", "chmod", "env", "grep", "head", "install", "mkdir", "mktemp", "mv", "realpath", "rm", "sed", "sh", "sort", "tail", "tee", "tr")
	for name, script := range fakes {
		m.write(t, filepath.Join("path", name), "#!/bin/sh\nd='"+m.dir+"'\n"+script)
	}
	m.have(t, programs)
	return m
}

// have puts programs on the machine: below its root directory those that have a path, on the search path the others. One
// that begins with a minus is taken away, and go may have a version.
func (m *machine) have(t *testing.T, programs []string) {
	t.Helper()
	for _, name := range programs {
		taken, gone := strings.CutPrefix(name, "-")
		_, version, isGo := strings.Cut(name+".", "go1.")
		switch {
		case gone:
			if err := os.Remove(filepath.Join(m.dir, "path", taken)); err != nil {
				t.Fatal(err)
			}
		case filepath.IsAbs(name):
			m.write(t, filepath.Join("root", name), "#!/bin/sh\necho 'QEMU emulator version 10.0.2'\n")
		case isGo:
			m.write(t, "path/go", "#!/bin/sh\necho go1."+strings.TrimSuffix(version, ".")+"\n")
		default:
			m.write(t, filepath.Join("path", name), "#!/bin/sh\necho go1.26.0\n")
		}
	}
}

// fakes are the programs that would change the machine, or that know what this one has. $d is the machine's directory.
var fakes = map[string]string{
	"apt-get": `
echo "apt-get $*" >>"$d/calls"
answer() { cat "$1"; ! grep -q '^E:' "$1"; }
case "$*" in
indextargets*)
	sed 's/^/Debian /' "$d/mirrors"
	echo 'Debian-Security http://mirror.example/debian-security/'
	echo 'Docker CE https://other.example/linux/debian/'
	echo ' http://unlabelled.example/debian/' ;;
update*)
	if [ -s "$d/held" ]; then
		sed -i 1d "$d/held"
		echo 'E: Could not get lock /var/lib/apt/lists/lock.' >&2
		exit 100
	fi
	answer "$d/update" >&2 || exit 100
	case "$*" in *Error-Mode=any*) ! grep -q '^W:' "$d/update" || exit 100 ;; esac ;;
*--simulate*) answer "$d/plan" || exit 100 ;;
*download*) : >linux-image.deb ;;
*install*)
	for argument; do
		case "$argument" in Dir::Etc::Preferences=*) cat "${argument#*=}" >"$d/pins" ;; esac
	done
	cat "$d/root/usr/sbin/policy-rc.d" >"$d/policy-in-install"
	[ ! -e "$d/fails-install" ] || { echo 'dpkg: error processing package' >&2; exit 100; } ;;
esac
`,
	"apt-cache": `
backports() { [ ! -e "$d/no-backports" ] && grep -rqs '^[^#]*bookworm-backports' "$d/root/etc/apt"; }
case "$1" in
policy) ! backports || echo '     release o=Debian Backports,a=oldstable-backports,n=bookworm-backports' ;;
madison) cat "$d/madison"; ! backports || cat "$d/backported" ;;
depends) echo '  Depends: linux-image-6.1.0-1-cloud-amd64' ;;
esac
`,
	"dpkg":       `mkdir -p "$3/boot"; echo kernel >"$3/boot/vmlinuz-6.1.0-1-cloud-amd64"` + "\n",
	"dpkg-query": `sed -n "s/^$4 //p" "$d/sources"` + "\n",
	"id":         `cat "$d/user"` + "\n",
	"sleep":      `echo "sleep $*" >>"$d/calls"` + "\n",
	"systemctl":  `echo "systemctl $*" >>"$d/calls"` + "\n",
}

func madison(versions string) string {
	var lines strings.Builder
	for version := range strings.Lines(versions) {
		lines.WriteString("qemu-system-x86 | " + strings.TrimSpace(version) + " | http://mirror.example main amd64 Packages\n")
	}
	return lines.String()
}

// outcome is what setup.sh left.
type outcome struct {
	code   int
	said   string
	calls  string
	source string // the source of backports that it added; empty: none
	pins   string // APT preferences in the installation
	policy string // policy-rc.d in the installation
	kernel bool   // the cache has one
	extra  []string
}

// run runs setup.sh on the machine.
func (m *machine) run(t *testing.T, args ...string) outcome {
	t.Helper()
	m.write(t, "user", strconv.Itoa(m.user)+"\n")
	before := m.files(t)
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, append([]string{"setup.sh"}, args...)...)
	cmd.Env = []string{
		"PATH=" + filepath.Join(m.dir, "path"), "HOME=" + filepath.Join(m.dir, "home"), "TMPDIR=" + filepath.Join(m.dir, "tmp"),
		"VIRT_SETUP_ROOT=" + filepath.Join(m.dir, "root"), "SUDO_UID=" + m.sudo,
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	after := m.files(t)
	maps.DeleteFunc(after, func(path, content string) bool { return before[path] == content })
	o := outcome{
		code: cmd.ProcessState.ExitCode(), said: said.String(), calls: m.read(t, "calls"), pins: m.read(t, "pins"),
		policy: m.read(t, "policy-in-install"), source: after[addedSource],
	}
	_, o.kernel = after["home/.cache/terraform-provider-virt/vmlinuz-6.1.0-1-cloud-amd64"]
	for path := range after {
		if path != addedSource && !strings.HasPrefix(path, "home/.cache/terraform-provider-virt/vmlinuz-") {
			o.extra = append(o.extra, path)
		}
	}
	return o
}

const addedSource = "root/etc/apt/sources.list.d/terraform-provider-virt-backports.sources"

// files are the machine's own files, and what was left in its directory for temporary ones.
func (m *machine) files(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, part := range []string{"root", "home", "tmp"} {
		err := filepath.WalkDir(filepath.Join(m.dir, part), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(m.dir, path)
			found[name] = m.read(t, name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func (m *machine) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

func (m *machine) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// link puts programs of this machine on the search path.
func (m *machine) link(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.dir, "path", name)); err != nil {
			t.Fatal(err)
		}
	}
}
