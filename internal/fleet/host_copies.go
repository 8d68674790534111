package fleet

import (
	"context"
	"iter"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// HostCopies yields each host's copy of a level's record as soon as the host has answered; a
// host that has none is left out. The error is that of a host that cannot be asked.
func (f *Fleet) HostCopies(ctx context.Context, level host.Level) iter.Seq2[Copy, error] {
	type answer struct {
		copy Copy
		err  error
	}
	return func(yield func(Copy, error) bool) {
		for _, a := range answers(ctx, f.hosts, func(ctx context.Context, h *host.Host) answer {
			c, err := hostCopy(ctx, h, level)
			return answer{c, err}
		}) {
			if (a.err != nil || a.copy.Document != nil) && !yield(a.copy, a.err) {
				return
			}
		}
	}
}
