package clientconfig

import (
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
		"no home":                {"", "", "", "", files{MachineKnownHosts, "/etc/libvirt/auth.conf", ""}},
		"no home, all apart":     {"", "/c", "/d", "/r", files{"/c/libvirt/known_hosts", "/c/libvirt/auth.conf", "/r/libvirt"}},
		"relative home":          {"fred", "", "", "", files{MachineKnownHosts, "/etc/libvirt/auth.conf", ""}},
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
			auth, _ := authFiles("")
			sockets, err := RuntimeDirectory()
			if (err == nil) != (sockets != "") {
				t.Errorf("got %q, %v", sockets, err)
			}
			if diff := cmp.Diff(test.want, files{KnownHosts()[0], auth[0], sockets}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
