package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// hugePagesCheck looks whether the destination has as many free huge pages as back the
// guest's memory. It only warns: libvirt does not tell whether the kernel may add pages to
// those of its pool (vm.nr_overcommit_hugepages).
type hugePagesCheck struct{}

// HugePagesShort is a host that has Free huge pages of a size, of Total, where the guest
// takes Need.
type HugePagesShort struct{ SizeKiB, Need, Free, Total uint64 }

// Problem implements migration.Fact.
func (HugePagesShort) Problem() string { return "huge pages short" }

func (hugePagesCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.HugePages) == 0 {
		return nil, nil
	}
	page := s.guest.HugePages[0]
	if len(s.guest.HugePages) > 1 || page.Nodes != "" {
		return nil, unknowable(s.destination(), "huge pages by NUMA node")
	}
	host, err := s.Destination.Capabilities(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	if page.SizeKiB == 0 { // the host's default, which libvirt does not tell
		var sizes []uint64
		for size, total := range host.Pages {
			if total > 0 {
				sizes = append(sizes, size)
			}
		}
		switch len(sizes) {
		case 0:
			return []migration.Finding{{Fact: HugePagesShort{}, Host: s.destination(), Warning: true}}, nil
		case 1:
			page.SizeKiB = sizes[0]
		default:
			return nil, unknowable(s.destination(), "the default size of huge pages")
		}
	}
	short := HugePagesShort{
		SizeKiB: page.SizeKiB, Total: host.Pages[page.SizeKiB],
		Need: (s.assessed.Source().Domain.MemoryBytes>>10 + page.SizeKiB - 1) / page.SizeKiB,
	}
	if short.Total >= short.Need {
		free, err := s.Destination.FreePages(ctx, []uint64{page.SizeKiB})
		if err != nil {
			return nil, unasked(s.destination(), "", err)
		}
		short.Free = free[page.SizeKiB]
	}
	if short.Free >= short.Need {
		return nil, nil
	}
	return []migration.Finding{{Fact: short, Host: s.destination(), Warning: true}}, nil
}
