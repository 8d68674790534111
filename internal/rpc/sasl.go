package rpc

import (
	"cmp"
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
)

// maxAuthFrame bounds what a daemon may send before the login. libvirt's own limit is
// 64 KiB of data (REMOTE_AUTH_SASL_DATA_MAX), each byte of which takes four.
const maxAuthFrame = 4*64<<10 + 1<<10

// maxSASLSteps is more steps than any of the mechanisms takes.
const maxSASLSteps = 5

// Authenticate logs in to a daemon that requires SASL; call it before [Open]. If the
// daemon does not require it, Authenticate does nothing and does not call who. A
// readable stream is one that others may read: no password is sent over it.
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

// saslClient speaks the part of libvirt's protocol that comes before ConnectOpen.
type saslClient struct {
	stream net.Conn
	serial uint32
}

func (c *saslClient) login(who func() (Credentials, error), readable bool) error {
	reply, err := c.call(procedureAuthList, nil)
	if err != nil {
		return err
	}
	if !slices.Contains(reply.words(), authSASL) {
		return reply.err
	}
	credentials, err := who()
	if err != nil {
		return err
	}
	offered, err := c.begin()
	if err != nil {
		return err
	}
	name, variants, err := chooseMechanism(offered, credentials, readable)
	if err != nil {
		return err
	}
	err = c.exchange(name, variants[0])
	for _, variant := range variants[1:] {
		var refusal *LoginError
		if !errors.As(err, &refusal) || !refusal.Refused {
			return err
		}
		if _, again := c.begin(); again != nil {
			return err
		}
		err = c.exchange(name, variant)
	}
	return err
}

// begin starts an exchange, the first or another one after a refusal, and returns the
// mechanisms that the daemon offers.
func (c *saslClient) begin() ([]string, error) {
	reply, err := c.call(procedureSASLInit, nil)
	if err != nil {
		return nil, err
	}
	offered := strings.Split(reply.text(), ",")
	return offered, reply.err
}

// exchange logs in by a mechanism.
func (c *saslClient) exchange(name string, m mechanism) error {
	reply, err := c.call(procedureSASLStart, appendChars(appendWord(appendText(nil, name), 0), m.first()))
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
		reply, err = c.call(procedureSASLStep, appendChars(appendWord(nil, 0), answer))
	}
	return &ProtocolError{Reason: "the SASL exchange does not end"}
}

// call makes one call and reads its reply.
func (c *saslClient) call(procedure uint32, payload []byte) (*decoder, error) {
	c.serial++
	h := header{headerSize + uint32(len(payload)), programRemote, protocolVersion, procedure, 0, c.serial, 0}
	if _, err := c.stream.Write(append(h.encode(), payload...)); err != nil {
		return nil, &LostError{Cause: err}
	}
	var raw [headerSize]byte
	if _, err := io.ReadFull(c.stream, raw[:4]); err != nil {
		return nil, &LostError{Cause: err}
	}
	if err := checkLength([4]byte(raw[:4])); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c.stream, raw[4:]); err != nil {
		return nil, &LostError{Cause: unexpectedEOF(err)}
	}
	got := parseHeader(&raw)
	switch err := got.check(); {
	case err != nil:
		return nil, err
	case got.length > maxAuthFrame:
		return nil, &ProtocolError{Reason: fmt.Sprintf("it sends %d bytes before the login", got.length)}
	case got.program != programRemote || got.kind != typeReply || got.procedure != procedure || got.serial != c.serial:
		return nil, &ProtocolError{Reason: "it answers a call that was not made"}
	}
	body := make([]byte, got.length-headerSize)
	if _, err := io.ReadFull(c.stream, body); err != nil {
		return nil, &LostError{Cause: unexpectedEOF(err)}
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
	message := ""
	if given != 0 {
		message = reply.text()
	}
	if reply.err != nil {
		return reply.err
	}
	if libvirt.ErrorNumber(code) == libvirt.ErrAuthFailed {
		return &LoginError{Reason: "libvirt refuses the user name or the password", Said: message, Refused: true}
	}
	return libvirt.Error{Code: code, Message: cmp.Or(message, "no reason given")}
}
