// Package soak moves guests of a lab back and forth between two hosts, many times, in both modes.
//
// One is busy with its memory, and some of its moves are called off at a random moment. After every move the guest must
// run on exactly one host, must have stood still no longer than libvirt says it did, and must have missed no heartbeat;
// nothing may be left of the move: no domain, no job, no connection, no goroutine.
//
// Another one writes to disks that its hosts do not share, and most of its moves go wrong: they are cancelled, the link
// is cut, a daemon or the client is killed, the destination is full, or has another file in the place of a disk. After
// every move the guest must also have lost no write, no file may have changed that is no move's, and the guest's
// history must explain every file that is there.
//
// `make test` makes a few moves of each; `make soak` makes a hundred of the first, `make soak VIRT_SOAK=disks` two
// hundred of the second.
package soak
