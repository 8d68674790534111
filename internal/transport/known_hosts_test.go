package transport

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
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
		HostKeyCallback: k.check, HostKeyAlgorithms: k.algorithms(address),
	})
	return err
}

func TestKnownHosts(t *testing.T) {
	t.Parallel()
	ed, ec, rs, authority := ed25519Signer(t), ecdsaSigner(t), rsaSigner(t), ed25519Signer(t)
	line := func(s ssh.Signer) string { return knownhosts.Line([]string{"127.0.0.1:22"}, s.PublicKey()) + "\n" }
	trusts := "@cert-authority * " + string(ssh.MarshalAuthorizedKey(authority.PublicKey()))
	hidden := func(s ssh.Signer) string {
		return hashed("127.0.0.1") + " " + string(ssh.MarshalAuthorizedKey(s.PublicKey()))
	}
	revoked := func(s ssh.Signer) string { return "@revoked * " + string(ssh.MarshalAuthorizedKey(s.PublicKey())) }
	noise := strings.Join([]string{
		"127.0.0.1 ssh-xmss@openssh.com " + base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x14ssh-xmss@openssh.com\x00")),
		"127.0.0.1 1024 35 13906372390174913",
		"stray", "@revoked-by-none * ssh-ed25519 AAAA", "@cert-authority", "# @revoked none", "|1|salt ssh-ed25519 AAAA", "127.0.0.1 ssh-ed25519 nonsense",
		"|2|x|y " + line(ec), "!, " + line(ec),
	}, "\n") + "\n"
	tests := map[string]struct {
		known    string
		query    string
		hostKeys []ssh.Signer
		refusal  string // "" is accepted
	}{
		"known":                            {line(ed), "", []ssh.Signer{ed}, ""},
		"known, among noise":               {noise + line(ed), "", []ssh.Signer{ed}, ""},
		"known, with many comments":        {strings.TrimSpace(line(ed)) + " root@kvm1 as of last year\n", "", []ssh.Signer{ed}, ""},
		"noise alone":                      {noise, "", []ssh.Signer{ed}, adviceUnknownKey},
		"revoked, among noise":             {noise + line(ed) + revoked(ed), "", []ssh.Signer{ed}, "its host key has been revoked ("},
		"an authority is no host":          {"@cert-authority * " + string(ssh.MarshalAuthorizedKey(ed.PublicKey())), "", []ssh.Signer{ed}, adviceUnknownKey},
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
		"known, hashed":                    {hidden(ed), "", []ssh.Signer{ed, ec}, ""},
		"changed, hashed":                  {hidden(ec), "known_hosts_verify=auto", []ssh.Signer{ecdsaSigner(t)}, adviceChangedKey},
		"revoked":                          {revoked(ed), "", []ssh.Signer{ed}, "its host key has been revoked ("},
		"revoked, known":                   {line(ed) + revoked(ed), "", []ssh.Signer{ed}, "its host key has been revoked ("},
		"revoked, new keys welcome":        {revoked(ed), "known_hosts_verify=auto", []ssh.Signer{ed}, "its host key has been revoked ("},
		"revoked, with a certificate":      {trusts + revoked(ed), "", []ssh.Signer{certified(t, authority, ed)}, "its host key has been revoked ("},
		"revoked authority":                {trusts + revoked(authority), "", []ssh.Signer{certified(t, authority, ed)}, "its host key has been revoked ("},
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
			p, err := parseParameters(test.query)
			if err != nil {
				t.Fatal(err)
			}
			verify, err := p.verification()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // what is learnt is known the second time
				k, err := readKnownHosts(verify, file)
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
	file := filepath.Join(t.TempDir(), "known_hosts")
	key := ed25519Signer(t).PublicKey()
	var wg sync.WaitGroup
	addresses := []string{"kvm1:22", "kvm1:2222", "[2001:db8::1]:22"}
	for i := range 30 {
		wg.Go(func() {
			k, err := readKnownHosts(verifyAuto, file)
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
	k, err := readKnownHosts(verifyNormal, file)
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

// Whom a line is about is as ssh has it.
func TestKnownHostsPatterns(t *testing.T) {
	t.Parallel()
	key := ed25519Signer(t).PublicKey()
	for hosts, want := range map[string]map[string]bool{
		"kvm1":                {"kvm1:22": true, "KVM1:22": true, "kvm1:2222": false, "kvm10:22": false},
		"KVM1":                {"kvm1:22": true},
		"kvm2,kvm1":           {"kvm1:22": true, "kvm2:22": true},
		"[kvm1]:2222":         {"kvm1:2222": true, "kvm1:22": false},
		"[kvm1]:22":           {"kvm1:22": true},
		"kvm?.example.*":      {"kvm1.example.com:22": true, "kvm10.example.com:22": false, "kvm1xexample.com:22": false},
		"*":                   {"kvm1:22": true, "kvm1:2222": true, "[2001:db8::1]:22": true},
		"[*]:2222":            {"kvm1:2222": true, "kvm1:22": false},
		"*,!kvm1":             {"kvm1:22": false, "kvm2:22": true},
		"!kvm1":               {"kvm1:22": false, "kvm2:22": false},
		"2001:db8::1":         {"[2001:DB8::1]:22": true, "[2001:db8::1]:2222": false},
		"[2001:db8::1]:2222":  {"[2001:db8::1]:2222": true},
		hashed("kvm1"):        {"kvm1:22": true, "KVM1:22": true, "kvm1:2222": false},
		hashed("[kvm1]:2222"): {"kvm1:2222": true, "kvm1:22": false},
		"|1|c2FsdA==|":        {"kvm1:22": false},
		"|1|%|%":              {"kvm1:22": false},
		",":                   {"kvm1:22": false},
	} {
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, append([]byte(hosts+" "), ssh.MarshalAuthorizedKey(key)...), 0o600); err != nil {
			t.Fatal(err)
		}
		for address, known := range want {
			k, err := readKnownHosts(verifyNormal, file)
			if err != nil {
				t.Fatal(err)
			}
			if err := k.check(address, &net.TCPAddr{}, key); (err == nil) != known {
				t.Errorf("%s, %s: got %v, want known: %v", hosts, address, err, known)
			}
		}
	}
}

// hashed is a name as it is with ssh's HashKnownHosts.
func hashed(name string) string { return knownhosts.HashHostname(name) }

func FuzzKnownLine(f *testing.F) {
	f.Add("@revoked * ssh-ed25519 AAAA", "kvm1")
	f.Add("|1|c2FsdA==|aGFzaA== ssh-rsa AAAA comment", "[kvm1]:2222")
	f.Add("\xff*?[kvm1]:22,!\\E ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\xff")
	f.Fuzz(func(t *testing.T, text, host string) {
		line, err := parseKnownLine(text)
		if err != nil {
			line.hosts = text
		} else if line.key == nil {
			t.Errorf("%q: a line without a key", text)
		}
		_ = line.matches(host)
	})
}

func TestKnownHostsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("kvm1 ssh-ed25519 nonsense\n@revoked * ssh-ed25519 nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readKnownHosts(verifyNormal, file)
	if err == nil || !strings.Contains(err.Error(), file+":2 revokes a key that cannot be read") {
		t.Errorf("got %v, want one that names the line", err)
	}
}

// A user who names the machine's file means it.
func TestNamedKnownHostsAreWritten(t *testing.T) {
	t.Setenv("HOME", filepath.Join(t.TempDir(), "none"))
	if got, err := (&knownHosts{named: clientconfig.MachineKnownHosts}).fileForNewKeys(); got != clientconfig.MachineKnownHosts || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}
