package rpc

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
)

// scramHashes are the supported kinds of SCRAM, best first.
var scramHashes = []struct {
	name string
	hash scram.HashGeneratorFcn
}{{"SCRAM-SHA-512", scram.SHA512}, {"SCRAM-SHA-256", scram.SHA256}, {"SCRAM-SHA-1", scram.SHA1}}

// scramVariants are SCRAM with user name and password as spelled, which is what Cyrus
// SASL, libvirt's library, keeps; and, if SASLprep (RFC 4013) changes them, with the
// prepared ones.
func scramVariants(hash scram.HashGeneratorFcn, who Credentials) ([]mechanism, error) {
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

// prepared are the credentials after SASLprep, which forbids, for example, all
// characters newer than Unicode 3.2.
func (c Credentials) prepared() (Credentials, bool) {
	username, err := stringprep.SASLprep.Prepare(c.Username)
	if err != nil {
		return Credentials{}, false
	}
	password, err := stringprep.SASLprep.Prepare(string(c.Password))
	return Credentials{username, Password(password)}, err == nil
}

// scramClient is SCRAM without channel binding (RFC 5802, RFC 7677): the daemon never
// receives the password, and proves that it knows it.
type scramClient struct {
	conversation *scram.ClientConversation
	initial      string
	proofSent    bool // the next message is the daemon's proof
}

// Bounds for the iteration count that a daemon asks for: the minimum of RFC 7677, and
// about a second of work.
const minSCRAMIterations, maxSCRAMIterations = 4096, 1_000_000

// errUnproven is a daemon that did not prove that it knows the password.
var errUnproven = &LoginError{Reason: "it did not prove that it knows the password; " +
	"somebody may be intercepting the connection"}

func newSCRAM(hash scram.HashGeneratorFcn, who Credentials) (*scramClient, error) {
	client, err := hash.NewClientUnprepped(who.Username, string(who.Password), "")
	if err != nil {
		return nil, err
	}
	return startSCRAM(client)
}

func startSCRAM(client *scram.Client) (*scramClient, error) {
	s := &scramClient{conversation: client.NewConversation()}
	var err error
	s.initial, err = s.conversation.Step("")
	return s, err
}

func (s *scramClient) first() []byte { return []byte(s.initial) }

func (s *scramClient) next(challenge []byte) ([]byte, error) {
	if s.proofSent {
		if _, err := s.conversation.Step(string(challenge)); err != nil {
			return nil, errUnproven
		}
		return nil, nil
	}
	s.proofSent = true
	if n := scramIterations(string(challenge)); n < minSCRAMIterations || n > maxSCRAMIterations {
		return nil, &LoginError{Reason: fmt.Sprintf("it asks for %d SCRAM iterations; this client accepts %d to %d",
			n, minSCRAMIterations, maxSCRAMIterations)}
	}
	proof, err := s.conversation.Step(string(challenge))
	if err != nil {
		return nil, &ProtocolError{Reason: "malformed SCRAM challenge"}
	}
	return []byte(proof), nil
}

func (s *scramClient) finished() error {
	if !s.conversation.Valid() {
		return errUnproven
	}
	return nil
}

// scramIterations is the iteration count of a challenge (r=nonce,s=salt,i=count), or 0
// if it has none. The library checks only the minimum.
func scramIterations(challenge string) int {
	fields := strings.Split(challenge, ",")
	if len(fields) < 3 {
		return 0
	}
	count, err := strconv.Atoi(strings.TrimPrefix(fields[2], "i="))
	if err != nil {
		return 0
	}
	return count
}
