// Package clientconfig reads what libvirt's own clients are configured by: the
// aliases and the default URI of libvirt.conf, the credentials of auth.conf, and
// the paths of certificates and of the user's files.
//
// The files are those that virsh reads: the same names, in the same order, for root and
// for ordinary users. The user's files are found by HOME and the XDG variables, and not
// at all if these are unset or relative. Errors never quote a file: it may hold a
// password.
//
// The package touches no network and knows no transport.
package clientconfig
