package clientconfig

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFindCredentials(t *testing.T) {
	const mine = "[credentials-mine]\nauthname = fred\npassword=s3cret\\s\n"
	tests := map[string]struct {
		content, hostname string
		username          string // "" is an error
		reason            string
		none              bool // the error says that there are none
	}{
		"for the host":       {"# mine\n[auth-libvirt-kvm1]\ncredentials=mine\n" + mine, "kvm1", "fred", "", false},
		"for all":            {"[auth-libvirt-default]\ncredentials=mine\n" + mine, "kvm1", "fred", "", false},
		"for this machine":   {"[auth-libvirt-localhost]\ncredentials=mine\n" + mine, "", "fred", "", false},
		"for another host":   {"[auth-libvirt-kvm2]\ncredentials=mine\n" + mine, "kvm1", "", "auth.conf has none for this host", true},
		"empty":              {"", "kvm1", "", "auth.conf has none for this host", true},
		"of a missing group": {"[auth-libvirt-kvm1]\ncredentials=yours\n" + mine, "kvm1", "", "the group auth-libvirt-kvm1 names no existing group of credentials", false},
		"without a password": {"[auth-libvirt-kvm1]\ncredentials=x\n[credentials-x]\nauthname=s3cret\n", "kvm1", "", "the group credentials-x lacks authname or password", false},
		"no key file":        {mine + "s3cret\n", "kvm1", "", "line 4 is malformed", false},
		"open group":         {"[auth-libvirt-s3cret\n", "kvm1", "", "line 1 is malformed", false},
		"key of no group":    {"password=s3cret\n", "kvm1", "", "line 1 is malformed", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LIBVIRT_AUTH_FILE", "")
			file := filepath.Join(t.TempDir(), "auth.conf")
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if !HasAuthFile(file) {
				t.Error("the file is not seen")
			}
			username, password, err := FindCredentials(file, test.hostname)
			if test.username != "" {
				if err != nil || username != test.username || password != "s3cret " {
					t.Errorf("got %q, %q, %v", username, password, err)
				}
				return
			}
			var none *NoCredentialsError
			if err == nil || !strings.Contains(err.Error(), test.reason) || errors.As(err, &none) != test.none {
				t.Errorf("got %v, want %s", err, test.reason)
			} else if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v quotes the file", err)
			}
		})
	}
}

// A file that somebody names must be there, and is the only one that counts.
func TestAuthFiles(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("LIBVIRT_AUTH_FILE", "")
	missing := filepath.Join(config, "none")
	if _, _, err := FindCredentials(missing, "kvm1"); err == nil || err.Error() != missing+" cannot be read: no such file or directory" {
		t.Errorf("got %v", err)
	}
	directory := filepath.Join(config, "libvirt", "auth.conf")
	if files, explicit := authFiles(""); explicit || len(files) != 2 || files[0] != directory {
		t.Errorf("got %v, explicit: %v", files, explicit)
	}
	if said := unreadable(directory, &os.PathError{Op: "read", Path: directory, Err: syscall.EISDIR}); said != directory+" cannot be read: is a directory" {
		t.Errorf("got %s", said)
	}
	t.Setenv("LIBVIRT_AUTH_FILE", missing)
	if _, _, err := FindCredentials(directory, "kvm1"); err == nil || !strings.HasPrefix(err.Error(), missing) {
		t.Errorf("got %v, want the file that the environment names", err)
	}
}
