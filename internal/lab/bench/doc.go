// Package bench measures how fast the provider is at the size of a fleet. Every figure is a ratio between what the
// provider takes and something that is measured beside it, in the same run and on the same machine: the same work by a
// provider that does nothing, by virsh, or by the client library alone. What stands beside each other takes turns, so
// that whatever else the machine does hits both, and the medians are compared.
//
// Each row of the table is a type in a file of its own. `make bench` runs all of them:
//
//	go run ./internal/lab/cmd/bench [-only REGEXP] [-n VMS] [-rounds N] [-o DIRECTORY]
package bench
