// Package faults moves guests of a lab between real libvirt hosts, through the real Terraform CLI and the built
// provider, while something goes wrong: a QEMU or a daemon dies or falls silent, a link breaks, Terraform is
// interrupted or killed, the configuration is wrong. The guest's own heartbeat is the witness.
//
// A fault is a scenario: an entry of a list in one of the files named after what breaks. It says at which moment of the
// move what happens, and how the move must end. What every move must keep is checked for all of them: the provider's
// last word is true, the VM runs exactly once, nothing is left behind, and the next apply does its work.
//
// `make test` runs those scenarios that are marked always; `make faults` runs all, prints them as a table and writes it
// to a file.
package faults
