// Package refusal knows what libvirt and QEMU mean when they refuse a migration, or end
// one: a table from libvirt's error domain, code and words to a kind. Many refusals share
// a code, and QEMU's have none of their own; for these, words of the message decide. A
// message that is translated, or reworded by another release, is then of no known kind.
//
// The package is pure. Package host looks up each error of a daemon; package explain has
// a sentence and a remedy for each kind.
package refusal
