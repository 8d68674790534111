package policy

import "time"

// table is the one place where a field is described: the codec, validation,
// resolution, comparison, what libvirt is told, Terraform's schemas and the
// tables of the documents all follow it. A new field is an entry here and a
// member of Policy.
var table = []Definition{
	define(word[Preset](), func(p *Policy) **Preset { return &p.Preset }, entry[Preset]{
		field: FieldPreset,
		summary: "Values by one name for the fields that the same level leaves out, before anything is inherited: " +
			"oVirt's migration policies with their numbers",
		details: "`minimal_downtime`, `suspend_if_needed`, `post_copy` and `very_large` have the downtime schedules " +
			"`[100, 150, 200, 300, 400, 500]`, the same up to `5000`, `[100, 150, 200]` and `[300, 400, 500, 700, 1000, " +
			"1500, 5000]`, with the last number as `max_downtime_ms`, and `auto_converge`. `suspend_if_needed` also has " +
			"`compression`, `post_copy` has `post_copy` and `on_timeout = \"post_copy\"`, and `very_large` has `zero_copy`. " +
			"A field that says otherwise on the same level is an error; on a stronger level it holds.",
		values: words(Presets()...), unset: "no preset",
		preset: true,
	}),
	define(boolean, func(p *Policy) **bool { return &p.AutoConverge }, entry[bool]{
		field: FieldAutoConverge,
		summary: "Auto-converge: throttle the guest's vCPUs, step by step, until memory is copied faster than the " +
			"guest dirties it",
		details: "In libvirt `VIR_MIGRATE_AUTO_CONVERGE`, in QEMU `auto-converge`.",
		values:  onOff, builtIn: new(false),
		libvirt: flag("VIR_MIGRATE_AUTO_CONVERGE"),
	}),
	define(integer, func(p *Policy) **int64 { return &p.AutoConvergeInitial }, entry[int64]{
		field:   FieldAutoConvergeInitial,
		summary: "First throttle of auto-converge, in percent of vCPU time",
		details: "In libvirt `auto_converge.initial`, in QEMU `cpu-throttle-initial`.",
		values:  between(MinPercent, MaxPercent, "percent"), unset: "20 (QEMU)",
		tunes:   FieldAutoConverge,
		libvirt: intParameter("auto_converge.initial"),
	}),
	define(integer, func(p *Policy) **int64 { return &p.AutoConvergeIncrement }, entry[int64]{
		field:   FieldAutoConvergeIncrement,
		summary: "What auto-converge adds to the throttle each time it was not enough, in percent",
		details: "In libvirt `auto_converge.increment`, in QEMU `cpu-throttle-increment`.",
		values:  between(MinPercent, MaxPercent, "percent"), unset: "10 (QEMU)",
		tunes:   FieldAutoConverge,
		libvirt: intParameter("auto_converge.increment"),
	}),
	define(integer, func(p *Policy) **int64 { return &p.MaxThrottlePercent }, entry[int64]{
		field: FieldMaxThrottlePercent,
		summary: "Highest throttle of auto-converge that the guest is to bear, in percent of vCPU time: beyond it the " +
			"migration counts as not converging, and `on_timeout` follows",
		details: "QEMU makes the step, and the migration does not go on with it. Compare `cpu-throttle-percentage` of " +
			"QEMU's `query-migrate`, in libvirt `auto_converge_throttle` of the job's statistics.",
		values: between(MinPercent, MaxPercent, "percent"), unset: "no such limit",
		tunes:     FieldAutoConverge,
		engine:    true,
		conflicts: []conflict{{FieldAutoConvergeInitial, throttledAtOnce}},
	}),
	define(boolean, func(p *Policy) **bool { return &p.Compression }, entry[bool]{
		field:   FieldCompression,
		summary: "XBZRLE compression: of a page that was sent before, send only the bytes that changed",
		details: "Cannot be combined with `parallel_connections`. In libvirt `VIR_MIGRATE_COMPRESSED`, method " +
			"`xbzrle`.",
		values: onOff, builtIn: new(false),
		libvirt: flag(FlagCompressed, Parameter{"compression", "xbzrle"}),
	}),
	define(integer, func(p *Policy) **int64 { return &p.CompressionCacheMiB }, entry[int64]{
		field:   FieldCompressionCacheMiB,
		summary: "Size of the XBZRLE cache on the source, in MiB",
		details: "Best as large as the memory that the guest keeps rewriting. In libvirt " +
			"`compression.xbzrle.cache`, in QEMU `xbzrle-cache-size`.",
		values: powerOfTwo(MaxCompressionCacheMiB, "MiB", "QEMU requires of the XBZRLE cache"), unset: "64 (QEMU)",
		tunes:   FieldCompression,
		libvirt: ullongParameter("compression.xbzrle.cache", 1<<20),
	}),
	define(integer, func(p *Policy) **int64 { return &p.CompressionCacheMaxMiB }, entry[int64]{
		field: FieldCompressionCacheMax,
		summary: "Size that the XBZRLE cache may grow to, in MiB: it is doubled while a fifth of the pages or more is " +
			"not in it and the source has the memory",
		details: "In libvirt `virDomainMigrateSetCompressionCache`, in QEMU `xbzrle-cache-size`.",
		values:  powerOfTwo(MaxCompressionCacheMiB, "MiB", "QEMU requires of the XBZRLE cache"), unset: "it does not grow",
		tunes:  FieldCompression,
		engine: true,
		idle: func(p Policy) bool {
			first, most := p.CompressionCacheMiB, p.CompressionCacheMaxMiB
			return first != nil && most != nil && *most <= *first
		},
	}),
	define(integer, func(p *Policy) **int64 { return &p.BandwidthMiBPerSecond }, entry[int64]{
		field:   FieldBandwidth,
		summary: "Limit of the memory stream, in MiB/s; `0` asks for no limit",
		details: "Each disk that is copied has a limit of the same size. In libvirt `bandwidth`, in QEMU `max-bandwidth`.",
		values:  between(0, MaxBandwidthMiBPerSecond, "MiB/s, where 0 is no limit"), unset: "no limit (libvirt)",
		libvirt: func(v int64) Parameters {
			if v == 0 { // libvirt would take 0 for "the limit that this domain was given before"
				v = MaxBandwidthMiBPerSecond
			}
			return ullongParameter("bandwidth", 1)(v)
		},
	}),
	define(integer, func(p *Policy) **int64 { return &p.MaxDowntimeMS }, entry[int64]{
		field:   FieldMaxDowntimeMS,
		summary: "Longest pause for the switch-over, in milliseconds",
		details: "In libvirt `virDomainMigrateSetMaxDowntime`, in QEMU `downtime-limit`.",
		values:  between(MinMaxDowntimeMS, MaxMaxDowntimeMS, "milliseconds"), unset: "300 (QEMU)",
		engine: true,
	}),
	define(numberList, func(p *Policy) **Numbers { return &p.DowntimeScheduleMS }, entry[Numbers]{
		field: FieldDowntimeScheduleMS,
		summary: "Longest pauses for the switch-over, in milliseconds, one after another: the first holds from the " +
			"start, and each pass without progress allows the next, up to `max_downtime_ms`",
		details: "A pass makes no progress where it leaves more than 96 % of the least that any pass before it left. In " +
			"libvirt `virDomainMigrateSetMaxDowntime`, in QEMU `downtime-limit`.",
		values: rising(MaxDowntimeSteps, MinMaxDowntimeMS, MaxMaxDowntimeMS, "milliseconds"),
		unset:  "`max_downtime_ms` holds from the start",
		engine: true,
		idle:   unclimbable,
	}),
	define(integer, func(p *Policy) **int64 { return &p.ParallelConnections }, entry[int64]{
		field:   FieldParallelConnections,
		summary: "Number of connections for the memory stream",
		details: "Cannot be combined with `compression`. In libvirt `VIR_MIGRATE_PARALLEL` and " +
			"`parallel.connections`, in QEMU multifd.",
		values: noneOr(MinParallelConnections, MaxParallelConnections, "connections"), builtIn: new(int64(0)),
		conflicts: []conflict{{FieldCompression, func(p Policy) string {
			if is(p.Compression, true) && p.ParallelConnections != nil && *p.ParallelConnections > 0 {
				return "compression is XBZRLE, which QEMU cannot do over parallel connections: pages sent over " +
					"them bypass it. Set parallel_connections to 0 or compression to false."
			}
			return ""
		}}},
		libvirt: func(v int64) Parameters {
			if v == 0 {
				return Parameters{}
			}
			return Parameters{Flags: []string{"VIR_MIGRATE_PARALLEL"}, Typed: []Parameter{{"parallel.connections", int32(v)}}}
		},
		needs: Release{Libvirt: 5_002_000, QEMU: 4_000_000},
	}),
	define(boolean, func(p *Policy) **bool { return &p.PostCopy }, entry[bool]{
		field:   FieldPostCopy,
		summary: "May this VM be switched to post-copy, that is run on the destination before all its memory is there?",
		details: "If the link is lost after the switch, the VM can only be recovered, not rolled back. In libvirt " +
			"`VIR_MIGRATE_POSTCOPY`, in QEMU `postcopy-ram`.",
		values: onOff, builtIn: new(false),
		libvirt: flag(FlagPostCopy),
		needs:   Release{Libvirt: 1_003_003, QEMU: 2_006_000},
	}),
	define(boolean, func(p *Policy) **bool { return &p.Encryption }, entry[bool]{
		field:   FieldEncryption,
		summary: "QEMU's native TLS for the memory stream",
		details: "Disks that are copied are encrypted, too. Both hosts need QEMU's migration certificates. In libvirt " +
			"`VIR_MIGRATE_TLS`, in QEMU `tls-creds`.",
		values: onOff, builtIn: new(false),
		libvirt: flag("VIR_MIGRATE_TLS"),
		needs:   Release{Libvirt: 3_002_000, QEMU: 2_007_000},
	}),
	define(word[ParallelCompression](), func(p *Policy) **ParallelCompression { return &p.ParallelCompression },
		entry[ParallelCompression]{
			field:   FieldParallelCompression,
			summary: "How memory is compressed that is sent over parallel connections",
			details: "QEMU must be built with the method on both hosts. In libvirt `compression`, in QEMU " +
				"`multifd-compression`.",
			values: words(ParallelCompressions()...), builtIn: new(NoCompression),
			tunes:     FieldParallelConnections, // else libvirt: "only supported with parallel migration"
			conflicts: []conflict{notWithXBZRLE(FieldParallelCompression, compressesParallel)},
			libvirt: func(method ParallelCompression) Parameters {
				return flag(FlagCompressed, Parameter{"compression", string(method)})(method != NoCompression)
			},
			needs: Release{Libvirt: 9_004_000, QEMU: 5_000_000},
		}),
	define(integer, func(p *Policy) **int64 { return &p.ParallelCompressionLevel }, entry[int64]{
		field:   FieldParallelLevel,
		summary: "Level of `parallel_compression`: from 1, the fastest, to 9 with `zlib` and 20 with `zstd`",
		details: "`0` is no compression with `zlib`, and the library's default with `zstd`. In libvirt " +
			"`compression.zlib.level` or `compression.zstd.level`, in QEMU `multifd-zlib-level` or " +
			"`multifd-zstd-level`.",
		values: between(0, MaxZstdLevel, "zlib: up to 9"), unset: "1 (QEMU)",
		tunes:     FieldParallelCompression,
		conflicts: []conflict{{FieldParallelCompression, levelBeyondZlib}},
		libvirtBy: compressionLevel,
		needs:     Release{Libvirt: 9_004_000, QEMU: 5_000_000},
	}),
	define(boolean, func(p *Policy) **bool { return &p.ZeroCopy }, entry[bool]{
		field: FieldZeroCopy,
		summary: "Zero-copy: the source's kernel sends memory over parallel connections from where it is, which saves " +
			"processor time on fast links",
		details: "Not with `encryption`, `parallel_compression` or `compression`. Meanwhile QEMU may lock as much memory " +
			"as the guest has, or its `hard_limit` (`memtune`) says. In libvirt `VIR_MIGRATE_ZEROCOPY`, in QEMU " +
			"`zero-copy-send`.",
		values: onOff, builtIn: new(false),
		tunes: FieldParallelConnections, // else libvirt: "zero-copy is only available for parallel migration"
		conflicts: []conflict{
			notWithXBZRLE(FieldZeroCopy, zeroCopies),
			{FieldParallelCompression, zeroCopyCompressed},
			{FieldEncryption, zeroCopyEncrypted},
		},
		libvirt: flag(FlagZeroCopy),
		needs:   Release{Libvirt: 8_005_000, SourceQEMU: 7_001_000},
	}),
	define(integer, func(p *Policy) **int64 { return &p.PostCopyBandwidthMiBPerSecond }, entry[int64]{
		field:   FieldPostCopyBandwidth,
		summary: "Limit of what is fetched in the background in post-copy, in MiB/s; `0` is no limit",
		details: "Memory that the guest waits for is sent regardless. In libvirt `bandwidth.postcopy`, in QEMU " +
			"`max-postcopy-bandwidth`.",
		values: between(0, MaxBandwidthMiBPerSecond, "MiB/s, where 0 is no limit"), unset: "no limit (QEMU)",
		tunes:   FieldPostCopy,
		libvirt: ullongParameter("bandwidth.postcopy", 1),
		needs:   Release{Libvirt: 5_001_000, QEMU: 3_000_000},
	}),
	define(integer, func(p *Policy) **int64 { return &p.SwitchoverBandwidthMiBPerSecond }, entry[int64]{
		field: FieldSwitchoverBandwidth,
		summary: "Bandwidth that QEMU reckons with for the switch-over, in MiB/s, to tell whether the rest fits " +
			"`max_downtime_ms`; `0` is what it has measured",
		details: "It limits nothing: too high a value makes the downtime longer than `max_downtime_ms`. In libvirt " +
			"`bandwidth.avail.switchover`, in QEMU `avail-switchover-bandwidth`.",
		values:  between(0, MaxBandwidthMiBPerSecond, "MiB/s, where 0 is what QEMU has measured"),
		unset:   "what it has measured (QEMU)",
		libvirt: ullongParameter("bandwidth.avail.switchover", 1),
		needs:   Release{Libvirt: 11_001_000, SourceQEMU: 8_002_000},
	}),
	define(duration, func(p *Policy) **time.Duration { return &p.Timeout }, entry[time.Duration]{
		field:   FieldTimeout,
		summary: "Limit of the whole migration, counted from the start of its job",
		details: "The copy of disks is a part of it.",
		values:  durations("none"), builtIn: new(30 * time.Minute),
		engine: true,
	}),
	define(duration, func(p *Policy) **time.Duration { return &p.StallTimeout }, entry[time.Duration]{
		field:   FieldStallTimeout,
		summary: "Limit of the time without progress",
		details: "There is none while no pass over memory leaves less behind than any before and the throttle no " +
			"longer rises, while disks are copied and no less is left of them than ever before, or while no byte is sent.",
		values: durations("off"), builtIn: new(2 * time.Minute),
		engine: true,
	}),
	define(word[OnTimeout](), func(p *Policy) **OnTimeout { return &p.OnTimeout }, entry[OnTimeout]{
		field: FieldOnTimeout,
		summary: "What happens when `timeout` or `stall_timeout` has run out, or the throttle is beyond " +
			"`max_throttle_percent`",
		details: "`abort`: the VM stays where it is. `post_copy` (needs `post_copy`): the VM is switched to " +
			"post-copy. `pause`: the guest is suspended so that the rest can be copied, and the migration is " +
			"aborted if that takes over 60 s. Where passes leave now more, now less memory, the last two wait up to 40 s " +
			"for one that leaves little. While disks are copied, it is `abort` in any case.",
		values: words(OnTimeouts()...), builtIn: new(Abort),
		engine: true,
		idle: func(p Policy) bool {
			return is(p.Timeout, 0) && is(p.StallTimeout, 0) && (p.MaxThrottlePercent == nil || is(p.AutoConverge, false))
		},
		conflicts: []conflict{{FieldPostCopy, func(p Policy) string {
			if is(p.OnTimeout, SwitchToPostCopy) && is(p.PostCopy, false) {
				return "on_timeout is \"post_copy\", but post_copy is false, so the migration may not be switched. " +
					"Set post_copy to true, or on_timeout to \"abort\" or \"pause\"."
			}
			return ""
		}}},
	}),
	define(word[CopyStorage](), func(p *Policy) **CopyStorage { return &p.CopyStorage }, entry[CopyStorage]{
		field:   FieldCopyStorage,
		summary: "Which disks are copied to the destination, before its memory is",
		details: "`none`: all disks have to be there already, on storage that both hosts share. `auto`: the writable " +
			"disks that the destination does not see are copied. `full`: all writable disks are copied, and one that " +
			"both hosts share is an error. `incremental`: as `full`, but what is in a backing file has to be there " +
			"already, and is not copied. In libvirt `VIR_MIGRATE_NON_SHARED_DISK` or `VIR_MIGRATE_NON_SHARED_INC` with " +
			"`migrate_disks`, in QEMU `blockdev-mirror` over NBD.",
		values: words(CopyStorages()...), builtIn: new(CopyNone),
		libvirt: func(v CopyStorage) Parameters {
			switch v {
			case CopyAuto, CopyFull:
				return Parameters{Flags: []string{FlagNonSharedDisk}}
			case CopyIncremental:
				return Parameters{Flags: []string{FlagNonSharedInc}}
			case CopyNone:
			}
			return Parameters{}
		},
		needs: Release{Libvirt: 4_004_000, QEMU: 2_008_000},
	}),
	define(boolean, func(p *Policy) **bool { return &p.SynchronousWrites }, entry[bool]{
		field:   FieldSynchronousWrites,
		summary: "While a disk is copied, let a write of the guest wait until it is on the destination, too",
		details: "A guest that writes faster than the link then slows down, and the copy always ends. In libvirt " +
			"`VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES`, in QEMU `copy-mode` `write-blocking`.",
		values: onOff, builtIn: new(false),
		tunes:   FieldCopyStorage,
		libvirt: flag("VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES"),
		needs:   Release{Libvirt: 8_000_000, QEMU: 3_000_000},
	}),
	define(word[Evacuation](), func(p *Policy) **Evacuation { return &p.Evacuation }, entry[Evacuation]{
		field:   FieldEvacuation,
		summary: "What becomes of a running VM when its host is emptied for maintenance",
		details: "`live`: it is moved to another host. `shut_down`: the guest is asked to shut down, and the VM is started " +
			"again when the host is back. `managed_save`: its memory is saved on the host, and it goes on from there when " +
			"the host is back. `stay`: it runs on where it is, and the host does not become empty.",
		values: words(Evacuations()...), builtIn: new(EvacuateLive),
		placement: true,
		levels:    []Origin{OriginVM, OriginCluster, OriginGlobal},
	}),
	define(name, func(p *Policy) **string { return &p.AntiAffinityGroup }, entry[string]{
		field:   FieldAntiAffinityGroup,
		summary: "Name of a group of VMs of which no two are to be on one host, such as the members of a database",
		details: "It is heeded where a host is chosen for the VM, not by a move whose `destination` is given.",
		values:  names, unset: "in no group",
		placement: true,
		levels:    []Origin{OriginVM},
	}),
}
