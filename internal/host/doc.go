// Package host is one libvirt host: its connections, its domains, the policy
// records kept on it and its part in a migration. It implements what package
// migration asks of a host. Package transport makes the stream to the daemon,
// package rpc speaks over it.
//
// It promises:
//
//   - Every call ends by its deadline ([Deadlines]) or its context, and every
//     failure is an [*Error] that matches the sentinels of package migration and of
//     this one, with a message fit to be shown.
//   - A call that changes something is repeated only where it is certain that it had
//     no effect. Where nobody can know, the error matches [ErrOutcomeUnknown].
//   - A host that refused a login is not asked again for ten minutes, so that no
//     account is locked.
//   - [Host.Close] ends everything that the host started. Migrations that libvirt
//     drives go on.
//
// A Host has one control connection, dialled when first used and again after
// it was lost, for everything that answers soon; and one work connection for
// each running migration, because a migration occupies one of the five calls
// that libvirtd executes for a client at a time. A connection that has once failed
// is thrown away whole, never repaired.
package host
