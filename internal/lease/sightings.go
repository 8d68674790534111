package lease

import "time"

// Sightings are the leases that one observer has seen, to tell those that nobody renews. Clocks of two machines may
// differ, so it goes by its own: a lease whose description stays the same for a Life is stale, and for half of one
// where it says itself that it has expired. Of a run on another machine nothing tells sooner that it has ended: one
// that is slow, or stopped for a while, looks the same. The zero value is ready for use.
type Sightings struct {
	seen map[string]sighting // by the lease's UUID
}

type sighting struct {
	description string
	since       time.Time
	ended       time.Time // since when its run is known to have ended; zero where it is not
}

// Settled is for how long a lease counts of a run that has ended: what it has asked of the host last may begin yet.
const Settled = 2 * time.Second

// Stale notes what a lease says now, and tells whether nobody renews it. ended is true where its run has certainly
// ended.
func (s *Sightings) Stale(uuid, description string, ended bool, now time.Time) bool {
	if s.seen == nil {
		s.seen = map[string]sighting{}
	}
	seen := s.seen[uuid]
	if seen.description != description || seen.since.IsZero() {
		seen = sighting{description: description, since: now}
	}
	if ended && seen.ended.IsZero() {
		seen.ended = now
	}
	s.seen[uuid] = seen
	unchanged := now.Sub(seen.since)
	expired := now.After(Decode(description).Expires)
	return unchanged >= Life || expired && unchanged >= Life/2 || ended && now.Sub(seen.ended) >= Settled
}
