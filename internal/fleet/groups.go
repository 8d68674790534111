package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// groups are the anti-affinity groups of all VMs that are active, by UUID, as their records say. They are believed
// for as long as a census: a plan of many moves asks for them once. It is safe for concurrent use.
type groups struct {
	reading sync.Mutex // held by who reads, and who waits for that
	at      time.Time
	all     map[string]string
}

// group notes of each VM which anti-affinity group it is in. One whose record cannot be read is in none.
func (f *Fleet) group(ctx context.Context, vms []placement.VM) {
	f.groups.reading.Lock()
	defer f.groups.reading.Unlock()
	if f.groups.all == nil || time.Since(f.groups.at) > censusAge {
		f.groups.at, f.groups.all = time.Now(), f.readGroups(ctx)
	}
	for i, vm := range vms {
		vms[i].Group = f.groups.all[vm.UUID]
	}
}

// readGroups asks all hosts for the records of their active VMs.
func (f *Fleet) readGroups(ctx context.Context) map[string]string {
	all := map[string]string{}
	for _, r := range each(f.hosts, func(h *host.Host) roll { return callRoll(ctx, h, migration.Domain.Active) }) {
		for uuid, record := range r.records {
			if group := record.group(); group != "" {
				all[uuid] = group
			}
		}
	}
	return all
}

// groupOf is the anti-affinity group of one VM; empty for none, and where its record cannot be read.
func (f *Fleet) groupOf(ctx context.Context, l Location) string {
	record, ok := f.asSeen(ctx, l)
	if !ok {
		return ""
	}
	return record.group()
}

// group is the anti-affinity group that the record names.
func (r VMRecord) group() string {
	if len(r.Copies) == 0 {
		return ""
	}
	if group := r.Copies[0].Record.Policy.AntiAffinityGroup; group != nil {
		return *group
	}
	return ""
}
