package host

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Values of the URI's parameter known_hosts_verify. libvirt's normal asks a
// person about a host that is not known; here there is nobody to ask.
const (
	verifyNormal = "normal"
	verifyAuto   = "auto"
	verifyIgnore = "ignore"
)

// verification is how host keys are verified.
func (p parameters) verification() (string, error) {
	verify, err := p.oneOf("known_hosts_verify", verifyNormal, verifyAuto, verifyIgnore)
	if err != nil {
		return "", err
	}
	if trust, err := p.flag("no_verify"); err != nil {
		return "", err
	} else if trust && p["known_hosts_verify"] == "" {
		return verifyAuto, nil
	}
	return verify, nil
}

// unverifiedKey tells whether the URI takes a host key that nobody has compared, be
// it any or a new one: then a password would go to whoever answers first.
func unverifiedKey(uri *url.URL) bool {
	p, err := parametersOf(uri)
	if err != nil {
		return true
	}
	verify, err := p.verification()
	return err != nil || verify != verifyNormal
}

// knownHosts verifies a host's key.
type knownHosts struct {
	verify string
	lookUp ssh.HostKeyCallback
	// authorities are the lines that name an authority, whose key is not a host's own.
	authorities map[fileLine]bool
	// learnt is the file that new keys are added to.
	learnt string
	// refusal is why the key was not accepted.
	refusal error
}

// fileLine is a line of a file.
type fileLine struct {
	file string
	line int
}

// readKnownHosts reads the files of known hosts: the URI's, else libvirt's and
// ssh's of the user, and the machine's.
func readKnownHosts(p parameters) (*knownHosts, error) {
	verify, err := p.verification()
	if err != nil {
		return nil, err
	}
	files := []string{p["known_hosts"]}
	if files[0] == "" {
		files = defaultKnownHosts()
	}
	k := &knownHosts{verify: verify, learnt: files[0]}
	existing := slices.DeleteFunc(files, func(file string) bool {
		_, err := os.Stat(file)
		return err != nil
	})
	k.lookUp, err = knownhosts.New(existing...)
	if err != nil {
		return nil, &tunnelError{reason: "the known hosts cannot be read: " + err.Error(), cause: err}
	}
	k.authorities = authorityLines(existing)
	return k, nil
}

// authorityLines finds the lines that name an authority, in files that the library
// can read.
func authorityLines(files []string) map[fileLine]bool {
	found := map[fileLine]bool{}
	for _, file := range files {
		content, _ := os.ReadFile(file)
		number := 0
		for line := range strings.Lines(string(content)) {
			number++
			if strings.HasPrefix(strings.TrimSpace(line), "@cert-authority") {
				found[fileLine{file, number}] = true
			}
		}
	}
	return found
}

// own are a host's own keys among what is known of it, which the library does not
// tell from those of authorities.
func (k *knownHosts) own(known []knownhosts.KnownKey) []knownhosts.KnownKey {
	return slices.DeleteFunc(slices.Clone(known), func(key knownhosts.KnownKey) bool {
		return k.authorities[fileLine{key.Filename, key.Line}]
	})
}

func defaultKnownHosts() []string {
	var files []string
	if config, err := os.UserConfigDir(); err == nil {
		files = append(files, filepath.Join(config, "libvirt", "known_hosts"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".ssh", "known_hosts"))
	}
	return append(files, "/etc/ssh/ssh_known_hosts")
}

