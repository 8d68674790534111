package instance

import (
	"context"
	"slices"
	"time"
)

// Release is whether this run takes a host out of the cluster that it is in.
type Release int

const (
	// ReleaseUnknown is that of a host of which nothing was heard, where that means nothing:
	// too many plans wait already, or others are still made when the wait ends.
	ReleaseUnknown Release = iota
	// Released is that of a host that a plan takes out of its cluster.
	Released
	// Kept is that of a host that no plan takes out of its cluster.
	Kept
)

// releaseQuiet is the time without news after which no plan releases a host any more. It
// is as long as a write waits for that.
const releaseQuiet = 5 * time.Second

// Leave notes hosts that a plan takes out of a cluster.
func (c *Changes) Leave(hosts []string) {
	c.change(func(int) {
		for _, host := range hosts {
			c.leaving[host] = true
		}
	})
}

// Releases waits for plans that take hosts out of their clusters, for which Terraform has
// no order, up to 30 s. It returns what became of each host.
func (c *Changes) Releases(ctx context.Context, hosts []string) map[string]Release {
	if c == nil || len(hosts) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	remains := ReleaseUnknown
	if c.awaiting < mostBlocked {
		c.awaiting++
		defer func() { c.awaiting-- }()
		ctx, cancel := context.WithTimeout(ctx, mostWait)
		defer cancel()
		left := func(host string) bool { return !c.leaving[host] }
		for slices.ContainsFunc(hosts, left) && c.hearsWithin(ctx, releaseQuiet) {
		}
		if ctx.Err() == nil { // else there was news to the end, and more plans may come
			remains = Kept
		}
	}
	releases := map[string]Release{}
	for _, host := range hosts {
		releases[host] = remains
		if c.leaving[host] {
			releases[host] = Released
		}
	}
	return releases
}
