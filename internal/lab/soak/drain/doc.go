// Package drain empties a host of a lab and fills it again, while the run that does it is killed at random moments:
// each time the next run goes on. No guest may be lost, run twice or stand still for long, and none may be moved away
// twice.
//
// `make test` kills a few runs of four guests on three hosts, `make soak VIRT_SOAK=drain` twenty of fifteen on five.
package drain
