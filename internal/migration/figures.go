package migration

// figures is what a watched job said of itself.
type figures struct {
	// seen is true once the job was seen at all, begun once it had memory
	// figures.
	seen, begun bool
	last        Job
	// mirrored is true once it had figures of disks.
	mirrored bool
	// latest is the last reading, with memory figures or without; last has them.
	latest Job
	// throttle is the highest throttle seen, in percent.
	throttle int64
	// bandwidth and dirtyRate are the last that were not 0, in bytes per second.
	bandwidth, dirtyRate uint64
}

func (f *figures) observe(job Job) {
	f.seen = true
	f.latest = job
	f.mirrored = f.mirrored || job.DiskTotal > 0
	if job.MemoryTotal == 0 {
		return
	}
	f.begun, f.last = true, job
	if job.Throttle != nil {
		f.throttle = max(f.throttle, *job.Throttle)
	}
	if job.MemoryBandwidth > 0 {
		f.bandwidth = job.MemoryBandwidth
	}
	if job.DirtyRate > 0 {
		f.dirtyRate = job.DirtyRate
	}
}
