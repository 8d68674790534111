// Package soak moves a busy guest of a lab back and forth between two hosts, many times, in both modes, and cancels
// some of the moves at a random moment. After every move the guest must run on exactly one host, must have stood still
// no longer than libvirt says it did, and must have missed no heartbeat; nothing may be left of the move: no domain, no
// job, no connection, no goroutine.
//
// `make test` makes a few moves; `make soak` makes a hundred.
package soak
