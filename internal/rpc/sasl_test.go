package rpc

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// loginTo logs in to a peer that answers each call by the next frame, and then
// hangs up.
func loginTo(t *testing.T, readable bool, frames ...string) error {
	t.Helper()
	near, far := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer far.Close()
		for _, frame := range frames {
			var raw [headerSize]byte
			if _, err := io.ReadFull(far, raw[:]); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, far, int64(binary.BigEndian.Uint32(raw[:]))-headerSize); err != nil {
				return
			}
			if _, err := io.WriteString(far, frame); err != nil {
				return
			}
		}
	}()
	defer func() {
		_ = near.Close()
		<-ended
	}()
	return Authenticate(t.Context(), near, func() (Credentials, error) { return Credentials{"fred", "s3cret"}, nil }, readable)
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	answer := func(procedure, serial, status uint32, payload []byte) string {
		return frame(header{program: programRemote, version: protocolVersion, procedure: procedure, kind: typeReply, serial: serial, status: status}, string(payload))
	}
	wanted := answer(procedureAuthList, 1, statusOK, rpctest.Words(1, authSASL))
	plain := answer(procedureSASLInit, 2, statusOK, rpctest.Text("PLAIN"))
	accepted := rpctest.Words(1, 1, 0) // complete, no challenge
	refused := append(rpctest.Words(uint32(libvirt.ErrAuthFailed), 0, 1), rpctest.Text("no such user")...)
	for name, test := range map[string]struct {
		readable bool
		frames   []string
		want     any // a pointer to the type of the error, or the error; nil is success
	}{
		"no login wanted":        {false, []string{answer(procedureAuthList, 1, statusOK, rpctest.Words(0))}, nil},
		"accepted":               {false, []string{wanted, plain, answer(procedureSASLStart, 3, statusOK, accepted)}, nil},
		"refused":                {false, []string{wanted, plain, answer(procedureSASLStart, 3, statusError, refused)}, new(*LoginError)},
		"exposed":                {true, []string{wanted, plain}, ErrLoginExposed},
		"hangs up":               {false, nil, new(*LostError)},
		"hangs up in the middle": {false, []string{wanted, plain[:headerSize+2]}, new(*LostError)},
		"another protocol":       {false, []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}, new(*ProtocolError)},
		"another call":           {false, []string{answer(procedureSASLInit, 1, statusOK, nil)}, new(*ProtocolError)},
		"more than is allowed":   {false, []string{answer(procedureAuthList, 1, statusOK, make([]byte, maxAuthFrame))[:headerSize]}, new(*ProtocolError)},
		"fewer than it says":     {false, []string{answer(procedureAuthList, 1, statusOK, rpctest.Words(1<<31))}, new(*ProtocolError)},
	} {
		err := loginTo(t, test.readable, test.frames...)
		switch want := test.want.(type) {
		case nil:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case error:
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
		default:
			if !errors.As(err, want) {
				t.Errorf("%s: got %v, want a %T", name, err, want)
			}
		}
	}
	var other libvirt.Error
	err := loginTo(t, false, answer(procedureAuthList, 1, statusError, rpctest.Words(uint32(libvirt.ErrInternalError), 0, 0)))
	if !errors.As(err, &other) || other.Code != uint32(libvirt.ErrInternalError) {
		t.Errorf("got %v, want the daemon's error", err)
	}
	var login *LoginError
	err = loginTo(t, false, wanted, plain, answer(procedureSASLStart, 3, statusError, refused))
	if !errors.As(err, &login) || !login.Refused || login.Said != "no such user" || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %+v", err)
	}
}

// Whoever gives up is not kept by a daemon that does not answer.
func TestAuthenticateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer far.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = far.Read(make([]byte, headerSize)) // it was asked
		cancel()
	}()
	err := Authenticate(ctx, near, func() (Credentials, error) { return Credentials{}, nil }, false)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
