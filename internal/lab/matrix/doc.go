// Package matrix tries the provider on libvirt hosts of other Debian releases than the machine's, and beside another
// provider that manages the same VM. The hosts run from root trees that internal/lab/trees/tree.sh makes.
//
// `make test` runs TestPolicy, on each release whose tree is there. `make matrix` makes the trees, sets
// VIRT_MATRIX=all and runs all of this package, and tests of other packages on hosts of each release: see
// internal/lab/cmd/matrix.
package matrix
