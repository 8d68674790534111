package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Memory is the host's total and available memory, in bytes.
func (h *Host) Memory(ctx context.Context) (migration.Memory, error) {
	const op = "ask for the host's memory"
	stats, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.NodeGetMemoryStats, error) {
		const allCells = int32(libvirt.NodeMemoryStatsAllCells)
		_, n, err := lv.NodeGetMemoryStats(0, allCells, 0)
		if err != nil {
			return nil, err
		}
		stats, _, err := lv.NodeGetMemoryStats(n, allCells, 0)
		return stats, err
	})
	if err != nil {
		return migration.Memory{}, err
	}
	kib := map[string]uint64{}
	for _, s := range stats {
		kib[s.Field] = s.Value
	}
	return migration.Memory{
		Total: kib[libvirt.NodeMemoryStatsTotal] << 10,
		Available: (kib[libvirt.NodeMemoryStatsFree] + kib[libvirt.NodeMemoryStatsBuffers] +
			kib[libvirt.NodeMemoryStatsCached]) << 10,
	}, nil
}
