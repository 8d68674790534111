package transport

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Markers of a line of a file of known hosts.
const (
	markerAuthority = "@cert-authority"
	markerRevoked   = "@revoked"
)

// knownLine is a line of a file of known hosts (sshd(8), SSH_KNOWN_HOSTS FILE
// FORMAT): a key and its hosts.
type knownLine struct {
	marker, hosts string
	key           ssh.PublicKey
	// where is the file and the line's number.
	where string
}

// readKnownLines reads a file. Like ssh it skips lines that it cannot read, such as
// unknown kinds of keys. An unreadable line that revokes a key is an error.
func readKnownLines(file string) ([]knownLine, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var read []knownLine
	number := 0
	for text := range strings.Lines(string(content)) {
		number++
		line, err := parseKnownLine(text)
		line.where = fmt.Sprintf("%s:%d", file, number)
		switch {
		case err == nil:
			read = append(read, line)
		case line.marker == markerRevoked:
			return nil, fmt.Errorf("%s revokes a key that cannot be read (%w)", line.where, err)
		}
	}
	return read, nil
}

// parseKnownLine reads a line. It returns the marker even with an error.
func parseKnownLine(text string) (knownLine, error) {
	var line knownLine
	fields := strings.Fields(text)
	if len(fields) > 0 && strings.HasPrefix(fields[0], "@") {
		line.marker, fields = fields[0], fields[1:]
	}
	if len(fields) < 3 || fields[0][0] == '#' {
		return line, fmt.Errorf("it has %d fields", len(fields))
	}
	switch line.marker {
	case "", markerAuthority, markerRevoked:
	default:
		return line, errors.New("its marker is unknown")
	}
	blob, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil {
		return line, err
	}
	line.hosts = fields[0]
	line.key, err = ssh.ParsePublicKey(blob)
	return line, err
}

// matches tells whether a line is about a host. The host is in lower case and in the
// form of [knownhosts.Normalize].
func (l knownLine) matches(host string) bool {
	if strings.HasPrefix(l.hosts, "|") {
		return hashOf(host, l.hosts)
	}
	matched := false
	for pattern := range strings.SplitSeq(strings.ToLower(l.hosts), ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matchesPattern(knownhosts.Normalize(pattern), host) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// matchesPattern matches a host against a pattern of ssh, with the wildcards * and ?.
func matchesPattern(pattern, host string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == host
	}
	expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile(`^` + expression + `$`).MatchString(host)
}

// hashOf tells whether |1|salt|hash is the hash of a host.
func hashOf(host, hashed string) bool {
	parts := strings.Split(hashed, "|")
	if len(parts) != 4 || parts[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(host))
	return parts[3] == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
