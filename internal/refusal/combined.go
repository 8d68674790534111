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

// ended are the words of a QEMU that libvirt ended, as it does on the destination as soon as
// the source fails: that is a consequence, and no cause.
const ended = "terminating on signal"

// refusal is what made the move fail. What the source refuses makes the destination lose the
// stream; what the destination refuses, or a QEMU that ends there by itself, makes the source
// lose it.
func (c combined) refusal() Refusal {
	source, destination := ofPart(c.source, Source), ofPart(c.destination, Destination)
	byItself := destination.Kind == QEMUEnded && !strings.Contains(c.destination, ended)
	switch {
	case byItself:
		return destination
	case source.Kind != Unknown && source.Kind != MemoryLost, destination.Kind == QEMUEnded, destination.Kind == Unknown:
		return source
	default:
		return destination
	}
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
