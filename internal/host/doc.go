// Package host is one libvirt host: the way to its daemon, its domains, the
// policy records kept on it and its part in a migration. It implements what
// package migration asks of a host, and nothing else in this module imports
// the libvirt client library.
//
// That library knows no deadline and no context, trusts every byte it receives
// and hangs on a daemon that does not answer. So every connection runs behind a
// guard (guard.go) that checks each reply whole before the library sees it, and
// every call (conn.go) has a deadline. A connection that has once failed is thrown
// away whole, never repaired.
//
// A Host has one control connection, dialled when first used and again after
// it was lost, for everything that answers soon; and one work connection for
// each running migration, because a migration occupies one of the five calls
// that libvirtd executes for a client at a time.
package host
