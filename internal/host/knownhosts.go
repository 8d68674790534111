package host

import (
	"bytes"
	"errors"
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
	lines  []knownLine
	// named is the file of known hosts that the URI names, if it does.
	named string
	// refusal is why the key was not accepted.
	refusal error
}

// machineKnownHosts is the file that all users of this machine trust, by ssh too.
const machineKnownHosts = "/etc/ssh/ssh_known_hosts"

// readKnownHosts reads the files of known hosts: the URI's, else libvirt's and
// ssh's of the user, and the machine's.
func readKnownHosts(p parameters) (*knownHosts, error) {
	verify, err := p.verification()
	if err != nil {
		return nil, err
	}
	k := &knownHosts{verify: verify, named: p["known_hosts"]}
	files := []string{k.named}
	if k.named == "" {
		files = defaultKnownHosts()
	}
	for _, file := range slices.DeleteFunc(files, func(file string) bool { return !exists(file) }) {
		lines, err := readKnownLines(file)
		if err != nil {
			return nil, &tunnelError{reason: "the known hosts cannot be read: " + err.Error(), cause: err}
		}
		k.lines = append(k.lines, lines...)
	}
	return k, nil
}

// about are the lines about a host that have a marker, or none.
func (k *knownHosts) about(address, marker string) []knownLine {
	host := knownhosts.Normalize(strings.ToLower(address)) // ssh, too, has names in lower case
	var found []knownLine
	for _, line := range k.lines {
		if line.marker == marker && line.matches(host) {
			found = append(found, line)
		}
	}
	return found
}

func defaultKnownHosts() []string {
	var files []string
	if config, err := configDirectory(); err == nil {
		files = append(files, filepath.Join(config, "libvirt", "known_hosts"))
	}
	if home, err := homeDirectory(); err == nil {
		files = append(files, filepath.Join(home, ".ssh", "known_hosts"))
	}
	return append(files, machineKnownHosts)
}

// check is the [ssh.HostKeyCallback].
func (k *knownHosts) check(address string, remote net.Addr, key ssh.PublicKey) error {
	if k.verify != verifyIgnore {
		k.refusal = k.verdict(strings.ToLower(address), remote, key)
	}
	return k.refusal
}

// verdict is why a key is not accepted.
func (k *knownHosts) verdict(address string, remote net.Addr, key ssh.PublicKey) error {
	if revoked := k.revokes(key); revoked != "" {
		return &tunnelError{reason: "its host key has been revoked (" + revoked + ")", standing: lasting}
	}
	if certificate, ok := key.(*ssh.Certificate); ok {
		checker := ssh.CertChecker{IsHostAuthority: func(authority ssh.PublicKey, address string) bool {
			return hasKey(k.about(address, markerAuthority), authority)
		}}
		if checker.CheckHostKey(address, remote, key) == nil {
			return nil
		}
		// A certificate of nobody we know still holds the host's own key.
		key = certificate.Key
	}
	own := k.about(address, "")
	switch {
	case hasKey(own, key):
		return nil
	case len(own) > 0:
		return &tunnelError{reason: adviceChangedKey + " (" + own[0].where + ")", standing: lasting}
	case k.verify == verifyAuto:
		return k.learn(address, key)
	}
	return &tunnelError{reason: adviceUnknownKey + "known_hosts_verify=auto", standing: lasting}
}

// revokes finds the line that revokes a key or, of a certificate, any part of it;
// for whichever host, as a key that was stolen is nobody's.
func (k *knownHosts) revokes(key ssh.PublicKey) string {
	parts := []ssh.PublicKey{key}
	if certificate, ok := key.(*ssh.Certificate); ok {
		parts = append(parts, certificate.Key, certificate.SignatureKey)
	}
	for _, line := range k.lines {
		for _, part := range parts {
			if line.marker == markerRevoked && sameKey(line.key, part) {
				return line.where
			}
		}
	}
	return ""
}

// hasKey tells whether a key is among those of lines.
func hasKey(lines []knownLine, key ssh.PublicKey) bool {
	return slices.ContainsFunc(lines, func(line knownLine) bool { return sameKey(line.key, key) })
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// notebook is the file that new keys are added to: the one that the URI names, else
// libvirt's own of the user. Nobody else is made to trust a host because this user
// does, so it is never the machine's unless the URI names that.
func (k *knownHosts) notebook() (string, error) {
	if k.named != "" {
		return k.named, nil
	}
	directory, err := makeConfigDirectory()
	if err != nil {
		return "", err
	}
	file := filepath.Join(directory, "known_hosts")
	mine, err := os.Stat(file)
	if absent(err) {
		if _, err := os.Lstat(file); err == nil { // perhaps to the machine's, which would be made
			return "", errors.New(file + " is a link that leads nowhere")
		}
		return file, nil
	}
	if err != nil {
		return "", err
	}
	if machines, err := os.Stat(machineKnownHosts); err == nil && os.SameFile(mine, machines) {
		return "", errors.New(file + " leads to " + machineKnownHosts)
	}
	return file, nil
}

// learn adds a key to the known ones. Whoever else learns at the same time waits.
func (k *knownHosts) learn(address string, key ssh.PublicKey) error {
	err := func() error {
		file, err := k.notebook()
		if err != nil {
			return err
		}
		f, err := os.OpenFile(file, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
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
		return &tunnelError{
			reason:   "its host key is new and cannot be remembered: " + err.Error() + "; the URI's parameter known_hosts names another file",
			standing: lasting, cause: err,
		}
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
func (k *knownHosts) algorithms(address string) []string {
	own := k.about(address, "")
	if len(own) == 0 {
		return nil // the library's own choice: certificates first
	}
	certified := len(k.about(address, markerAuthority)) > 0
	var direct, certificates []string
	for _, algorithm := range ssh.SupportedAlgorithms().HostKeys {
		isOwn := slices.ContainsFunc(own, func(line knownLine) bool { return line.key.Type() == keyKind(algorithm) })
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

// keyKind is the kind of key that an algorithm signs with.
func keyKind(algorithm string) string {
	plain, _, _ := strings.Cut(algorithm, "-cert-")
	switch plain {
	case ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512:
		return ssh.KeyAlgoRSA
	}
	return plain
}
