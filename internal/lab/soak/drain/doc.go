// Package drain empties a host of a lab and fills it again, while the run that does it is killed at random moments:
// each time the next run goes on. No guest may be lost, run twice or stand still for long, and none may be moved away
// twice. The other hosts have memory for the guests of the emptied one, and for hardly more: by their QEMUs alone, no
// host may ever have been promised more than it has, and no more may leave or enter it at a time than its limits say.
//
// `make test` kills a few runs of four guests on three hosts, `make soak VIRT_SOAK=drain` twenty of fifteen on five.
package drain
