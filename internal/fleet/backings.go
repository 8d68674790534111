package fleet

import (
	"context"
	"slices"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// backings are the sizes of the huge pages that back VMs, in KiB, by UUID: 0 for ordinary memory. Only the definition
// tells, and what runs keeps its own: each is read once. It is safe for concurrent use.
type backings struct {
	mu    sync.Mutex
	sizes map[string]uint64
}

// of are those of the domains of a host that has huge pages. What cannot be read is taken for ordinary memory.
func (b *backings) of(ctx context.Context, h *host.Host, domains []host.DetailedDomain) map[string]uint64 {
	sizes, unread := map[string]uint64{}, []string{}
	b.mu.Lock()
	for _, d := range domains {
		size, known := b.sizes[d.UUID]
		switch {
		case known:
			sizes[d.UUID] = size
		case d.Active() && d.State != migration.StateIncoming:
			unread = append(unread, d.UUID)
		}
	}
	b.mu.Unlock()
	for batch := range slices.Chunk(unread, recordReaders) {
		for i, size := range each(batch, func(uuid string) *uint64 { return backingOf(ctx, h, uuid) }) {
			if size != nil {
				sizes[batch[i]] = *size
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sizes == nil {
		b.sizes = map[string]uint64{}
	}
	for uuid, size := range sizes {
		b.sizes[uuid] = size
	}
	return sizes
}

// backingOf is the size of the huge pages that back a domain; nil where that cannot be read. Of a VM with pages of
// several sizes it is the first.
func backingOf(ctx context.Context, h *host.Host, uuid string) *uint64 {
	definition, err := h.DomainXML(ctx, uuid)
	if err != nil {
		return nil
	}
	guest, err := preflight.Parse(definition)
	switch {
	case err != nil:
		return nil
	case len(guest.HugePages) == 0:
		return new(uint64)
	case guest.HugePages[0].SizeKiB == 0: // the host's default, which libvirt does not tell: of most, 2 MiB
		return new(uint64(2048))
	}
	return &guest.HugePages[0].SizeKiB
}
