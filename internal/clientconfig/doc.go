// Package clientconfig reads what libvirt's own clients are configured by: the
// aliases and the default URI of libvirt.conf, the credentials of auth.conf, and
// the places of certificates and of the user's files.
//
// A file counts here exactly where it counts for virsh: the same names, in the same
// order, for root and for ordinary users. What is the user's is looked for where
// HOME and the XDG variables say, and nowhere where they are not set or relative.
// Errors never quote a file: it may hold a password.
//
// The package touches no network and knows no transport.
package clientconfig
