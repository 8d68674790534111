// Package history says what is kept of a VM's moves with the VM: the last of them, newest
// first, as one JSON document in the domain's metadata, where it travels with the VM.
//
// The package is pure: it talks to nothing, and imports policy, forecast and definition only.
package history
