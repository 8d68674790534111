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
	// MigrationURI is where memory is sent (VIR_MIGRATE_PARAM_URI); empty lets
	// the destination's libvirt choose.
	MigrationURI string
}
