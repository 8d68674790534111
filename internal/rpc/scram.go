package rpc

import (
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
)

// scramHashes are the kinds of SCRAM that are known here, best first.
var scramHashes = []struct {
	name string
	hash scram.HashGeneratorFcn
}{{"SCRAM-SHA-512", scram.SHA512}, {"SCRAM-SHA-256", scram.SHA256}, {"SCRAM-SHA-1", scram.SHA1}}

// scramWays are SCRAM with user name and password as they are spelled, as Cyrus
// SASL, which libvirt uses on both sides, keeps them. Where SASLprep (RFC 4013)
// makes something else of them, the second way is with that.
func scramWays(hash scram.HashGeneratorFcn, who Credentials) ([]mechanism, error) {
	asSpelled, err := newSCRAM(hash, who)
	if err != nil {
		return nil, err
	}
	prepared, ok := who.prepared()
	if !ok || prepared == who {
		return []mechanism{asSpelled}, nil
	}
	asPrepared, err := newSCRAM(hash, prepared)
	if err != nil {
		return nil, err
	}
	return []mechanism{asSpelled, asPrepared}, nil
}

// prepared are the credentials after SASLprep, unless it forbids something in them,
// such as every character that is newer than Unicode 3.2.
func (c Credentials) prepared() (Credentials, bool) {
	username, err := stringprep.SASLprep.Prepare(c.Username)
	if err != nil {
		return Credentials{}, false
	}
	password, err := stringprep.SASLprep.Prepare(string(c.Password))
	return Credentials{username, Password(password)}, err == nil
}

// scramClient is SCRAM without channel binding (RFC 5802, RFC 7677): the daemon never
// gets the password, and proves that it knows it.
type scramClient struct {
	talk    *scram.ClientConversation
	opening string
	proving bool // our proof is sent, and the daemon has to show its own
}

// Bounds for the rounds that a daemon asks for: the least that RFC 7677 allows, and a
// second's work.
const minSCRAMRounds, maxSCRAMRounds = 4096, 1_000_000

// errUnproven is a daemon that did not show that it knows the password.
var errUnproven = &LoginError{Reason: "it does not prove that it knows the password; somebody may be between this machine and the host"}

func newSCRAM(hash scram.HashGeneratorFcn, who Credentials) (*scramClient, error) {
	client, err := hash.NewClientUnprepped(who.Username, string(who.Password), "")
	if err != nil {
		return nil, err
	}
	return startSCRAM(client)
}

func startSCRAM(client *scram.Client) (*scramClient, error) {
	s := &scramClient{talk: client.NewConversation()}
	var err error
	s.opening, err = s.talk.Step("")
	return s, err
}

func (s *scramClient) first() []byte { return []byte(s.opening) }

func (s *scramClient) next(challenge []byte) ([]byte, error) {
	if s.proving {
		if _, err := s.talk.Step(string(challenge)); err != nil {
			return nil, errUnproven
		}
		return nil, nil
	}
	s.proving = true
	if rounds := scramRounds(string(challenge)); rounds < minSCRAMRounds || rounds > maxSCRAMRounds {
		return nil, &LoginError{Reason: "it asks for " + strconv.Itoa(rounds) + " rounds of SCRAM; between " +
			strconv.Itoa(minSCRAMRounds) + " and " + strconv.Itoa(maxSCRAMRounds) + " are sensible"}
	}
	proof, err := s.talk.Step(string(challenge))
	if err != nil {
		return nil, &ProtocolError{Reason: "malformed challenge of SCRAM"}
	}
	return []byte(proof), nil
}

func (s *scramClient) finished() error {
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
