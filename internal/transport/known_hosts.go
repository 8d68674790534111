package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
)

// Values of the URI's parameter known_hosts_verify. libvirt's "normal" asks a person
// about an unknown host; here it refuses the host.
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

// knownHosts verifies a host's key.
type knownHosts struct {
	verify string
	lines  []knownLine
	// named is the file of known hosts that the URI names, or empty.
	named string
	// refusal is why the key was not accepted.
	refusal error
}

// readKnownHosts reads the file of known hosts that the URI names, otherwise the user's
// and the machine's.
func readKnownHosts(verify, named string) (*knownHosts, error) {
	k := &knownHosts{verify: verify, named: named}
	files := []string{k.named}
	if k.named == "" {
		files = clientconfig.KnownHosts()
	}
	for _, file := range slices.DeleteFunc(files, func(file string) bool { return !clientconfig.Exists(file) }) {
		lines, err := readKnownLines(file)
		if err != nil {
			return nil, &Error{Reason: "the known hosts cannot be read: " + err.Error(), Cause: err}
		}
		k.lines = append(k.lines, lines...)
	}
	return k, nil
}

// linesFor returns the lines for a host with a marker; "" is no marker.
func (k *knownHosts) linesFor(address, marker string) []knownLine {
	host := knownhosts.Normalize(strings.ToLower(address)) // as ssh does
	var found []knownLine
	for _, line := range k.lines {
		if line.marker == marker && line.matches(host) {
			found = append(found, line)
		}
	}
	return found
}

// check is the [ssh.HostKeyCallback].
func (k *knownHosts) check(address string, remote net.Addr, key ssh.PublicKey) error {
	if k.verify != verifyIgnore {
		k.refusal = k.verdict(strings.ToLower(address), remote, key)
	}
	return k.refusal
}

// verdict is nil for an accepted key, otherwise the reason of the refusal.
func (k *knownHosts) verdict(address string, remote net.Addr, key ssh.PublicKey) error {
	if revoked := k.revokes(key); revoked != "" {
		return &Error{Reason: "its host key has been revoked (" + revoked + ")", Persistence: Permanent}
	}
	if certificate, ok := key.(*ssh.Certificate); ok {
		checker := ssh.CertChecker{IsHostAuthority: func(authority ssh.PublicKey, address string) bool {
			return hasKey(k.linesFor(address, markerAuthority), authority)
		}}
		if checker.CheckHostKey(address, remote, key) == nil {
			return nil
		}
		// A certificate of an unknown authority still carries the host's own key.
		key = certificate.Key
	}
	own := k.linesFor(address, "")
	switch {
	case hasKey(own, key):
		return nil
	case len(own) > 0:
		return &Error{Reason: adviceChangedKey + " (" + own[0].where + ")", Persistence: Permanent}
	case k.verify == verifyAuto:
		return k.learn(address, key)
	}
	return &Error{Reason: adviceUnknownKey + "known_hosts_verify=auto", Persistence: Permanent}
}

// revokes finds the line that revokes a key or any part of a certificate, for whatever
// host: a stolen key may turn up anywhere.
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

// hasKey tells whether one of the lines has the key.
func hasKey(lines []knownLine, key ssh.PublicKey) bool {
	return slices.ContainsFunc(lines, func(line knownLine) bool { return sameKey(line.key, key) })
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// fileForNewKeys is the file that new keys are added to: the one that the URI names,
// otherwise the user's own of libvirt. It is the machine's only if the URI names it:
// other users must not trust a host because this one does.
func (k *knownHosts) fileForNewKeys() (string, error) {
	if k.named != "" {
		return k.named, nil
	}
	directory, err := clientconfig.MakeConfigDirectory()
	if err != nil {
		return "", err
	}
	file := filepath.Join(directory, "known_hosts")
	mine, err := os.Stat(file)
	if clientconfig.Absent(err) {
		if _, err := os.Lstat(file); err == nil { // opening it would create its target, perhaps the machine's file
			return "", errors.New(file + " is a broken symbolic link")
		}
		return file, nil
	}
	if err != nil {
		return "", err
	}
	if machines, err := os.Stat(clientconfig.MachineKnownHosts); err == nil && os.SameFile(mine, machines) {
		return "", errors.New(file + " is a link to " + clientconfig.MachineKnownHosts)
	}
	return file, nil
}

// learn adds a key to the file for new keys, which it locks.
func (k *knownHosts) learn(address string, key ssh.PublicKey) error {
	err := func() error {
		file, err := k.fileForNewKeys()
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
		return &Error{
			Reason: "its host key is new and cannot be saved: " + err.Error() +
				"; name another file with the URI's parameter known_hosts",
			Persistence: Permanent, Cause: err,
		}
	}
	return nil
}

// appendOnce adds a line to a file unless another connection to the same host has
// added it already. The last line of the file may lack its newline.
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

// algorithms are the host key algorithms to ask for, those of known keys first: a host
// presents only one of its keys, and one of another kind would look like a changed key.
// Certificates come first if an authority is known that may have certified the host.
func (k *knownHosts) algorithms(address string) []string {
	own := k.linesFor(address, "")
	if len(own) == 0 {
		return nil // the library's own choice: certificates first
	}
	certified := len(k.linesFor(address, markerAuthority)) > 0
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
