// Package explain turns facts into what an operator reads: of an error its
// summary and detail (what happened, on which host, where the VM is now and
// whether it runs, what to do), the warnings of a plan or a move, and the lines of
// its progress. The packages below carry the facts, each as a typed error or finding
// whose Error is one short line; their wording is decided here, and only here. Only
// the provider uses this package: it decides which attribute a text belongs to.
//
// Every exported error type of fleet, migration and host has a sentence of its
// own; a test finds one that has not. The package asks nobody and changes nothing.
package explain