// check is the [ssh.HostKeyCallback].
func (k *knownHosts) check(address string, remote net.Addr, key ssh.PublicKey) error {
	if k.verify == verifyIgnore {
		return nil
	}
	err := k.lookUp(address, remote, key)
	if certificate, ok := key.(*ssh.Certificate); ok {
		if err != nil {
			// A certificate of nobody we know still holds the host's own key.
			key = certificate.Key
			err = k.lookUp(address, remote, key)
		}
		// The library looks for a certificate as a whole among the revoked keys.
		for _, part := range []ssh.PublicKey{certificate.Key, certificate.SignatureKey} {
			var revoked *knownhosts.RevokedError
			if reason := k.lookUp(address, remote, part); errors.As(reason, &revoked) {
				err = reason
			}
		}
	}
	var unknown *knownhosts.KeyError
	var own []knownhosts.KnownKey
	if errors.As(err, &unknown) {
		own = k.own(unknown.Want)
	}
	switch {
	case err == nil:
		return nil
	case unknown == nil:
		k.refusal = &tunnelError{reason: "its host key is refused: " + shown(err.Error()), standing: lasting, cause: err}
	case len(own) > 0:
		k.refusal = &tunnelError{
			reason:   fmt.Sprintf("%s (%s:%d)", adviceChangedKey, own[0].Filename, own[0].Line),
			standing: lasting, cause: err,
		}
	case k.verify == verifyAuto:
		k.refusal = k.learn(address, key)
	default:
		k.refusal = &tunnelError{reason: adviceUnknownKey + "known_hosts_verify=auto", standing: lasting, cause: err}
	}
	return k.refusal
}

// learn adds a key to the known ones. Whoever else learns at the same time waits.
func (k *knownHosts) learn(address string, key ssh.PublicKey) error {
	err := func() error {
		if err := os.MkdirAll(filepath.Dir(k.learnt), 0o700); err != nil {
			return err
		}
		f, err := os.OpenFile(k.learnt, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
			return os.NewSyscallError("flock", err)
		}
		return appendOnce(f, knownhosts.Line([]string{address}, key))
	}()
	if err != nil {
		return &tunnelError{reason: "its host key is new and cannot be remembered: " + err.Error(), cause: err}
	}
	return nil
}

// appendOnce adds a line to a file, unless it is there: another connection to the
// same host may have been faster. Who wrote the last line may not have ended it.
func appendOnce(f *os.File, line string) error {
	content, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if slices.Contains(strings.Split(string(content), "\n"), line) {
		return nil
	}
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
		line = "\n" + line
	}
	_, err = f.WriteString(line + "\n")
	return err
}

// algorithms are those to ask the host for: first of the kinds of key that are
// known of it, then certificates of any kind, or, where an authority is known that
// may have certified it, the other way round. A host shows one of its keys only,
// and one of another kind than the known one would look like a changed key.
func (k *knownHosts) algorithms(address string, remote net.Addr) []string {
	known := k.knownOf(address, remote)
	own := k.own(known)
	if len(own) == 0 {
		return nil // the library's own choice: certificates first
	}
	certified := len(own) < len(known)
	var direct, certificates []string
	for _, algorithm := range ssh.SupportedAlgorithms().HostKeys {
		isOwn := slices.ContainsFunc(own, func(key knownhosts.KnownKey) bool { return key.Key.Type() == keyKind(algorithm) })
		switch isCertificate := strings.Contains(algorithm, "-cert-"); {
		case isCertificate && (certified || !isOwn):
			certificates = append(certificates, algorithm)
		case isOwn:
			direct = append(direct, algorithm)
		}
	}
	if certified {
		return append(certificates, direct...)
	}
	return append(direct, certificates...)
}

// knownOf is what is known of a host: what the look-up of a key that nobody has
// would rather see.
func (k *knownHosts) knownOf(address string, remote net.Addr) []knownhosts.KnownKey {
	nobodys, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return nil
	}
	var unknown *knownhosts.KeyError
	if !errors.As(k.lookUp(address, remote, nobodys), &unknown) {
		return nil
	}
	return unknown.Want
}

// keyKind is the kind of key that an algorithm signs with.
func keyKind(algorithm string) string {
	plain, _, _ := strings.Cut(algorithm, "-cert-")
	switch plain {
	case ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512:
		return ssh.KeyAlgoRSA
	}
	return plain
}
