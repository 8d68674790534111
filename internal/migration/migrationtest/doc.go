// Package migrationtest is a scriptable fake of libvirt hosts for tests of what
// uses the migration engine: a World of hosts, a domain that moves between them
// as a Script says, and faults for single calls and whole hosts.
//
// It knows no more of libvirt than the engine relies on, and refuses what
// libvirt refuses: a broken chain of cookies, a second job, the end of a job in
// post-copy. Time is that of package time, so that under testing/synctest hours
// pass in no time.
package migrationtest
