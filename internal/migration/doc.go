// Package migration knows how a running virtual machine moves between two
// libvirt hosts under a policy: which parameters libvirt is given, how the job
// is watched, when it is stalled or out of time, what is done then, and how the
// outcome is verified on both hosts before anything is claimed.
//
// The package is pure: it declares the small interfaces it needs of a host
// (see hypervisor.go) and imports nothing but the policy. It does not log; it
// returns typed facts and reports progress through a callback. Package explain
// has the words for them.
package migration
