package rpc

import (
	"encoding/binary"
	"fmt"
)

// Sizes of a frame of libvirt's RPC protocol (virnetprotocol.x): a length word
// that counts itself, six header words, the payload.
const (
	headerSize = 28
	// maxFrame is VIR_NET_MESSAGE_MAX, the most that libvirt itself accepts,
	// plus the length word.
	maxFrame = 32<<20 + 4
)

// Programs, types and statuses of the protocol.
const (
	programRemote    = 0x20008086
	programQEMU      = 0x20008087
	programKeepalive = 0x6b656570

	protocolVersion = 1

	typeReply   = 1
	typeMessage = 2

	statusOK    = 0
	statusError = 1

	procedurePing = 1
	procedurePong = 2
)

// header is the fixed part of a frame.
type header struct {
	length    uint32
	program   uint32
	version   uint32
	procedure uint32
	kind      uint32
	serial    uint32
	status    uint32
}

func parseHeader(b *[headerSize]byte) header {
	word := func(i int) uint32 { return binary.BigEndian.Uint32(b[4*i:]) }
	return header{word(0), word(1), word(2), word(3), word(4), word(5), word(6)}
}

func (h header) encode() []byte {
	var b []byte
	for _, word := range []uint32{h.length, h.program, h.version, h.procedure, h.kind, h.serial, h.status} {
		b = binary.BigEndian.AppendUint32(b, word)
	}
	return b
}

// checkLength checks the first word alone, to recognise a peer that speaks another
// protocol by its first four bytes.
func checkLength(word [4]byte) error {
	if n := binary.BigEndian.Uint32(word[:]); n < headerSize || n > maxFrame {
		return &ProtocolError{Reason: fmt.Sprintf("bad frame length (%q)", word[:])}
	}
	return nil
}

// check tells whether a client that takes neither streams nor file descriptors
// can receive the frame.
func (h header) check() error {
	switch {
	case h.program != programRemote && h.program != programQEMU && h.program != programKeepalive:
		return &ProtocolError{Reason: fmt.Sprintf("unknown program %#x", h.program)}
	case h.version != protocolVersion:
		return &ProtocolError{Reason: fmt.Sprintf("unknown protocol version %d", h.version)}
	case h.kind != typeReply && h.kind != typeMessage:
		return &ProtocolError{Reason: fmt.Sprintf("unexpected message type %d", h.kind)}
	}
	return nil
}
