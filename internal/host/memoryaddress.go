package host

import (
	"slices"
	"strings"
)

// memoryRefused tells a failure of the connection that memory is sent over. In
// libvirt's words it looks like any other; but once the other host's libvirt was
// reached, it is the only one that is made: by libvirt itself, or by QEMU for
// parallel connections.
func memoryRefused(e *Error) bool {
	return slices.ContainsFunc([]string{
		"unable to connect to server at '",
		"Unable to resolve address '",
		"Failed to connect to '",
		"address resolution failed for ",
	}, func(failure string) bool { return strings.Contains(e.Message, failure) })
}
