package fleet

import (
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// outcomeOf is the outcome of a move that ended with err. One that may still go on has
// none: the next move finds out.
func outcomeOf(err error) history.Outcome {
	var (
		diagnosis    migration.Diagnosis
		cancelled    *migration.CancelledError
		timedOut     *migration.TimedOutError
		notConverged *migration.NotConvergedError
		failed       *migration.FailedError
		unmoved      *migration.DefinitionError
	)
	switch {
	case err == nil:
		return history.Completed
	case errors.As(err, &diagnosis) && diagnosis.Common().MayGoOn():
		return history.Unwatched
	case errors.As(err, &cancelled), errors.Is(err, places.ErrDraining):
		return history.Cancelled
	case errors.As(err, &timedOut):
		return history.TimedOut
	case errors.As(err, &notConverged):
		return history.NotConverged
	case errors.As(err, &failed), errors.As(err, &unmoved):
		return history.Failed
	}
	return history.Refused
}

// figuresOf is what was measured of a move that succeeded; nil of one that sent no memory.
func figuresOf(r migration.Report) *history.Figures {
	if r.Definition {
		return nil
	}
	figures := &history.Figures{
		DurationMS: r.Duration.Milliseconds(), MemoryTotalBytes: r.MemoryTotal, MemoryTransferredBytes: r.MemoryTransferred,
		DiskTotalBytes: r.DiskTotal, DiskTransferredBytes: r.DiskTransferred, Iterations: r.Iterations, Throttle: r.Throttle,
		MemoryConstantBytes: r.MemoryConstant, CompressionPages: r.CompressionPages,
		CompressionCacheMisses: r.CompressionCacheMisses, CompressionBytes: r.CompressionBytes,
	}
	if r.Downtime != nil {
		figures.DowntimeMS = new(r.Downtime.Milliseconds())
	}
	noteRaises(figures, r.Raises)
	return figures
}

// noteRaises notes how far the engine has raised what.
func noteRaises(figures *history.Figures, raises []migration.Raise) {
	for _, r := range raises {
		if r.Field == policy.FieldMaxDowntimeMS {
			figures.DowntimeRaisedToMS = new(r.To)
		} else {
			figures.CacheGrownToMiB = new(r.To)
		}
	}
}

// lastFigures is what was last seen of a migration that failed; nil before the first.
func lastFigures(c migration.Course) *history.Figures {
	if !c.Figures.Begun && !c.Figures.Mirrored {
		return nil
	}
	last := c.Figures.Last
	figures := &history.Figures{
		DurationMS: c.Elapsed.Milliseconds(), MemoryTotalBytes: last.MemoryTotal,
		MemoryTransferredBytes: last.MemoryProcessed,
		DiskTotalBytes:         c.Figures.DiskTotal, DiskTransferredBytes: c.Figures.Mirror.Copied,
		Iterations: last.Iteration, Throttle: new(c.Figures.Throttle),
		MemoryConstantBytes: last.MemoryConstant, CompressionPages: last.CompressionPages,
		CompressionCacheMisses: last.CompressionCacheMisses, CompressionBytes: last.CompressionBytes,
	}
	noteRaises(figures, c.Raises)
	return figures
}
