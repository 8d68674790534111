package host

import (
	"slices"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
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

// scramHashes are the kinds of SCRAM that are known here, best first.
var scramHashes = []struct {
	name string
	hash scram.HashGeneratorFcn
}{{"SCRAM-SHA-512", scram.SHA512}, {"SCRAM-SHA-256", scram.SHA256}, {"SCRAM-SHA-1", scram.SHA1}}

// chooseMechanism takes the best of what the host offers, and says how to go about
// it: in more than one way where the first may be refused for the spelling of the
// password. A password goes over no stream that others may read, by whatever
// mechanism: libvirt, too, wants encryption there, which no mechanism here brings.
func chooseMechanism(offered []string, who credentials, readable bool) (string, []mechanism, error) {
	if readable {
		return "", nil, &credentialError{reason: "it wants a password, which does not go over an unencrypted connection, nor to a host whose certificate or key is not verified; use qemu+tls or qemu+ssh, without no_verify and known_hosts_verify"}
	}
	for _, kind := range scramHashes {
		if slices.Contains(offered, kind.name) {
			ways, err := scramWays(kind.hash, who)
			return kind.name, ways, err
		}
	}
	if slices.Contains(offered, "PLAIN") {
		return "PLAIN", []mechanism{plain{who}}, nil
	}
	return "", nil, &credentialError{reason: "of SASL's mechanisms it offers " + shown(strings.Join(offered, ", ")) +
		"; this provider knows SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1 and PLAIN (mech_list in the host's /etc/sasl2/libvirt.conf)"}
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

// scramWays are SCRAM with user name and password as they are, as Cyrus SASL, which
// libvirt uses on both sides, keeps and shows them, and, where that is something
// else, as RFC 5802 wants them prepared (SASLprep, RFC 4013): then it does not
// matter how an accented letter was typed.
func scramWays(hash scram.HashGeneratorFcn, who credentials) ([]mechanism, error) {
	asTheyAre, err := newSCRAM(hash, who)
	if err != nil {
		return nil, err
	}
	prepared, ok := who.prepared()
	if !ok || prepared == who {
		return []mechanism{asTheyAre}, nil
	}
	asTheyShouldBe, err := newSCRAM(hash, prepared)
	if err != nil {
		return nil, err
	}
	return []mechanism{asTheyAre, asTheyShouldBe}, nil
}

// prepared are the credentials after SASLprep, unless it forbids something in them,
// such as every character that is newer than Unicode 3.2.
func (c credentials) prepared() (credentials, bool) {
	username, err := stringprep.SASLprep.Prepare(c.username)
	if err != nil {
		return credentials{}, false
	}
	password, err := stringprep.SASLprep.Prepare(string(c.password))
	return credentials{username, Password(password)}, err == nil
}

// scramTalk is SCRAM without channel binding (RFC 5802, RFC 7677): the host never
// gets the password, and proves that it knows it.
type scramTalk struct {
	talk    *scram.ClientConversation
	opening string
	proving bool // we have shown our proof, and the host has to show its own
}

// Bounds for the rounds that a host asks for: the least that RFC 7677 allows, and a
// second's work.
const minSCRAMRounds, maxSCRAMRounds = 4096, 1_000_000

// errUnproven is a host that could not show that it knows the password.
var errUnproven = &credentialError{reason: "it does not prove that it knows the password; somebody may be between this machine and the host"}

func newSCRAM(hash scram.HashGeneratorFcn, who credentials) (*scramTalk, error) {
	client, err := hash.NewClientUnprepped(who.username, string(who.password), "")
	if err != nil {
		return nil, err
	}
	return startSCRAM(client)
}

func startSCRAM(client *scram.Client) (*scramTalk, error) {
	s := &scramTalk{talk: client.NewConversation()}
	var err error
	s.opening, err = s.talk.Step("")
	return s, err
}

func (s *scramTalk) first() []byte { return []byte(s.opening) }

func (s *scramTalk) next(challenge []byte) ([]byte, error) {
	if s.proving {
		if _, err := s.talk.Step(string(challenge)); err != nil {
			return nil, errUnproven
		}
		return nil, nil
	}
	s.proving = true
	if rounds := scramRounds(string(challenge)); rounds < minSCRAMRounds || rounds > maxSCRAMRounds {
		return nil, &credentialError{reason: "it asks for " + strconv.Itoa(rounds) + " rounds of SCRAM; between " +
			strconv.Itoa(minSCRAMRounds) + " and " + strconv.Itoa(maxSCRAMRounds) + " are sensible"}
	}
	proof, err := s.talk.Step(string(challenge))
	if err != nil {
		return nil, &protocolError{reason: "malformed challenge of SCRAM"}
	}
	return []byte(proof), nil
}

func (s *scramTalk) finished() error {
	if !s.talk.Valid() {
		return errUnproven
	}
	return nil
}

// scramRounds is how many rounds a host's challenge (r=nonce,s=salt,i=rounds) asks
// for; 0 where it does not say so. The library bounds them from below only.
func scramRounds(challenge string) int {
	fields := strings.Split(challenge, ",")
	if len(fields) < 3 {
		return 0
	}
	rounds, err := strconv.Atoi(strings.TrimPrefix(fields[2], "i="))
	if err != nil {
		return 0
	}
	return rounds
}
