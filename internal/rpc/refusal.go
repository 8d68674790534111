package rpc

import (
	"encoding/binary"
	"errors"

	"github.com/digitalocean/go-libvirt"
)

// Refusal is the daemon's answer that a call failed.
type Refusal struct {
	// Domain is the part of libvirt that says so (VIR_FROM_*).
	Domain int
	// Errno is the error number of the host's system, where that is the cause
	// (VIR_ERR_SYSTEM_ERROR); else 0.
	Errno int
	// Answer has the code (VIR_ERR_*) and the message.
	Answer libvirt.Error
}

func (e *Refusal) Error() string { return e.Answer.Error() }

// Unwrap is the library's error.
func (e *Refusal) Unwrap() error { return e.Answer }

// The code of an error carries its domain and the system's error number above itself, and
// then the highest bit is set, which no code has: libvirt's codes, an enum of C, begin at 0.
const (
	packed                   = 1 << 31
	codeLimit                = 1 << domainShift
	domainShift, domainLimit = 12, 1 << 8
	errnoShift, errnoLimit   = 20, 1 << 11
)

// keepDetails puts the domain and the system's error number of a remote_error into the
// upper bits of its code: the library passes the code on and drops them. A code that takes
// these bits itself comes without.
func keepDetails(payload []byte) {
	code, domain := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
	switch {
	case code >= packed:
		code = uint32(libvirt.ErrInternalError) // of such an answer only the words are of use
	case code == 0 || code >= codeLimit:
		return
	}
	if libvirt.ErrorNumber(code) == libvirt.ErrSystemError {
		code |= errno(payload[8:]) << errnoShift
	}
	if domain < domainLimit {
		code |= domain << domainShift
	}
	binary.BigEndian.PutUint32(payload, code|packed)
}

// errno is the first number in a remote_error, of which code and domain are cut off: that
// of the system. It is 0 where there is none.
func errno(rest []byte) uint32 {
	const word, uuid = 4, 16
	next := func() uint32 {
		if len(rest) < word {
			rest = nil
			return 0
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[word:]
		return n
	}
	skip := func(n uint32) { rest = rest[min(uint64(len(rest)), (uint64(n)+word-1)/word*word):] }
	text := func() {
		if next() != 0 {
			skip(next())
		}
	}
	text()           // message
	next()           // level
	if next() != 0 { // domain: name, UUID, ID
		skip(next())
		skip(uuid + word)
	}
	text()
	text()
	text()
	if n := next(); n < errnoLimit { // it may be negative
		return n
	}
	return 0
}

// AnswerOf is the daemon's answer behind the error of one call of the library, for a
// function that makes several; nil where there is none.
func AnswerOf(err error) *Refusal {
	if answer := (libvirt.Error{}); errors.As(err, &answer) {
		return refusal(answer)
	}
	return nil
}

// refusal separates the code of an error from what it carries.
func refusal(answer libvirt.Error) *Refusal {
	code := answer.Code
	if code&packed == 0 {
		return &Refusal{Answer: answer}
	}
	answer.Code = code % codeLimit
	return &Refusal{
		Domain: int(code >> domainShift % domainLimit), Errno: int(code >> errnoShift % errnoLimit), Answer: answer,
	}
}
