package migration

// Parameters is what one migration tells libvirt: flags and typed parameters,
// still in the terms of the policy. A host turns them into libvirt's.
type Parameters struct {
	// AutoConverge is VIR_MIGRATE_AUTO_CONVERGE; Initial and Increment are
	// percent, nil when QEMU's defaults (20, 10) hold.
	AutoConverge                               bool
	AutoConvergeInitial, AutoConvergeIncrement *int64
	// Compression is VIR_MIGRATE_COMPRESSED with the method xbzrle;
	// CompressionCacheBytes is nil when QEMU's default (64 MiB) holds.
	Compression           bool
	CompressionCacheBytes *int64
	// BandwidthMiBPerSecond limits the memory stream; 0 asks for no limit
	// explicitly and nil leaves libvirt's default.
	BandwidthMiBPerSecond *int64
	// ParallelConnections is VIR_MIGRATE_PARALLEL with that many connections; 0
	// is off.
	ParallelConnections int64
	// PostCopy is VIR_MIGRATE_POSTCOPY: the migration may be switched.
	PostCopy bool
	// TLS is VIR_MIGRATE_TLS, QEMU's native TLS for the memory stream.
	TLS bool
	// Persistent keeps a persistent domain persistent: VIR_MIGRATE_PERSIST_DEST
	// and VIR_MIGRATE_UNDEFINE_SOURCE.
	Persistent bool
	// Paused is VIR_MIGRATE_PAUSED: the domain was paused before the move and
	// stays so. Peer-to-peer, libvirt sees to it itself; the client that drives
	// the steps has to. A guest that is asleep is not paused: with this flag its
	// QEMU could not be woken on the destination.
	Paused bool
	// MigrationURI is where memory is sent (VIR_MIGRATE_PARAM_URI); empty lets
	// the destination's libvirt choose.
	MigrationURI string
}

// parameters turns the policy into what libvirt is told about this domain.
// Tuning of a feature that is off is dormant and left out: libvirt would refuse
// it ("Turn auto convergence on to tune it"). A guest that is paused or
// asleep dirties nothing and is never switched to post-copy, which would set a
// paused one running (Red Hat bug 1464792).
func (r Request) parameters(d Domain) Parameters {
	const mebibyte = 1 << 20
	p := Parameters{
		AutoConverge:          r.Policy.AutoConverge,
		Compression:           r.Policy.Compression,
		BandwidthMiBPerSecond: r.Policy.BandwidthMiBPerSecond,
		ParallelConnections:   r.Policy.ParallelConnections,
		PostCopy:              r.Policy.PostCopy && d.State != StatePaused && d.State != StateAsleep,
		TLS:                   r.Policy.Encryption,
		Persistent:            d.Persistent,
		Paused:                d.State == StatePaused,
		MigrationURI:          r.MigrationURI,
	}
	if p.AutoConverge {
		p.AutoConvergeInitial = r.Policy.AutoConvergeInitial
		p.AutoConvergeIncrement = r.Policy.AutoConvergeIncrement
	}
	if cache := r.Policy.CompressionCacheMiB; p.Compression && cache != nil {
		p.CompressionCacheBytes = new(*cache * mebibyte)
	}
	return p
}
