package rpc

import (
	"regexp"
	"slices"
	"strings"
)

// mechanism is one side of a SASL exchange (RFC 4422).
type mechanism interface {
	// first is the client's initial response.
	first() []byte
	// next answers a challenge of the daemon.
	next(challenge []byte) ([]byte, error)
	// finished is nil if the client accepts the daemon's proof.
	finished() error
}

// chooseMechanism takes the best mechanism that the daemon offers, in more than one
// variant if the spelling of the password is ambiguous. It refuses a stream that
// others may read: none of these mechanisms encrypts, and libvirt requires it too.
func chooseMechanism(offered []string, who Credentials, readable bool) (string, []mechanism, error) {
	if readable {
		return "", nil, ErrLoginExposed
	}
	for _, kind := range scramHashes {
		if slices.Contains(offered, kind.name) {
			variants, err := scramVariants(kind.hash, who)
			return kind.name, variants, err
		}
	}
	if slices.Contains(offered, "PLAIN") {
		return "PLAIN", []mechanism{plain{who}}, nil
	}
	return "", nil, &LoginError{Reason: "it offers these SASL mechanisms: " + strings.Join(mechanismNames(offered), ", ") +
		"; this client supports SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1 and PLAIN (mech_list in the host's " +
		"/etc/sasl2/libvirt.conf)"}
}

// maxMechanisms bounds how many names of mechanisms an error repeats. Cyrus SASL has
// about a dozen.
const maxMechanisms = 20

// legalMechanism is a name that SASL allows (RFC 4422, section 3.1).
var legalMechanism = regexp.MustCompile(`^[A-Z0-9_-]{1,20}$`)

// mechanismNames are the offered names that an error may repeat.
func mechanismNames(offered []string) []string {
	offered = offered[:min(len(offered), maxMechanisms)]
	names := slices.DeleteFunc(slices.Clone(offered), func(name string) bool { return !legalMechanism.MatchString(name) })
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}

// plain is PLAIN (RFC 4616).
type plain struct{ who Credentials }

func (p plain) first() []byte {
	return []byte("\x00" + p.who.Username + "\x00" + string(p.who.Password))
}

func (plain) next(challenge []byte) ([]byte, error) {
	if len(challenge) > 0 {
		return nil, errUnproven
	}
	return nil, nil
}

func (plain) finished() error { return nil }
