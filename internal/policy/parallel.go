package policy

import "fmt"

// What goes together over parallel connections, as libvirt 11.3 (qemuMigrationParamsSetCompression,
// qemuMigrationSrcBeginPhase) and QEMU 10 (migrate_caps_check, migrate_params_check) have it.

// compressionLevel is the level of the method that the policy has.
func compressionLevel(level int64, p Policy) Parameters {
	if is(p.ParallelCompression, Zlib) {
		return intParameter("compression.zlib.level")(level)
	}
	return intParameter("compression.zstd.level")(level)
}

func levelBeyondZlib(p Policy) string {
	level := p.ParallelCompressionLevel
	if level == nil || *level <= MaxZlibLevel || !is(p.ParallelCompression, Zlib) {
		return ""
	}
	return fmt.Sprintf("%d is not between 0 and %d, the levels of zlib. Set a level of those, or parallel_compression to "+
		"\"zstd\".", *level, MaxZlibLevel)
}

func compressesParallel(p Policy) bool {
	return p.ParallelCompression != nil && *p.ParallelCompression != NoCompression
}

func zeroCopies(p Policy) bool { return is(p.ZeroCopy, true) }

// notWithXBZRLE is the conflict of a field for parallel connections with compression. Where
// the policy has such connections, their own conflict says it.
func notWithXBZRLE(field Field, asks func(Policy) bool) conflict {
	return conflict{FieldCompression, func(p Policy) string {
		if !asks(p) || !is(p.Compression, true) || p.ParallelConnections != nil {
			return ""
		}
		return fmt.Sprintf("%s is for parallel connections, over which QEMU cannot do XBZRLE (compression). Remove one of "+
			"the two.", field)
	}}
}

func zeroCopyCompressed(p Policy) string {
	if !zeroCopies(p) || !compressesParallel(p) {
		return ""
	}
	return "QEMU cannot compress memory that the kernel sends from where it is. Set zero_copy to false, or " +
		"parallel_compression to \"none\"."
}

func zeroCopyEncrypted(p Policy) string {
	if !zeroCopies(p) || !is(p.Encryption, true) {
		return ""
	}
	return "QEMU cannot encrypt memory that the kernel sends from where it is. Set zero_copy or encryption to false."
}
