// Package transport opens the stream to a libvirt daemon that a URI names, as
// libvirt's own clients do: over a socket of this machine, TCP, TLS, the machine's
// ssh, or SSH inside this process. It does not know what is said over the stream.
//
// It promises:
//
//   - [Parse] reads a URI once and finds whatever is wrong with it. An [Endpoint]
//     that it returned can be dialled; what can go wrong from then on is the way to
//     the daemon.
//   - [Endpoint.Dial] ends with its context but for the reading of files, and
//     closing the stream ends everything that was started for it.
//   - A failure is an [*Error] that says what happened and what to do, and how long
//     it is going to last; over SSH and TLS it may be the error of the first read
//     or write. Errors hold no passwords and no users.
//   - No question is asked of anybody, and no host is trusted that the URI does not
//     say to trust.
//
// The paths, the parameters of a URI, the default ports and the command that is run
// over SSH are libvirt's. A transport is one file with a parse function, a line in
// transports, and a file for the causes of its failures where they need one.
package transport
