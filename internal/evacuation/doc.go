// Package evacuation says what becomes of the VMs of a host that is emptied, and which of them come back. It decides
// from what the hosts say now, and keeps nothing: a run that goes on where another was killed decides the same.
//
// The package is pure: it talks to nothing. Where a VM goes is for package placement.
package evacuation
