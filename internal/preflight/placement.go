package preflight

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// placementCheck looks whether the destination has the CPUs and NUMA nodes that the guest is
// bound to.
type placementCheck struct{}

// PinnedCPUsMissing is a host without CPUs that something of the guest, Pin, is bound to: without
// all of them where All is true.
type PinnedCPUsMissing struct {
	Pin Pin
	All bool
}

// Problem implements migration.Fact.
func (PinnedCPUsMissing) Problem() string { return "no such CPUs" }

// NodesMissing is a host without NUMA nodes that memory of the guest, Pin, is bound to.
type NodesMissing struct{ Pin Pin }

// Problem implements migration.Fact.
func (NodesMissing) Problem() string { return "no such NUMA nodes" }

func (placementCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.CPUPins)+len(s.guest.NodePins) == 0 {
		return nil, nil
	}
	host, err := s.Destination.Capabilities(ctx)
	switch {
	case err != nil:
		return nil, unasked(s.destination(), "", err)
	case len(host.CPUs) == 0 || len(host.Nodes) == 0:
		return nil, unknowable(s.destination(), "CPUs and NUMA nodes")
	}
	var found []migration.Finding
	for _, p := range s.guest.CPUPins {
		// The kernel binds to those that there are; libvirt may write the whole set to a cgroup, which it refuses.
		if there, all := within(p.Set, host.CPUs); !all {
			found = append(found, migration.Finding{
				Fact: PinnedCPUsMissing{p, !there}, Host: s.destination(), Device: p.What, Warning: there,
			})
		}
	}
	for _, p := range s.guest.NodePins {
		if _, all := within(p.Set, host.Nodes); !all {
			found = append(found, migration.Finding{Fact: NodesMissing{p}, Host: s.destination(), Device: p.What})
		}
	}
	return found, nil
}

// within tells whether one of a set, such as "0-3,^2,8", and whether all of it are among the
// IDs. What cannot be read as a set is taken for there.
func within(set string, ids []int) (one, all bool) {
	wanted := map[int]bool{}
	for part := range strings.SplitSeq(set, ",") {
		part, out := strings.CutPrefix(strings.TrimSpace(part), "^")
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 16)
		last, err2 := strconv.ParseUint(to, 10, 16)
		if err != nil || err2 != nil {
			return true, true
		}
		for id := first; id <= last; id++ {
			wanted[int(id)] = !out
		}
	}
	all = true
	for id, want := range wanted {
		if want {
			there := slices.Contains(ids, id)
			one, all = one || there, all && there
		}
	}
	return one, all
}
