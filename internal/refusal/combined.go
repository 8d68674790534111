package refusal

import "strings"

// The words that libvirt puts before what each host said, where a move fails on both
// (qemuMigrationSrcPerformPeer2Peer3). The source reports both as one operationFailed.
const (
	sourcePart      = "migration failed. Message from the source host: "
	destinationPart = " Message from the destination host: "
)

// combined is a message of both hosts, without the code that either had.
type combined struct{ source, destination string }

// split is ok for a message of both hosts.
func split(code Code, message string) (c combined, ok bool) {
	_, both, ok := strings.Cut(message, sourcePart)
	if !ok || code != operationFailed {
		return combined{}, false
	}
	c.source, c.destination, ok = strings.Cut(both, destinationPart)
	return c, ok
}

// refusal is what made the move fail. What the destination refuses is the cause of what the
// source sees, but for a QEMU that ended: libvirt ends it there as soon as the source fails.
func (c combined) refusal() Refusal {
	source, destination := ofPart(c.source, Source), ofPart(c.destination, Destination)
	if destination.Kind != Unknown && destination.Kind != QEMUEnded || source.Kind == Unknown {
		return destination
	}
	return source
}

// ofPart is what the message of one host means.
func ofPart(message string, teller Party) Refusal {
	r := lookUp(anywhere, codeOf(message), message)
	if r.Kind != Unknown && r.Party == Teller {
		r.Party = teller
	}
	return r
}

// codeOf is the code of a message that came without it. libvirt begins a message with the words
// of its code (virErrorMsgStrings), but that of a systemError, which has none.
func codeOf(message string) Code {
	for code, begin := range beginnings {
		if strings.HasPrefix(message, begin+": ") {
			return code
		}
	}
	return systemError
}

// beginnings are the words of the codes that a move's failure in the midst of it may have.
var beginnings = map[Code]string{
	internalError:        "internal error",
	operationFailed:      "operation failed",
	operationInvalid:     "Requested operation is not valid",
	operationUnsupported: "Operation not supported",
	operationAborted:     "operation aborted",
	operationTimeout:     "Timed out during operation",
	argumentUnsupported:  "argument unsupported",
	configUnsupported:    "unsupported configuration",
	invalidArg:           "invalid argument",
	noDomain:             "Domain not found",
	resourceBusy:         "resource busy",
}
