package host

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func signer(t *testing.T, key any, err error) ssh.Signer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ed25519Signer(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return signer(t, key, err)
}

func ecdsaSigner(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return signer(t, key, err)
}

func rsaSigner(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return signer(t, key, err)
}

// certified is a key that an authority vouches for.
func certified(t *testing.T, authority, key ssh.Signer) ssh.Signer {
	t.Helper()
	certificate := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := certificate.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewCertSigner(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// handshake runs one with a server that has those host keys, and returns what
// the client makes of it.
func handshake(t *testing.T, k *knownHosts, hostKeys ...ssh.Signer) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		config := &ssh.ServerConfig{NoClientAuth: true}
		for _, key := range hostKeys {
			config.AddHostKey(key)
		}
		_, _, _, _ = ssh.NewServerConn(c, config)
	}()
	defer func() { <-served }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Whatever port it is, the host is known by its own.
	const address = "127.0.0.1:22"
	_, _, _, err = ssh.NewClientConn(c, address, &ssh.ClientConfig{
		HostKeyCallback: k.check, HostKeyAlgorithms: k.algorithms(address, c.RemoteAddr()),
	})
	return err
}

func TestKnownHosts(t *testing.T) {
	t.Parallel()
	ed, ec, rs, authority := ed25519Signer(t), ecdsaSigner(t), rsaSigner(t), ed25519Signer(t)
	line := func(s ssh.Signer) string { return knownhosts.Line([]string{"127.0.0.1:22"}, s.PublicKey()) + "\n" }
	trusts := "@cert-authority * " + string(ssh.MarshalAuthorizedKey(authority.PublicKey()))
	hashed := func(s ssh.Signer) string {
		return knownhosts.Line([]string{knownhosts.HashHostname("127.0.0.1")}, s.PublicKey()) + "\n"
	}
	revoked := func(s ssh.Signer) string { return "@revoked * " + string(ssh.MarshalAuthorizedKey(s.PublicKey())) }
	tests := map[string]struct {
		known    string
		query    string
		hostKeys []ssh.Signer
		refusal  string // "" is accepted
	}{
		"known":                            {line(ed), "", []ssh.Signer{ed}, ""},
		"known by another of its keys":     {line(rs), "", []ssh.Signer{ed, ec, rs}, ""},
		"known by one kind, shows another": {line(ec), "", []ssh.Signer{certified(t, authority, ed), ec}, ""},
		"known key, unknown authority":     {line(ed), "", []ssh.Signer{certified(t, authority, ed)}, ""},
		"known authority":                  {trusts, "", []ssh.Signer{certified(t, authority, ed), ec}, ""},
		"known authority, other kind":      {trusts, "", []ssh.Signer{certified(t, authority, ec)}, ""},
		"known authority, of one key":      {trusts, "", []ssh.Signer{ed, certified(t, authority, ec)}, ""},
		"known authority and key":          {trusts + line(rs), "", []ssh.Signer{ed, rs}, ""},
		"known authority, no certificate":  {trusts, "", []ssh.Signer{ed}, adviceUnknownKey + "known_hosts_verify=auto"},
		"known authority, key changed":     {trusts + line(ed), "", []ssh.Signer{ed25519Signer(t)}, adviceChangedKey},
		"new, known authority":             {trusts, "known_hosts_verify=auto", []ssh.Signer{ed}, ""},
		"unknown":                          {"", "", []ssh.Signer{ed}, adviceUnknownKey + "known_hosts_verify=auto"},
		"changed":                          {line(ed25519Signer(t)), "", []ssh.Signer{ed}, adviceChangedKey},
		"changed, new keys welcome":        {line(ed25519Signer(t)), "known_hosts_verify=auto", []ssh.Signer{ed}, adviceChangedKey},
		"changed, whatever it is":          {line(ed25519Signer(t)), "known_hosts_verify=ignore", []ssh.Signer{ed}, ""},
		"known, hashed":                    {hashed(ed), "", []ssh.Signer{ed, ec}, ""},
		"changed, hashed":                  {hashed(ec), "known_hosts_verify=auto", []ssh.Signer{ecdsaSigner(t)}, adviceChangedKey},
		"revoked":                          {revoked(ed), "", []ssh.Signer{ed}, "its host key is refused: knownhosts: key is revoked"},
		"revoked, known":                   {line(ed) + revoked(ed), "", []ssh.Signer{ed}, "its host key is refused: knownhosts: key is revoked"},
		"revoked, new keys welcome":        {revoked(ed), "known_hosts_verify=auto", []ssh.Signer{ed}, "its host key is refused: knownhosts: key is revoked"},
		"revoked, with a certificate":      {trusts + revoked(ed), "", []ssh.Signer{certified(t, authority, ed)}, "its host key is refused: knownhosts: key is revoked"},
		"revoked authority":                {trusts + revoked(authority), "", []ssh.Signer{certified(t, authority, ed)}, "its host key is refused: knownhosts: key is revoked"},
		"new, with a certificate":          {"", "known_hosts_verify=auto", []ssh.Signer{certified(t, authority, ed)}, ""},
		"new, last line without an end":    {knownhosts.Line([]string{"kvm7"}, ec.PublicKey()), "known_hosts_verify=auto", []ssh.Signer{ed}, ""},
		"new, new keys welcome":            {"", "known_hosts_verify=auto", []ssh.Signer{ed}, ""},
		"new, as ssh says it":              {"", "no_verify=1", []ssh.Signer{ed}, ""},
		"new, the stricter word counts":    {"", "no_verify=1&known_hosts_verify=normal", []ssh.Signer{ed}, adviceUnknownKey},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(file, []byte(test.known), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := parametersOf(&url.URL{RawQuery: test.query + "&known_hosts=" + url.QueryEscape(file)})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // what is learnt is known the second time
				k, err := readKnownHosts(p)
				if err != nil {
					t.Fatal(err)
				}
				err = handshake(t, k, test.hostKeys...)
				switch {
				case test.refusal == "" && err != nil:
					t.Error(err)
				case test.refusal != "" && (err == nil || k.refusal == nil || !strings.HasPrefix(k.refusal.Error(), test.refusal)):
					t.Errorf("got %v, refused for %v; want %s", err, k.refusal, test.refusal)
				}
			}
			after, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := test.known
			if strings.HasPrefix(name, "new, ") && test.refusal == "" {
				if want != "" && !strings.HasSuffix(want, "\n") {
					want += "\n"
				}
				want += line(ed)
			}
			if string(after) != want {
				t.Errorf("the file holds %q, want %q", after, want)
			}
		})
	}
}

