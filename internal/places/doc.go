// Package places gives moves their places: the right to one of a limited number of migrations from a host, and to one.
//
// It promises:
//
//   - The limits hold over all runs and tools: of places that are leased on the hosts and of migrations that run there,
//     whoever started them, there are never more than may be. Other tools heed nothing, and may start one too many.
//   - Places go to who came first, of those that can use them: in this run, and on each host over all runs. A move that
//     another host keeps waiting is passed, but not for ever.
//   - A VM moves once at a time, in this run and in others.
//   - A place is renewed as long as its move lasts; that of a run which was killed is taken over.
//   - Every call ends by its context or by the deadline of its host, and whoever leaves or gives up leaves nothing
//     behind.
//
// Package lease decides, from what hosts say; this one asks them, and holds.
package places
