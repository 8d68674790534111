package host

import (
	"net/url"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is the user's is where the environment says, and nowhere where it does not:
// no file is looked for in the directory that Terraform happens to run in, nor in
// one that the environment does not name.
func TestFilesOfTheUser(t *testing.T) {
	type files struct{ KnownHosts, Auth, Sockets string } // the user's first of each
	tests := map[string]struct {
		home, config, cache, runtime string
		want                         files
	}{
		"home":                   {"/home/fred", "", "", "", files{"/home/fred/.config/libvirt/known_hosts", "/home/fred/.config/libvirt/auth.conf", "/home/fred/.cache/libvirt"}},
		"all apart":              {"/home/fred", "/c", "/d", "/r", files{"/c/libvirt/known_hosts", "/c/libvirt/auth.conf", "/r/libvirt"}},
		"cache apart":            {"/home/fred", "", "/d", "", files{"/home/fred/.config/libvirt/known_hosts", "/home/fred/.config/libvirt/auth.conf", "/d/libvirt"}},
		"no home":                {"", "", "", "", files{machineKnownHosts, "/etc/libvirt/auth.conf", ""}},
		"no home, all apart":     {"", "/c", "/d", "/r", files{"/c/libvirt/known_hosts", "/c/libvirt/auth.conf", "/r/libvirt"}},
		"relative home":          {"fred", "", "", "", files{machineKnownHosts, "/etc/libvirt/auth.conf", ""}},
		"relative configuration": {"/home/fred", "c", "", "", files{"/home/fred/.ssh/known_hosts", "/etc/libvirt/auth.conf", "/home/fred/.cache/libvirt"}},
		"relative runtime":       {"/home/fred", "", "", "r", files{"/home/fred/.config/libvirt/known_hosts", "/home/fred/.config/libvirt/auth.conf", ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("LIBVIRT_AUTH_FILE", "")
			for variable, value := range map[string]string{
				"HOME": test.home, "XDG_CONFIG_HOME": test.config, "XDG_CACHE_HOME": test.cache, "XDG_RUNTIME_DIR": test.runtime,
			} {
				t.Setenv(variable, value)
			}
			auth, _ := authFiles(&url.URL{})
			sockets, err := userRuntimeDirectory()
			if (err == nil) != (sockets != "") {
				t.Errorf("got %q, %v", sockets, err)
			}
			if diff := cmp.Diff(test.want, files{defaultKnownHosts()[0], auth[0], sockets}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A home that is none holds no keys, and that is not worth a word.
func TestKeysWithoutAHome(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	for _, home := range []string{"", "fred", "/none", "/dev/null"} {
		t.Setenv("HOME", home)
		k, err := gatherKeys(t.Context(), parameters{})
		if err != nil {
			t.Fatal(err)
		}
		if len(k.signers) > 0 || len(k.unused) > 0 {
			t.Errorf("HOME=%s: %d keys%s", home, len(k.signers), k.passedOver())
		}
	}
}

// A user who names the machine's file means it.
func TestNamedKnownHostsAreWritten(t *testing.T) {
	t.Setenv("HOME", filepath.Join(t.TempDir(), "none"))
	if got, err := (&knownHosts{named: machineKnownHosts}).notebook(); got != machineKnownHosts || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
