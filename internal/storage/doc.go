// Package storage decides what becomes of a VM's disks in a move between hosts that do not
// share all storage: which are copied, into what, and which are left to the destination,
// because it sees the same ones.
//
// The package is pure: others ask hosts for the facts, and carry out what is decided. It goes
// by what is proved and never by what is likely: what is not known is refused
// (docs/adr/026-only-what-is-proved-shared-is-not-copied.md).
package storage
