package lease

import "time"

// Sightings are the leases that one observer has seen, to tell those that nobody renews. Clocks of two machines may
// differ, so it goes by its own: a lease whose description stays the same for a Life is stale, and for half of one
// where it says itself that it has expired. Of a run on another machine nothing tells sooner that it has ended: one that
// is slow, or stopped for a while, looks the same. The zero value is ready for use.
type Sightings struct {
	seen map[string]sighting // by the lease's UUID
}

type sighting struct {
	description string
	since       time.Time
}

// Settled is for how long a lease counts of a run that has ended: what it has asked of the host last may begin yet.
const Settled = 2 * time.Second

// Stale notes what a lease says now, and tells whether nobody renews it. ended tells whether its run has certainly ended.
func (s *Sightings) Stale(uuid, description string, ended bool, now time.Time) bool {
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
	return unchanged >= Life || ended && unchanged >= Settled || expired && unchanged >= Life/2
}
