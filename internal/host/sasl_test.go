//go:build lab

package host_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

const (
	username = "fred,=ü"
	password = "s3cret,=pass word"
)

func TestSASL(t *testing.T) {
	l := labHosts(t)[0]
	overTLS, overTCP, overUNIX := l.TLSURI, l.URI, l.SocketURI+"-ro"
	overSSH := sshURI(l, "qemu+ssh", "", "socket", readOnlySocket)
	for _, mechanisms := range [][]string{{"plain"}, {"scram-sha-256"}, {"scram-sha-512"}, {"plain", "scram-sha-256", "scram-sha-512", "digest-md5"}, {"digest-md5"}} {
		t.Run(strings.Join(mechanisms, " "), func(t *testing.T) {
			l.RequireLogin(t, username, password, mechanisms...)
			wrong := []string{"libvirt refuses the user name or the password"}
			var right []string
			if mechanisms[0] == "digest-md5" {
				wrong = []string{"it offers these SASL mechanisms: DIGEST-MD5; this client supports SCRAM"}
				right = wrong
			}
			tests := map[string]struct {
				uri                string
				username, password string
				words              []string // none: connects
			}{
				"over TLS":                 {overTLS, username, password, right},
				"over a socket":            {overUNIX, username, password, right},
				"over SSH to a socket":     {overSSH, username, password, right},
				"wrong over SSH":           {overSSH, username, "s3cret wrong", wrong},
				"wrong password":           {overTLS, username, "s3cret wrong", wrong},
				"wrong user":               {overTLS, "nobody", password, wrong},
				"nothing":                  {overTLS, "", "", []string{"libvirt requires a user name and a password (SASL)"}},
				"nothing, over TCP":        {overTCP, "", "", []string{"libvirt requires a user name and a password (SASL)"}},
				"over TCP":                 {overTCP, username, password, []string{"qemu+tcp", "is not sent over an unencrypted connection"}},
				"where nobody asks for it": {l.SocketURI, username, password, nil},
			}
			for name, test := range tests {
				if name == "over TCP" && mechanisms[0] != "digest-md5" {
					// libvirtd itself offers nothing there without encryption of SASL's own.
					test.words = test.words[:1]
				}
				t.Run(name, func(t *testing.T) {
					cfg := host.Config{Name: "kvm9", URI: test.uri, Username: test.username, Password: host.Password(test.password)}
					err := ping(testContext(t), open(t, cfg))
					if test.words == nil {
						if err != nil {
							t.Error(err)
						}
						return
					}
					checkRefused(t, err, test.words...)
				})
			}
		})
	}
}

// Credentials in the files of libvirt's own clients count where the configuration has none.
func TestSASLCredentialsFromLibvirtsFiles(t *testing.T) {
	l := labHosts(t)[1]
	l.RequireLogin(t, "fred", "s3cret", "scram-sha-256")
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "auth.conf")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const group = "\n[auth-libvirt-%s]\ncredentials=mine\n[credentials-mine]\nauthname = fred\npassword = %s\n"
	tests := map[string]struct {
		file  string
		words []string
	}{
		"for the host":          {file("# mine\n[credentials-other]\nauthname=x\npassword=y\n" + fmt.Sprintf(group, "kvm2", "s3cret")), nil},
		"for all":               {file(fmt.Sprintf(group, "default", "s3cret")), nil},
		"wrong":                 {file(fmt.Sprintf(group, "kvm2", "s3cret2")), []string{"libvirt refuses the user name or the password"}},
		"for others":            {file(fmt.Sprintf(group, "kvm7", "s3cret")), []string{"libvirt requires a user name and a password"}},
		"without a password":    {file(fmt.Sprintf(group, "kvm2", "")), []string{"auth.conf cannot be used: the group credentials-mine lacks authname or password"}},
		"not in the format":     {file("s3cret"), []string{"auth.conf cannot be used: line 1 is malformed"}},
		"that cannot be opened": {filepath.Join(t.TempDir(), "none", "auth.conf"), []string{"none/auth.conf cannot be read: no such file or directory"}},
	}
	for name, test := range tests {
		for _, way := range []string{"parameter", "environment"} {
			t.Run(name+", by "+way, func(t *testing.T) {
				uri := l.TLSURI
				if way == "parameter" {
					uri += "&authfile=" + test.file
				} else {
					t.Setenv("LIBVIRT_AUTH_FILE", test.file)
				}
				err := ping(testContext(t), open(t, host.Config{Name: "kvm9", URI: uri}))
				if test.words == nil && err != nil {
					t.Error(err)
				}
				if test.words != nil {
					checkRefused(t, err, test.words...)
				}
			})
		}
	}
}

// A file of credentials that is wrong stands between us and nobody who does not
// want any. One in a default place that cannot be read is as good as none, as it
// is for libvirt's own clients; one that was named is not.
func TestSASLFilesAreReadWhenWanted(t *testing.T) {
	wants, wantsNone := labHosts(t)[1], labHosts(t)[0]
	wants.RequireLogin(t, "fred", "s3cret", "scram-sha-256")
	garbage := filepath.Join(t.TempDir(), "auth.conf")
	if err := os.WriteFile(garbage, []byte("s3cret"), 0o600); err != nil {
		t.Fatal(err)
	}
	const none = "/none/auth.conf"
	inDefaultPlace := func(create func(file string) error) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			directory := t.TempDir()
			t.Setenv("XDG_CONFIG_HOME", directory)
			file := filepath.Join(directory, "libvirt", "auth.conf")
			if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), create(file)); err != nil {
				t.Fatal(err)
			}
			return ""
		}
	}
	tests := map[string]struct {
		place func(*testing.T) string // returns what is added to the URI
		words []string                // of a host that wants a login
	}{
		"named and missing": {
			func(*testing.T) string { return "&authfile=" + none },
			[]string{none + " cannot be read: no such file"},
		},
		"named and wrong": {
			func(*testing.T) string { return "&authfile=" + garbage },
			[]string{garbage + " cannot be used: line 1"},
		},
		"in the environment, missing": {
			func(t *testing.T) string { t.Setenv("LIBVIRT_AUTH_FILE", none); return "" },
			[]string{none + " cannot be read: no such file"},
		},
		"default and wrong": {
			inDefaultPlace(func(file string) error { return os.WriteFile(file, []byte("s3cret"), 0o600) }),
			[]string{"libvirt/auth.conf cannot be used: line 1"},
		},
		"default and unreadable": {
			inDefaultPlace(func(file string) error { return os.Mkdir(file, 0o700) }),
			[]string{"libvirt requires a user name and a password (SASL)", "libvirt/auth.conf cannot be read: is a directory"},
		},
		"default, for others": {
			inDefaultPlace(func(file string) error { return os.WriteFile(file, []byte("[credentials-x]\nauthname=fred\n"), 0o600) }),
			[]string{"libvirt requires a user name and a password (SASL)", "libvirt/auth.conf has none for this host"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			added := test.place(t)
			if err := ping(testContext(t), open(t, host.Config{Name: "kvm9", URI: wantsNone.TLSURI + added})); err != nil {
				t.Errorf("a host that wants no login: %v", err)
			}
			checkRefused(t, ping(testContext(t), open(t, host.Config{Name: "kvm9", URI: wants.TLSURI + added})), test.words...)
		})
	}
}
