package host

import (
	"math"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// Whatever a daemon says, no figure wraps around.
func TestJobFiguresDoNotOverflow(t *testing.T) {
	t.Parallel()
	var params typed
	for _, name := range []string{libvirt.DomainJobTimeElapsed, libvirt.DomainJobDowntime, libvirt.DomainJobMemoryDirtyRate, libvirt.DomainJobMemoryPageSize} {
		params.add(name, &libvirt.TypedParamValue{D: 4, I: uint64(math.MaxUint64)})
	}
	job := jobReply{params: params}.job()
	const longest = time.Duration(math.MaxInt64/1_000_000) * time.Millisecond
	if job.Elapsed != longest || job.Downtime != longest || job.DirtyRate != math.MaxUint64 {
		t.Errorf("elapsed %s, downtime %s, dirty rate %d", job.Elapsed, job.Downtime, job.DirtyRate)
	}
}