// However many connections learn at once, the file has a line for each host, as
// ssh would write it, and is the user's alone.
func TestKnownHostsLearntAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", "known_hosts")
	key := ed25519Signer(t).PublicKey()
	var wg sync.WaitGroup
	addresses := []string{"kvm1:22", "kvm1:2222", "[2001:db8::1]:22"}
	for i := range 30 {
		wg.Go(func() {
			k, err := readKnownHosts(parameters{"known_hosts": file, "known_hosts_verify": verifyAuto})
			if err == nil {
				err = k.check(addresses[i%len(addresses)], &net.TCPAddr{}, key)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	slices.Sort(lines)
	plain := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if diff := cmp.Diff([]string{"2001:db8::1 " + plain, "[kvm1]:2222 " + plain, "kvm1 " + plain}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	k, err := readKnownHosts(parameters{"known_hosts": file})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if err := k.check(address, &net.TCPAddr{}, key); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := k.check("kvm1:2223", &net.TCPAddr{}, key); err == nil {
		t.Error("a key is known on a port that it was not learnt for")
	}
}

func TestKnownHostsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("kvm1 ssh-ed25519 nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readKnownHosts(parameters{"known_hosts": file})
	if err == nil || !strings.Contains(err.Error(), file+":1") {
		t.Errorf("got %v, want one that names the line", err)
	}
}

func TestKeysThatCannotBeUsed(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(home, "none"))
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, ".ssh", "id_ed25519")
	for path, content := range map[string]string{file: string(pem.EncodeToMemory(locked)), filepath.Join(home, ".ssh", "id_rsa"): "nonsense"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k, err := gatherKeys(t.Context(), parameters{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	said := k.passedOver()
	for _, want := range []string{
		"the agent of SSH_AUTH_SOCK does not answer", file + " has a passphrase; add it to the agent (ssh-add)", "id_rsa holds no private key",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	if len(k.signers) > 0 {
		t.Errorf("%d keys", len(k.signers))
	}
	if _, err := gatherKeys(t.Context(), parameters{"keyfile": file}); err == nil || !strings.Contains(err.Error(), "has a passphrase") {
		t.Errorf("got %v, want a key with a passphrase", err)
	}
}
