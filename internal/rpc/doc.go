// Package rpc speaks libvirt's RPC protocol over any net.Conn, by means of
// go-libvirt. It knows nothing of transports and of domains, and imports nothing
// of this module.
//
// go-libvirt knows no deadline and no context, trusts every byte it receives,
// hangs on a daemon that does not answer and has no SASL. This package promises:
//
//   - A frame reaches the library only when it is whole, is the reply to a call
//     that waits, and holds what the library is going to decode. A broken or
//     hostile daemon costs a connection, never the process, and memory only in
//     proportion to the bytes that it really sent.
//   - Every call ends with its context or its limit, whatever the daemon does. A
//     caller that leaves early disturbs no other call.
//   - A connection that failed once is never used again. [LostError] tells a call
//     that was never sent from one that may have taken effect.
//   - libvirtd executes five calls of a client at a time. A [Class] says how long
//     a call may wait in the daemon, so that a call that ends a job always finds a
//     slot.
//   - [Authenticate] logs in by SCRAM or PLAIN. It sends no password over a stream
//     that others may read.
//
// Only the calls listed in procedures.go can be made, because only their replies
// can be checked; a new call is one line there. Streams, events and file
// descriptors are not supported. Errors repeat the daemon's text unchanged: sanitize
// it before you show it.
package rpc
