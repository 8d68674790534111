// Package transport opens the stream to a libvirt daemon that a URI names, as
// libvirt's own clients do: over a socket of this machine, TCP, TLS, the machine's
// ssh, or SSH inside this process. It does not know what is said over the stream.
//
// It promises:
//
//   - [Parse] reads a URI once and finds everything that is wrong with it. An
//     [Endpoint] that it returned can be dialled.
//   - [Endpoint.Dial] ends with its context, except while it reads files. Closing
//     the stream ends everything that was started for it.
//   - A failure is an [*Error] that says what happened, what to do, and how long the
//     failure lasts; over SSH and TLS it may be the error of the first read or write.
//     Errors hold no passwords; of users only the one that the URI names.
//   - It asks no questions, and trusts no host unless the URI says so.
//
// The paths, the parameters of a URI, the default ports and the command that is run
// over SSH are libvirt's. A transport is one file with a parse function, a line in
// transports, and a file for the causes of its failures where they need one.
package transport
