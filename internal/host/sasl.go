package host

import (
	"context"
	"encoding/binary"
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

// credentialError is a host that did not let us in, or that we did not let in.
type credentialError struct {
	reason string
	// refused is a login that the host turned down: it may keep count of them.
	refused bool
}

func (e *credentialError) Error() string { return e.reason }

// authenticate logs in to a daemon that wants SASL, before the client library,
// which does not know it, sees the connection. It does nothing, and asks who we
// are not, for a daemon that does not want it. Readable is a stream that others
// may read.
func authenticate(ctx context.Context, stream net.Conn, who func() (credentials, error), readable bool) error {
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	defer stop()
	err := (&saslTalk{stream: stream}).login(who, readable)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// saslTalk is the part of libvirt's protocol that comes before everything else.
type saslTalk struct {
	stream net.Conn
	serial uint32
}

func (t *saslTalk) login(who func() (credentials, error), readable bool) error {
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
		var refusal *credentialError
		if !errors.As(err, &refusal) || !refusal.refused {
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
func (t *saslTalk) begin() ([]string, error) {
	reply, err := t.call(procedureSASLInit, nil)
	if err != nil {
		return nil, err
	}
	offered := strings.Split(reply.text(), ",")
	return offered, reply.err
}

// exchange logs in by a mechanism.
func (t *saslTalk) exchange(name string, m mechanism) error {
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
	return &protocolError{reason: "SASL does not come to an end"}
}

// call makes one call and reads its reply.
func (t *saslTalk) call(procedure uint32, payload []byte) (*xdr, error) {
	t.serial++
	h := header{headerSize + uint32(len(payload)), programRemote, protocolVersion, procedure, 0, t.serial, 0}
	if _, err := t.stream.Write(append(h.encode(), payload...)); err != nil {
		return nil, &lostError{cause: err}
	}
	var raw [headerSize]byte
	if _, err := io.ReadFull(t.stream, raw[:4]); err != nil {
		return nil, &lostError{cause: err}
	}
	if err := checkLength([4]byte(raw[:4])); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(t.stream, raw[4:]); err != nil {
		return nil, &lostError{cause: cut(err)}
	}
	got := parseHeader(&raw)
	switch err := got.check(); {
	case err != nil:
		return nil, err
	case got.length > maxAuthFrame:
		return nil, &protocolError{reason: fmt.Sprintf("it sends %d bytes before anybody has logged in", got.length)}
	case got.program != programRemote || got.kind != typeReply || got.procedure != procedure || got.serial != t.serial:
		return nil, &protocolError{reason: "it answers another call than was made"}
	}
	body := make([]byte, got.length-headerSize)
	if _, err := io.ReadFull(t.stream, body); err != nil {
		return nil, &lostError{cause: cut(err)}
	}
	reply := &xdr{rest: body}
	if got.status == statusError {
		return nil, refusedLogin(reply)
	}
	return reply, nil
}

// refusedLogin is libvirt's refusal of a login.
func refusedLogin(reply *xdr) error {
	code, _, given := reply.word(), reply.word(), reply.word()
	message := "no reason given"
	if given != 0 {
		message = reply.text()
	}
	if reply.err != nil {
		return reply.err
	}
	if libvirt.ErrorNumber(code) == libvirt.ErrAuthFailed {
		return &credentialError{reason: "libvirt refuses the user name or the password (" + shown(message) + ")", refused: true}
	}
	return libvirt.Error{Code: code, Message: message}
}

// xdr reads what a daemon encoded (RFC 4506). The first error stays.
type xdr struct {
	rest []byte
	err  error
}

func (x *xdr) take(n uint32) []byte {
	if x.err == nil && uint64(n) > uint64(len(x.rest)) {
		x.err = &protocolError{reason: "malformed reply to the login"}
	}
	if x.err != nil {
		return nil
	}
	taken := x.rest[:n]
	x.rest = x.rest[n:]
	return taken
}

func (x *xdr) word() uint32 {
	if b := x.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (x *xdr) words() []uint32 {
	var words []uint32
	for n := x.word(); n > 0 && x.err == nil; n-- {
		words = append(words, x.word())
	}
	return words
}

func (x *xdr) text() string {
	n := x.word()
	text := x.take(n)
	x.take(-n % 4)
	return string(text)
}

// chars are bytes that take four bytes each.
func (x *xdr) chars() []byte {
	var chars []byte
	for n := x.word(); n > 0 && x.err == nil; n-- {
		chars = append(chars, byte(x.word()))
	}
	return chars
}

func appendWord(b []byte, word uint32) []byte { return binary.BigEndian.AppendUint32(b, word) }

func appendText(b []byte, text string) []byte {
	b = append(appendWord(b, uint32(len(text))), text...)
	return append(b, make([]byte, -uint(len(text))%4)...)
}

func appendChars(b, chars []byte) []byte {
	b = appendWord(b, uint32(len(chars)))
	for _, c := range chars {
		b = appendWord(b, uint32(c))
	}
	return b
}
