package migration

import (
	"math/bits"
	"strings"
)

// state is where a migration stands. Each is a bit, so that a line of the table of
// transitions can name several.
type state uint

const (
	// starting has sent no memory: libvirt prepares, or waits for another job.
	starting state = 1 << iota
	// mirroring copies disks, and has sent no memory: that follows once all of them are
	// equal. The guest runs on the source.
	mirroring
	// preCopy sends memory while the guest runs on the source.
	preCopy
	// pausing has ordered the guest to be paused, and libvirt has not said that it is.
	pausing
	// paused sends the rest of the memory of a guest that on_timeout has paused.
	paused
	// switching has ordered the switch to post-copy, which is not known to be made.
	switching
	// postCopy runs the guest on the destination, which fetches the rest of the memory.
	// There is no way back.
	postCopy
	// finishing has all memory of a direct migration on the destination. There is no
	// way back: the calls that are left must be made.
	finishing
	// cancelling waits for libvirt to end the job.
	cancelling
	// concluding knows how the calls have ended, and waits for libvirt's answers to
	// orders under way: they tell what has ended them.
	concluding
	// ended has nothing more to watch.
	ended
)

var stateNames = []string{
	"starting", "mirroring", "pre-copy", "pausing", "paused", "switching", "post-copy", "finishing", "cancelling",
	"concluding",
	"ended",
}

// stateCount is how many states there are.
const stateCount = 11

// index is the number of one state.
func (s state) index() int { return bits.TrailingZeros(uint(s)) }

// in tells whether a state is one of several.
func (s state) in(several state) bool { return s&several != 0 }

// String names one state or several.
func (s state) String() string { return bitNames(uint(s), stateNames) }

func bitNames(set uint, names []string) string {
	var said []string
	for i, name := range names {
		if set&(1<<i) != 0 {
			said = append(said, name)
		}
	}
	return strings.Join(said, "|")
}
