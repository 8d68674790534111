// Package host is one libvirt host: its connections, its domains, the policy records
// kept on it and its part in a migration. It implements the interfaces of package
// migration. Package transport opens the stream to the daemon, package rpc speaks over
// it.
//
// It promises:
//
//   - Every call ends by its deadline ([Deadlines]) or its context, and every
//     failure is an [*Error] that matches the sentinels of package migration and of
//     this one, with a sanitized message.
//   - A call that changes something is repeated only if it certainly had no effect.
//     If that is unknown, the error matches [ErrOutcomeUnknown].
//   - A host that refused a login is not asked again for ten minutes, so that no
//     account is locked.
//   - [Host.Close] ends everything that the host started. Migrations that libvirt
//     drives go on.
//
// A Host has one control connection for short calls, dialled on first use and again
// after a loss, and one work connection for each running migration, and for each start and
// managed save of a domain: such a call occupies one of the five that libvirtd executes for a
// client at a time. A failed connection is replaced, never repaired.
package host
