package transport

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRemoteCommand(t *testing.T) {
	t.Parallel()
	const (
		helper  = `exec virt-ssh-helper `
		netcat  = `exec "$N" $Q -U "$S"`
		anyway  = `S=/var/run/libvirt/libvirt-sock; D=/var/run/libvirt/virtqemud-sock; `
		session = `S="${XDG_RUNTIME_DIR:-$HOME/.cache}"/libvirt/libvirt-sock; `
	)
	tests := map[string]struct {
		query       string
		has, hasNot []string
	}{
		"auto":                     {"", []string{"command -v virt-ssh-helper", helper + "'qemu:///system'; fi; ", anyway, "N='nc'; ", netcat}, nil},
		"native":                   {"proxy=native", []string{helper + "'qemu:///system'"}, []string{"nc"}},
		"netcat":                   {"proxy=netcat", []string{anyway, netcat}, []string{"virt-ssh-helper"}},
		"socket":                   {"socket=/run/x", []string{"S='/run/x'; ", netcat}, []string{"virt-ssh-helper"}},
		"socket for the helper":    {"socket=/run/x%20y&proxy=native", []string{helper + "'qemu:///system?socket=%2Frun%2Fx%20y'"}, []string{"nc"}},
		"netcat by name":           {"netcat=/opt/nc", []string{"N='/opt/nc'; ", netcat}, []string{"virt-ssh-helper"}},
		"libvirtd":                 {"mode=legacy", []string{helper + "'qemu:///system?mode=legacy'", "S=/var/run/libvirt/libvirt-sock; N="}, []string{"virtqemud"}},
		"modular daemon":           {"mode=direct", []string{helper + "'qemu:///system?mode=direct'", "S=/var/run/libvirt/virtqemud-sock; N="}, []string{"libvirt-sock"}},
		"driver by name":           {"name=qemu:///session", []string{helper + "'qemu:///session'; fi; ", session}, nil},
		"plus sign":                {"socket=/run/a+b", []string{"S='/run/a+b'; "}, nil},
		"blank and quotes":         {`socket=/run/a%20'b'"c"`, []string{`S='/run/a '"'"'b'"'"'"c"'; `}, nil},
		"dollar, stays one":        {"netcat=$(reboot)", []string{"N='$(reboot)'; "}, nil},
		"first of a name counts":   {"socket=/a&socket=/b", []string{"S='/a'; "}, []string{"/b"}},
		"parameters of the client": {"keyfile=/k&no_verify=1&known_hosts=/h&no_tty=1", []string{helper}, []string{"/k", "/h"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := scriptOf(t, remote(t, test.query))
			for _, part := range test.has {
				if !strings.Contains(script, part) {
					t.Errorf("%s lacks %s", script, part)
				}
			}
			for _, part := range test.hasNot {
				if strings.Contains(script, part) {
					t.Errorf("%s has %s", script, part)
				}
			}
		})
	}
}

func remote(t *testing.T, query string) string {
	t.Helper()
	command, err := commandFor(query)
	if err != nil {
		t.Fatal(err)
	}
	return command
}

// commandFor is the command for a URI with a query.
func commandFor(query string) (string, error) {
	e, err := unchecked("qemu+ssh://kvm1/system")
	if err != nil {
		return "", err
	}
	if e.parameters, err = parseParameters(query); err != nil {
		return "", err
	}
	return remoteCommand(e.Driver(), e.parameters)
}

// scriptOf is the script in the command, as the login shell hands it to sh.
func scriptOf(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", strings.Replace(command, "sh -c ", "printf %s ", 1)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestRemoteCommandRefuses(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"proxy=telnet":                "parameter proxy must be one of auto, native, netcat",
		"mode=indirect":               "parameter mode must be one of auto, direct, legacy",
		"proxy=native&netcat=/bin/nc": "netcat has no meaning with proxy=native",
		"socket=/run/a%0Ab":           "parameter socket must not hold",
		"socket=/run/a%5Cb":           "parameter socket must not hold",
		"socket=/run/a!b":             "parameter socket must not hold",
		"netcat=nc%00":                "parameter netcat must not hold",
		"name=a!&netcat=b!&socket=c!": "parameter socket must not hold", // the same one each time
		"socket=%zz":                  "parameter socket is not percent-encoded",
	} {
		_, err := commandFor(query)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
}

// Whatever a socket or a netcat is called, the shells on the host run that
// netcat on that socket and nothing else.
func FuzzRemoteCommandCannotInject(f *testing.F) {
	for _, word := range []string{
		"/run/libvirt/libvirt-sock", "a b", "'", `"`, "';touch pwned;'", "$(touch pwned)", "`touch pwned`", "-U", "$HOME",
		"'\"'\"'", "*", "~", "#", "!!", "é", "a;b|c&d>e<f(g)h{i}", "%s%n", "[", "=", "",
	} {
		f.Add(word, word)
		f.Add("nc", word)
	}
	shells := availableShells("sh", "bash", "zsh", "fish", "tcsh", "ksh")
	f.Fuzz(func(t *testing.T, netcat, socket string) {
		query := url.Values{"netcat": {netcat}, "socket": {socket}, "proxy": {"netcat"}}.Encode()
		command, err := commandFor(strings.ReplaceAll(query, "+", "%20"))
		if err != nil {
			if shellSafe(netcat) && shellSafe(socket) {
				t.Fatal(err)
			}
			return
		}
		if netcat == "" || socket == "" || strings.Contains(netcat, "/") {
			return // a default, or a program that is not looked for in PATH
		}
		checkRuns(t, shells, command, netcat, socket)
	})
}

// availableShells are the paths of those shells that this machine has.
func availableShells(names ...string) []string {
	var found []string
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	return found
}

// checkRuns runs the command with a netcat of that name in PATH, in a directory
// where it would leave traces.
func checkRuns(t *testing.T, shells []string, command, netcat, socket string) {
	t.Helper()
	bin, home, work := t.TempDir(), t.TempDir(), t.TempDir()
	said := filepath.Join(bin, "said")
	// Without -q's complaint the script takes it for one that does not know -q.
	script := "#!/bin/sh\n[ \"$1\" = -q ] || printf '%s\\n' \"$#\" \"$@\" >" + said + "\n"
	if err := os.WriteFile(filepath.Join(bin, netcat), []byte(script), 0o700); err != nil {
		return // no name of a file
	}
	for _, shell := range shells {
		cmd := exec.Command(shell, "-c", command)
		cmd.Dir = work
		cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", shell, err, out)
		}
		got, err := os.ReadFile(said)
		if want := "2\n-U\n" + socket + "\n"; err != nil || string(got) != want {
			t.Errorf("%s ran netcat with %q, %v; want %q", shell, got, err, want)
		}
		if left, err := os.ReadDir(work); err != nil || len(left) > 0 {
			t.Errorf("%s left %v, %v", shell, left, err)
		}
		_ = os.Remove(said)
	}
}
