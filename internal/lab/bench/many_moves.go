package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// manyMoves is moves at once from one host, which share its link, beside the same one after the other.
type manyMoves struct{}

const (
	together = 8 // fewer where a fleet is smaller
	// sharedLink, in MiB/s, is slow enough for the link to decide.
	sharedLink = 30
)

func (manyMoves) Name() string { return "together" }
func (manyMoves) Hosts() int   { return 2 }

func (manyMoves) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	var guests []*lab.Guest
	defer func() { err = b.remove(ctx, err, guests...) }()
	for range min(together, b.VMs) {
		guest, err := b.World.Start(ctx, lab.IdleGuest(""))
		guests = append(guests, guest)
		if err != nil {
			return nil, err
		}
	}
	o, err := newOperator(ctx, b.World.Hosts[:2])
	if err != nil {
		return nil, err
	}
	defer o.Close()
	for _, h := range b.World.Hosts[:2] {
		if err := h.Limit(ctx, sharedLink); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, h.Limit(context.WithoutCancel(ctx), 0)) }()
	}
	var atOnce, oneByOne []float64
	for range b.Rounds {
		took, err := moveAll(ctx, o, guests, b.World.Hosts[1])
		if err != nil {
			return nil, err
		}
		atOnce = append(atOnce, took)
		sum := 0.0
		for _, guest := range guests {
			took, err := o.move(ctx, guest, b.World.Hosts[0], nil)
			if err != nil {
				return nil, err
			}
			sum += took
		}
		oneByOne = append(oneByOne, sum)
	}
	what := fmt.Sprintf("%d moves at once from one host, over %d MiB/s", len(guests), sharedLink)
	return []Figure{pairs(what, "the sum of single moves", "s", atOnce, oneByOne, 1)}, nil
}

// moveAll moves guests at once, and returns the seconds until the last one is there.
func moveAll(ctx context.Context, o *operator, guests []*lab.Guest, to *lab.Host) (float64, error) {
	failures := make([]error, len(guests))
	var running sync.WaitGroup
	started := time.Now()
	for i, guest := range guests {
		running.Go(func() { _, failures[i] = o.move(ctx, guest, to, nil) })
	}
	running.Wait()
	return time.Since(started).Seconds(), errors.Join(failures...)
}
