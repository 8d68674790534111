package rpc

import (
	"encoding/binary"

	"github.com/digitalocean/go-libvirt"
)

// Refusal is the daemon's answer that a call failed.
type Refusal struct {
	// Domain is the part of libvirt that says so (VIR_FROM_*).
	Domain int
	// Answer has the code (VIR_ERR_*) and the message.
	Answer libvirt.Error
}

func (e *Refusal) Error() string { return e.Answer.Error() }

// Unwrap is the library's error.
func (e *Refusal) Unwrap() error { return e.Answer }

// domainShift is where the code of an error carries its domain. Both are small numbers.
const domainShift = 16

// keepDomain puts the domain of a remote_error into the upper half of its code: the
// library passes the code on and drops the domain.
func keepDomain(payload []byte) {
	code, domain := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
	if code != 0 && code < 1<<domainShift && domain < 1<<domainShift {
		binary.BigEndian.PutUint32(payload, domain<<domainShift|code)
	}
}

// refusal separates the code of an error from its domain.
func refusal(answer libvirt.Error) *Refusal {
	domain := answer.Code >> domainShift
	answer.Code &= 1<<domainShift - 1
	return &Refusal{Domain: int(domain), Answer: answer}
}
