package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// manyMoves is moves at once from one host, which share its link, beside the same one after the other; and how soon the
// host answers meanwhile.
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
	for _, h := range b.World.Hosts[:2] {
		if err := h.Limit(ctx, sharedLink); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, h.Limit(context.WithoutCancel(ctx), 0)) }()
	}
	source, err := newAnswers(b.World.Hosts[:2], guests)
	defer func() { err = errors.Join(err, source.Close()) }() //nolint:contextcheck // it closes after a cancel, too
	if err != nil {
		return nil, err
	}
	t := togetherness{guests: guests, source: source}
	for round := range b.Rounds {
		if err := t.measure(ctx); err != nil {
			return nil, err
		}
		b.Say("round %d: %d moves at once %.1f s, one by one %.1f s; statistics after %.3f s, libvirtd alone "+
			"%.3f s; abort %.3f s",
			round+1, len(guests), t.atOnce[round], t.oneByOne[round], t.statistics[round], t.alone[round], t.aborts[round])
	}
	return t.figures(), nil
}

// togetherness is what the rounds took, in seconds.
type togetherness struct {
	guests []*lab.Guest
	source *answers

	atOnce, oneByOne, statistics, alone, aborts []float64
}

// measure moves all guests at once, brings them back one by one, and begins once more to move them, but aborts that.
func (t *togetherness) measure(ctx context.Context) error {
	stop := t.source.slowest(ctx)
	took, err := t.source.moveAll(ctx)
	ours, alone, unseen := stop()
	if err := errors.Join(err, unseen); err != nil {
		return err
	}
	t.atOnce = append(t.atOnce, took)
	t.statistics, t.alone = append(t.statistics, ours), append(t.alone, alone)
	sum := 0.0
	for _, guest := range t.guests {
		took, err := t.source.move(ctx, guest, 1, 0)
		if err != nil {
			return err
		}
		sum += took
	}
	t.oneByOne = append(t.oneByOne, sum)

	moved := make(chan error, 1)
	go func() {
		_, err := t.source.moveAll(ctx)
		moved <- err
	}()
	took, err = t.source.abort(ctx)
	if failure := <-moved; err == nil && failure == nil {
		err = errors.New("the aborted moves succeeded")
	}
	t.aborts = append(t.aborts, took)
	return err
}

func (t *togetherness) figures() []Figure {
	what := fmt.Sprintf("%d moves at once from one host, over %d MiB/s", len(t.guests), sharedLink)
	limit := slices.Repeat([]float64{answersWithin}, len(t.aborts))
	return []Figure{
		pairs(what, "the sum of single moves", "s", t.atOnce, t.oneByOne, 1),
		pairs(what+": the slowest statistics", "the limit", "s", t.statistics, limit, 1),
		pairs(what+": the slowest statistics", "libvirtd on a connection for each move", "s", t.statistics, t.alone, 0),
		pairs(what+": the slowest order to abort", "the limit", "s", t.aborts, limit, 1),
	}
}
