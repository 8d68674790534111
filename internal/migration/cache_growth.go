package migration

import "fmt"

// cacheGrowth doubles XBZRLE's cache while a large share of the pages is not in it.
type cacheGrowth struct {
	// most is the size that it may grow to, in bytes; 0 lets it be. size is what it has.
	most, size uint64
	// wanted is the size that is to be ordered; 0 for none. stopped is true once one was not
	// to be had.
	wanted  uint64
	stopped bool
	// cold is the last pass that says nothing: the cache was empty when it began.
	cold uint64
	// compressed and missed are the pages of all passes until the last boundary.
	compressed, missed int64
}

const (
	// highMisses is the share of pages that are not in the cache from which it is too small:
	// each of them is sent as it is. The cost of the others is a few bytes.
	highMisses = 0.2
	// coldPasses are the first passes: the first compresses nothing, and the second fills the
	// cache. QEMU empties it when its size is changed.
	coldPasses = 2
)

// pass takes a reading that shows the boundary of a pass.
func (c *cacheGrowth) pass(job Job) {
	if c.most == 0 || job.CompressionPages == nil || job.CompressionCacheMisses == nil {
		return
	}
	compressed, missed := *job.CompressionPages-c.compressed, *job.CompressionCacheMisses-c.missed
	c.compressed, c.missed = *job.CompressionPages, *job.CompressionCacheMisses
	c.size = job.CompressionCache
	ended := job.Iteration - 1
	if ended <= max(c.cold, coldPasses) || compressed+missed <= 0 || c.stopped || c.size == 0 {
		return
	}
	if float64(missed) >= highMisses*float64(compressed+missed) && 2*c.size <= c.most {
		c.wanted = 2 * c.size
	}
}

func (c *cacheGrowth) due() bool { return c.wanted > 0 }

// answered takes what came of the order, which was answered in a pass.
func (c *cacheGrowth) answered(err error, pass uint64) {
	c.wanted, c.cold = 0, pass+1 // the pass that the cache was emptied in, and the one that fills it
	c.stopped = err != nil
}

// CacheMemoryError is a cache that is not made larger, because the source would be short of
// memory.
type CacheMemoryError struct {
	// Need is what must be available, and Have what is, in bytes.
	Need, Have uint64
}

func (e *CacheMemoryError) Error() string {
	return fmt.Sprintf("%d bytes of memory are available, and %d are needed", e.Have, e.Need)
}

// cacheReserve is how many times the size of a new cache must be available on the source:
// QEMU makes it beside the old one, and others need memory, too.
const cacheReserve = 2
