package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// copies is a move by the action that copies the guest's disk, beside virsh with the same flags. Both make the volume.
type copies struct{}

func (copies) Name() string { return "copies" }
func (copies) Hosts() int   { return 2 }

// localPool is the storage pool of disks that a host has for itself.
const localPool = "local"

// copyStorage is virsh's flag for copy_storage = "full".
const copyStorage = "--copy-storage-all"

// copied is an idle guest with a disk that its hosts do not share.
func copied(mib int) lab.GuestSpec {
	return lab.IdleGuest("").With(lab.Disk{MiB: mib, Local: true, Filled: true})
}

var diskJourneys = []journey{
	{
		name: "move of an idle guest with a disk of 64 MiB", guest: copied(64), copies: true, atMost: 1, spare: 1,
		policy: map[string]any{"copy_storage": "full"},
		flags:  []string{copyStorage},
	},
	{
		name: "move of an idle guest with a disk of 256 MiB, over 12 MiB/s", guest: copied(256), copies: true, atMost: 1.03,
		policy: map[string]any{"copy_storage": "full", "bandwidth_mib_per_second": 12},
		flags:  []string{copyStorage, "--bandwidth", "12"},
	},
}

func (c copies) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	for _, h := range b.World.Hosts[:c.Hosts()] {
		if _, err := h.Virsh(ctx, "pool-create-as", localPool, "dir", "--target", lab.LocalImages); err != nil {
			return nil, err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
			defer cancel()
			_, failed := h.Virsh(ctx, "pool-destroy", localPool)
			err = errors.Join(err, failed)
		}()
	}
	for _, j := range diskJourneys {
		made, err := j.measure(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		figures = append(figures, made...)
	}
	return figures, nil
}
