package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/digitalocean/go-libvirt"
)

// Procedures and values of libvirt's remote protocol that the client library
// does not use by itself (remote_protocol.x).
const (
	procedureAuthList  = 66
	procedureSASLInit  = 67
	procedureSASLStart = 68
	procedureSASLStep  = 69

	authSASL = 1

	statusError = 1
)

// maxAuthFrame bounds what a host may send before it knows us. libvirt's own
// limit is 64 KiB of data (REMOTE_AUTH_SASL_DATA_MAX), in four bytes each.
const maxAuthFrame = 4*64<<10 + 1<<10

// maxSASLSteps is more than any mechanism here takes.
const maxSASLSteps = 5

// Password is a secret that does not show when it is printed.
type Password string

// String hides the password.
func (Password) String() string { return "(hidden)" }

// GoString hides the password.
func (Password) GoString() string { return "(hidden)" }

// Credentials are what a daemon that wants SASL is told.
type Credentials struct {
	Username string
	Password Password
}

// Authenticate logs in to a daemon that wants SASL, before [Open]. For a daemon
// that does not want it, it does nothing and does not call who. Readable is a
// stream that others may read: no password goes over it.
//
// The error is a [LoginError], a [LostError], a [ProtocolError], the daemon's
// [libvirt.Error], or that of who or of the context.
func Authenticate(ctx context.Context, stream net.Conn, who func() (Credentials, error), readable bool) error {
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	defer stop()
	err := (&saslClient{stream: stream}).login(who, readable)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// saslClient is the part of libvirt's protocol that comes before everything else.
type saslClient struct {
	stream net.Conn
	serial uint32
}

func (t *saslClient) login(who func() (Credentials, error), readable bool) error {
	reply, err := t.call(procedureAuthList, nil)
	if err != nil {
		return err
	}
	if !slices.Contains(reply.words(), authSASL) {
		return reply.err
	}
	us, err := who()
	if err != nil {
		return err
	}
	offered, err := t.begin()
	if err != nil {
		return err
	}
	name, ways, err := chooseMechanism(offered, us, readable)
	if err != nil {
		return err
	}
	err = t.exchange(name, ways[0])
	for _, way := range ways[1:] {
		var refusal *LoginError
		if !errors.As(err, &refusal) || !refusal.Refused {
			return err
		}
		if _, again := t.begin(); again != nil {
			return err
		}
		err = t.exchange(name, way)
	}
	return err
}

// begin starts an exchange, the first or, where that was refused, another one. The
// host says which mechanisms it offers.
func (t *saslClient) begin() ([]string, error) {
	reply, err := t.call(procedureSASLInit, nil)
	if err != nil {
		return nil, err
	}
	offered := strings.Split(reply.text(), ",")
	return offered, reply.err
}

// exchange logs in by a mechanism.
func (t *saslClient) exchange(name string, m mechanism) error {
	reply, err := t.call(procedureSASLStart, appendChars(appendWord(appendText(nil, name), 0), m.first()))
	for range maxSASLSteps {
		if err != nil {
			return err
		}
		complete, absent, challenge := reply.word(), reply.word(), reply.chars()
		if reply.err != nil {
			return reply.err
		}
		var answer []byte
		if absent == 0 {
			if answer, err = m.next(challenge); err != nil {
				return err
			}
		}
		if complete != 0 {
			return m.finished()
		}
		reply, err = t.call(procedureSASLStep, appendChars(appendWord(nil, 0), answer))
	}
	return &ProtocolError{Reason: "SASL does not come to an end"}
}

// call makes one call and reads its reply.
func (t *saslClient) call(procedure uint32, payload []byte) (*decoder, error) {
	t.serial++
	h := header{headerSize + uint32(len(payload)), programRemote, protocolVersion, procedure, 0, t.serial, 0}
	if _, err := t.stream.Write(append(h.encode(), payload...)); err != nil {
		return nil, &LostError{Cause: err}
	}
	var raw [headerSize]byte
	if _, err := io.ReadFull(t.stream, raw[:4]); err != nil {
		return nil, &LostError{Cause: err}
	}
	if err := checkLength([4]byte(raw[:4])); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(t.stream, raw[4:]); err != nil {
		return nil, &LostError{Cause: cut(err)}
	}
	got := parseHeader(&raw)
	switch err := got.check(); {
	case err != nil:
		return nil, err
	case got.length > maxAuthFrame:
		return nil, &ProtocolError{Reason: fmt.Sprintf("it sends %d bytes before anybody has logged in", got.length)}
	case got.program != programRemote || got.kind != typeReply || got.procedure != procedure || got.serial != t.serial:
		return nil, &ProtocolError{Reason: "it answers another call than was made"}
	}
	body := make([]byte, got.length-headerSize)
	if _, err := io.ReadFull(t.stream, body); err != nil {
		return nil, &LostError{Cause: cut(err)}
	}
	reply := &decoder{rest: body}
	if got.status == statusError {
		return nil, refusedLogin(reply)
	}
	return reply, nil
}

// refusedLogin is libvirt's refusal of a login.
func refusedLogin(reply *decoder) error {
	code, _, given := reply.word(), reply.word(), reply.word()
	message := "no reason given"
	if given != 0 {
		message = reply.text()
	}
	if reply.err != nil {
		return reply.err
	}
	if libvirt.ErrorNumber(code) == libvirt.ErrAuthFailed {
		return &LoginError{Reason: "libvirt refuses the user name or the password", Said: message, Refused: true}
	}
	return libvirt.Error{Code: code, Message: message}
}
