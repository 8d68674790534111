package host

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strconv"
	"strings"
)

// mechanism is one side of a SASL exchange (RFC 4422).
type mechanism interface {
	// first is what the client says before it is asked.
	first() []byte
	// next answers what the host said.
	next(challenge []byte) ([]byte, error)
	// finished tells whether the client, too, is content when the host is.
	finished() error
}

// chooseMechanism takes the best of what the host offers. A password goes over
// no stream that others may read, by whatever mechanism: libvirt, too, wants
// encryption there, which neither mechanism brings.
func chooseMechanism(offered []string, who credentials, readable bool) (string, mechanism, error) {
	if readable {
		return "", nil, &credentialError{reason: "it wants a password, which does not go over an unencrypted connection, nor to a host whose certificate or key is not verified; use qemu+tls or qemu+ssh, without no_verify and known_hosts_verify"}
	}
	for _, scram := range []struct {
		name string
		hash func() hash.Hash
	}{{"SCRAM-SHA-512", sha512.New}, {"SCRAM-SHA-256", sha256.New}} {
		if slices.Contains(offered, scram.name) {
			return scram.name, newSCRAM(who, scram.hash, rand.Text()), nil
		}
	}
	if slices.Contains(offered, "PLAIN") {
		return "PLAIN", plain{who}, nil
	}
	return "", nil, &credentialError{reason: "of SASL's mechanisms it offers " + shown(strings.Join(offered, ", ")) +
		"; this provider knows SCRAM-SHA-512, SCRAM-SHA-256 and PLAIN (mech_list in the host's /etc/sasl2/libvirt.conf)"}
}

// plain is PLAIN (RFC 4616).
type plain struct{ who credentials }

func (p plain) first() []byte {
	return []byte("\x00" + p.who.username + "\x00" + string(p.who.password))
}

func (plain) next(challenge []byte) ([]byte, error) {
	if len(challenge) > 0 {
		return nil, errUnproven
	}
	return nil, nil
}

func (plain) finished() error { return nil }

// scram is SCRAM without channel binding (RFC 5802, RFC 7677): the host never
// gets the password, and proves that it knows it.
type scram struct {
	who   credentials
	hash  func() hash.Hash
	nonce string

	signature []byte // that the host must show
	proven    bool
}

const (
	scramHeader = "n,," // no channel binding, no other identity
	// Bounds for the rounds that a host asks for: the least that RFC 7677 allows,
	// and a second's work.
	minSCRAMRounds, maxSCRAMRounds = 4096, 1_000_000
)

// errUnproven is a host that could not show that it knows the password.
var errUnproven = &credentialError{reason: "it does not prove that it knows the password; somebody may be between this machine and the host"}

func newSCRAM(who credentials, newHash func() hash.Hash, nonce string) *scram {
	return &scram{who: who, hash: newHash, nonce: nonce}
}

func (s *scram) bare() string {
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.who.username)
	return "n=" + name + ",r=" + s.nonce
}

func (s *scram) first() []byte { return []byte(scramHeader + s.bare()) }

func (s *scram) next(challenge []byte) ([]byte, error) {
	if s.signature == nil {
		return s.prove(string(challenge))
	}
	shown, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(challenge), "v="))
	if err != nil || !hmac.Equal(shown, s.signature) {
		return nil, errUnproven
	}
	s.proven = true
	return nil, nil
}

func (s *scram) finished() error {
	if !s.proven {
		return errUnproven
	}
	return nil
}

// prove answers the host's salt with the proof that we know the password.
func (s *scram) prove(challenge string) ([]byte, error) {
	nonce, salt, rounds, err := parseSCRAM(challenge)
	if err != nil || !strings.HasPrefix(nonce, s.nonce) || len(nonce) == len(s.nonce) {
		return nil, &protocolError{reason: "malformed challenge of SCRAM"}
	}
	if rounds < minSCRAMRounds || rounds > maxSCRAMRounds {
		return nil, &credentialError{reason: "it asks for " + strconv.Itoa(rounds) + " rounds of SCRAM; between " +
			strconv.Itoa(minSCRAMRounds) + " and " + strconv.Itoa(maxSCRAMRounds) + " are sensible"}
	}
	salted, err := pbkdf2.Key(s.hash, string(s.who.password), salt, rounds, s.hash().Size())
	if err != nil {
		return nil, err
	}
	final := "c=" + base64.StdEncoding.EncodeToString([]byte(scramHeader)) + ",r=" + nonce
	signed := []byte(s.bare() + "," + challenge + "," + final)
	clientKey := s.mac(salted, []byte("Client Key"))
	stored := s.hash()
	stored.Write(clientKey)
	proof := s.mac(stored.Sum(nil), signed)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	s.signature = s.mac(s.mac(salted, []byte("Server Key")), signed)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

func (s *scram) mac(key, text []byte) []byte {
	m := hmac.New(s.hash, key)
	m.Write(text)
	return m.Sum(nil)
}

// parseSCRAM reads the first message of a host: r=nonce,s=salt,i=rounds, and
// extensions, which mean nothing here unless one is mandatory.
func parseSCRAM(challenge string) (nonce string, salt []byte, rounds int, err error) {
	fields := strings.Split(challenge, ",")
	if len(fields) < 3 {
		return "", nil, 0, errors.New("too short")
	}
	values := make([]string, 3)
	for i, prefix := range []string{"r=", "s=", "i="} {
		value, found := strings.CutPrefix(fields[i], prefix)
		if !found {
			return "", nil, 0, errors.New("not in order")
		}
		values[i] = value
	}
	salt, err = base64.StdEncoding.DecodeString(values[1])
	if err == nil && len(bytes.TrimSpace(salt)) == 0 {
		err = errors.New("no salt")
	}
	if err == nil {
		rounds, err = strconv.Atoi(values[2])
	}
	return values[0], salt, rounds, err
}
