// Package placement says which host a VM goes to, and in which order a host is emptied: pure decisions over what the
// hosts have said, each with its reasons, and a checker of their own.
//
// The package is pure: it talks to nothing, has no clock, and imports nothing of this module.
package placement
