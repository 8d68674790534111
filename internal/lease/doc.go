// Package lease is what runs of this provider, which know nothing of each other, leave on a host for each other to
// read: the leases of places for migrations, and the tickets of the moves that wait for one. It decides from that, and
// from the migrations that run, who may have the next place. It is pure: package places
// reads and writes.
package lease
