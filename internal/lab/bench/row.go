package bench

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// Row is something that is measured.
type Row interface {
	// Name chooses the row.
	Name() string
	// Hosts is how many hosts of the lab the row wants, in vain where the lab has fewer.
	Hosts() int
	// Measure makes the figures.
	Measure(ctx context.Context, b *Bench) ([]Figure, error)
}

// Rows are all rows, in the order of the table.
func Rows() []Row {
	return []Row{
		fleetSize{},
		hostCalls{},
		longWay{},
		memory{},
		records{},
		manyHosts{},
		resolution{},
		moves{},
		copies{},
		schedule{},
		lull{},
		bounds{},
		manyMoves{},
		drain{},
		interrupt{},
		growth{},
	}
}

// Bench is what rows measure with.
type Bench struct {
	World *lab.World
	Kit   Kit
	// VMs is the size of a fleet, 1,000 for figures that are published. Rounds is how often what stands beside each other
	// takes turns.
	VMs, Rounds int
	// Say gets a line of progress.
	Say func(format string, arguments ...any)
}

// remove removes guests, and adds to an error what went wrong with it.
func (b *Bench) remove(ctx context.Context, err error, guests ...*lab.Guest) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	for _, guest := range guests {
		err = errors.Join(err, guest.Remove(ctx))
	}
	return err
}

// removeTimeout bounds the end of guests.
const removeTimeout = time.Minute
