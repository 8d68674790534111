//go:build lab

package host_test

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

const (
	// machineKnownHosts is the file that all users of a machine trust, noHosts one in
	// its directory that is not there.
	machineKnownHosts = "/etc/ssh/ssh_known_hosts"
	noHosts           = "/etc/ssh/none"
)

// forgetHosts makes the machine know no host, and wants it to be so when the test
// has ended.
func forgetHosts(t *testing.T) {
	t.Helper()
	known, err := os.ReadFile(machineKnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	const nobody = "# nobody\n"
	if err := os.WriteFile(machineKnownHosts, []byte(nobody), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if got, err := os.ReadFile(machineKnownHosts); err != nil || string(got) != nobody {
			t.Errorf("the machine trusts %q, %v", got, err)
		}
		if _, err := os.Stat(noHosts); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: got %v", noHosts, err)
			_ = os.Remove(noHosts)
		}
		if err := os.WriteFile(machineKnownHosts, known, 0o644); err != nil {
			t.Error(err)
		}
	})
}

// unset is an environment variable that is not there.
const unset = "-"

// setDirectory sets an environment variable to a path, in a directory unless it is
// absolute, relative by a dot, or nothing.
func setDirectory(t *testing.T, directory, name, path string) {
	t.Helper()
	if path != "" && !strings.ContainsAny(path[:1], "./-") {
		path = filepath.Join(directory, path)
	}
	t.Setenv(name, path) // restores it
	if path == unset {
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

// create makes a directory ("/"), a link to an absolute path, or a file of some
// content, and returns its mode.
func create(t *testing.T, path, what string) string {
	t.Helper()
	var err error
	switch {
	case what == "/":
		err = os.Mkdir(path, 0o755)
	case strings.HasPrefix(what, "/"):
		err = os.Symlink(what, path)
	default:
		err = os.WriteFile(path, []byte(what), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().String()
}

// tree is what a directory holds, with modes.
func tree(t *testing.T, directory string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == directory {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			found[strings.TrimPrefix(path, directory+"/")] = info.Mode().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The key of a host that is not known is remembered in the user's own file and in
// no other, and only where the user has a home: no home is made, and the machine's
// file is never written.
func TestSSHKeysAreLearntAtHomeOnly(t *testing.T) {
	l := labHosts(t)[0]
	const (
		private, file = "drwx------", "-rw-------"
		refused       = "its host key is new and cannot be saved: "
	)
	tests := map[string]struct {
		home   string            // under the test's directory, unless it begins with a slash or a dot
		config string            // the same for XDG_CONFIG_HOME
		exist  map[string]string // made before, see create
		reason string            // "" is accepted
		made   map[string]string // what is there afterwards, beside what was
	}{
		"no home":                      {home: unset, reason: refused + "HOME is not set"},
		"empty":                        {home: "", reason: refused + "HOME is not set"},
		"relative":                     {home: "./home", reason: refused + "HOME is not an absolute path"},
		"not there":                    {home: "home/none", exist: map[string]string{"home": "/"}, reason: refused + "there is no directory "},
		"a file":                       {home: "home", exist: map[string]string{"home": "text"}, reason: refused + "there is no directory "},
		"a device":                     {home: "/dev/null", reason: refused + "there is no directory /dev/null"},
		"there":                        {home: "home", exist: map[string]string{"home": "/"}, made: map[string]string{"home/.config": private, "home/.config/libvirt": private, "home/.config/libvirt/known_hosts": file}},
		"in use":                       {home: "home", exist: map[string]string{"home": "/", "home/.config": "/"}, made: map[string]string{"home/.config/libvirt": private, "home/.config/libvirt/known_hosts": file}},
		"its file is the machine's":    {home: "home", exist: map[string]string{"home": "/", "home/.config": "/", "home/.config/libvirt": "/", "home/.config/libvirt/known_hosts": machineKnownHosts}, reason: "known_hosts is a link to " + machineKnownHosts},
		"its file leads nowhere":       {home: "home", exist: map[string]string{"home": "/", "home/.config": "/", "home/.config/libvirt": "/", "home/.config/libvirt/known_hosts": noHosts}, reason: "known_hosts is a broken symbolic link"},
		"its directory cannot be made": {home: "home", exist: map[string]string{"home": "/", "home/.config": "text"}, reason: refused},
		"configuration apart":          {home: unset, config: "apart", exist: map[string]string{"apart": "/"}, made: map[string]string{"apart/libvirt": private, "apart/libvirt/known_hosts": file}},
		"configuration not there":      {home: "home", config: "apart", exist: map[string]string{"home": "/"}, reason: refused + "there is no directory "},
		"configuration relative":       {home: "home", config: "./apart", exist: map[string]string{"home": "/"}, reason: refused + "XDG_CONFIG_HOME is not an absolute path"},
	}
	for name, test := range tests {
		for way, parameter := range map[string][]string{"auto": {"known_hosts_verify", "auto"}, "no_verify": {"no_verify", "1"}} {
			t.Run(name+", "+way, func(t *testing.T) {
				forgetHosts(t)
				directory := t.TempDir()
				t.Chdir(directory)
				setDirectory(t, directory, "HOME", test.home)
				setDirectory(t, directory, "XDG_CONFIG_HOME", cmp.Or(test.config, unset))
				before := map[string]string{}
				for _, path := range slices.Sorted(maps.Keys(test.exist)) {
					before[path] = create(t, filepath.Join(directory, path), test.exist[path])
				}
				maps.Copy(before, test.made)
				for range 2 { // what is learnt is known the second time
					err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+libssh", "", parameter...)}))
					if test.reason != "" {
						checkUnreachable(t, err, test.reason)
					} else if err != nil {
						t.Error(err)
					}
				}
				if diff := gocmp.Diff(before, tree(t, directory)); diff != "" {
					t.Errorf("what is there (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A file that the URI names is written, whosever it is, and its directory is not
// made.
func TestSSHKeysAreLearntWhereTheURISays(t *testing.T) {
	l := labHosts(t)[0]
	directory := t.TempDir()
	t.Setenv("HOME", "")
	for name, test := range map[string]struct{ file, reason string }{
		"there":                  {filepath.Join(directory, "known"), ""},
		"directory is not there": {filepath.Join(directory, "none", "known"), "cannot be saved: open " + filepath.Join(directory, "none", "known")},
		"directory":              {directory, "the known hosts cannot be read: "},
	} {
		t.Run(name, func(t *testing.T) {
			forgetHosts(t)
			err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+libssh", "", "known_hosts_verify", "auto", "known_hosts", test.file)}))
			if test.reason != "" {
				checkUnreachable(t, err, test.reason)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if diff := gocmp.Diff(map[string]string{"known": "-rw-------"}, tree(t, directory)); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
}
