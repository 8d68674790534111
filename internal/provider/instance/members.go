package instance

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Members are the hosts of a cluster as this run makes them, of which present have its record
// now. It waits so long for plans that have begun. known is false where they cannot be known,
// or cannot be known again when Terraform plans again in the apply.
func (c *Changes) Members(
	ctx context.Context, cluster string, present []string, wait time.Duration,
) (members []string, known bool) {
	if c == nil {
		return present, true
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.clustersBegin() {
		if !c.hears(ctx) {
			return nil, false
		}
	}
	return c.members(cluster, present)
}

// members is Members; the caller holds the lock.
func (c *Changes) members(cluster string, present []string) (members []string, known bool) {
	in := map[string]bool{}
	for _, host := range present {
		in[host] = true
	}
	known = true
	declared := map[string]bool{} // hosts that a plan puts into a cluster
	for _, change := range c.ofClusters(c.planned) {
		for _, part := range change.parts {
			switch {
			case part.Removed:
			case part.Unknown:
				known = known && part.Of != "" && part.Of != cluster
			default:
				for _, host := range part.Hosts { // which is in one cluster only
					declared[host], in[host] = true, part.Of == cluster
				}
			}
		}
	}
	for _, changes := range []map[Record]*plannedChange{c.planned, c.removals} {
		for _, change := range c.ofClusters(changes) {
			for _, part := range change.parts {
				for _, host := range part.Hosts {
					if !part.Removed || part.Of != cluster || declared[host] || !in[host] {
						continue
					}
					in[host] = false
					known = known && !change.parts[0].Removed // a destroy is not planned again
				}
			}
		}
	}
	maps.DeleteFunc(in, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(in)), known
}

// clustersBegin tells whether the plan of a cluster's policy has begun. The caller holds the lock.
func (c *Changes) clustersBegin() bool {
	for record, begun := range c.begun {
		if begun && record.Level == policy.OriginCluster {
			return true
		}
	}
	return false
}

// ofClusters are the changes to policies of clusters that have not failed, in an order that
// stays. The caller holds the lock.
func (c *Changes) ofClusters(changes map[Record]*plannedChange) []*plannedChange {
	var all []*plannedChange
	for _, record := range slices.SortedFunc(maps.Keys(changes), byRecord) {
		if change := changes[record]; record.Level == policy.OriginCluster && change.stage != failed {
			all = append(all, change)
		}
	}
	return all
}

// clusterPending tells whether this run still changes which hosts are in a cluster. The caller holds
// the lock.
func (c *Changes) clusterPending(name string) bool {
	pending := func(change *plannedChange) bool {
		return change.unwritten() &&
			slices.ContainsFunc(change.parts, func(p Change) bool { return p.Of == name || p.Of == "" })
	}
	return name != "" && (slices.ContainsFunc(c.ofClusters(c.removals), pending) ||
		slices.ContainsFunc(c.ofClusters(c.planned), pending))
}
