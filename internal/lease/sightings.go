package lease

import "time"

// Sightings are the leases that one observer has seen, to tell those that nobody renews. Clocks of two machines may
// differ, so it goes by its own: a lease whose description stays the same for a Life is stale, and for half of one
// where it says itself that it has expired. The zero value is ready for use.
type Sightings struct {
	seen map[string]sighting // by the lease's UUID
}

type sighting struct {
	description string
	since       time.Time
}

// Stale notes what a lease says now, and tells whether nobody renews it.
func (s *Sightings) Stale(uuid, description string, now time.Time) bool {
	before, known := s.seen[uuid]
	if !known || before.description != description {
		if s.seen == nil {
			s.seen = map[string]sighting{}
		}
		s.seen[uuid] = sighting{description, now}
		return false
	}
	unchanged := now.Sub(before.since)
	expired := now.After(Decode(description).Expires)
	return unchanged >= Life || expired && unchanged >= Life/2
}
