package policy

import (
	"fmt"
	"time"
)

// Policy is what one level declares. A nil field inherits from the level above. What a
// field points to is never changed: policies share their values.
type Policy struct {
	// Preset names values of the fields that the same level leaves out: Expanded has them.
	Preset *Preset
	// AutoConverge throttles the guest's vCPUs until the copy catches up with
	// the memory it dirties (VIR_MIGRATE_AUTO_CONVERGE).
	AutoConverge *bool
	// AutoConvergeInitial is the first throttle, in percent of vCPU time, 1 to
	// 99 (QEMU's cpu-throttle-initial; QEMU's default is 20).
	AutoConvergeInitial *int64
	// AutoConvergeIncrement is added each time the throttle was not enough, in
	// percent, 1 to 99 (QEMU's cpu-throttle-increment; QEMU's default is 10).
	AutoConvergeIncrement *int64
	// MaxThrottlePercent is the throttle, in percent, 1 to 99, beyond which the migration
	// counts as not converging.
	MaxThrottlePercent *int64
	// Compression sends only the changed bytes of a page that was sent before
	// (VIR_MIGRATE_COMPRESSED with the method xbzrle).
	Compression *bool
	// CompressionCacheMiB is the XBZRLE cache on the source in MiB, a power of
	// two (QEMU's xbzrle-cache-size; QEMU's default is 64).
	CompressionCacheMiB *int64
	// CompressionCacheMaxMiB is what the cache may grow to while misses stay high, in MiB, a
	// power of two.
	CompressionCacheMaxMiB *int64
	// BandwidthMiBPerSecond limits the memory stream; 0 is no limit.
	BandwidthMiBPerSecond *int64
	// MaxDowntimeMS is the pause, in milliseconds, that QEMU may take for the
	// switch-over, 1 to 2,000,000 (QEMU's downtime-limit; its default is 300).
	MaxDowntimeMS *int64
	// DowntimeScheduleMS is 1 to 16 rising pauses, in milliseconds, 1 to 2,000,000: the first
	// holds from the start, and each pass without progress allows the next.
	DowntimeScheduleMS *Numbers
	// ParallelConnections is the number of connections for the memory stream
	// (VIR_MIGRATE_PARALLEL, QEMU's multifd), 2 to 255; 0 is off.
	ParallelConnections *int64
	// PostCopy allows the migration to be switched to post-copy
	// (VIR_MIGRATE_POSTCOPY).
	PostCopy *bool
	// Encryption is QEMU's native TLS for the memory stream (VIR_MIGRATE_TLS).
	Encryption *bool
	// ParallelCompression compresses what is sent over parallel connections
	// (VIR_MIGRATE_COMPRESSED with the method zlib or zstd, QEMU's multifd-compression).
	ParallelCompression *ParallelCompression
	// ParallelCompressionLevel is 0 (none) to 9 for zlib, to 20 for zstd (QEMU's
	// multifd-zlib-level and multifd-zstd-level; QEMU's default is 1).
	ParallelCompressionLevel *int64
	// ZeroCopy has the kernel send memory from where it is, over parallel connections
	// (VIR_MIGRATE_ZEROCOPY, QEMU's zero-copy-send).
	ZeroCopy *bool
	// PostCopyBandwidthMiBPerSecond limits what is fetched in the background in post-copy; 0
	// is no limit.
	PostCopyBandwidthMiBPerSecond *int64
	// SwitchoverBandwidthMiBPerSecond is what QEMU reckons with for the switch-over
	// (its avail-switchover-bandwidth); 0 is what it has measured.
	SwitchoverBandwidthMiBPerSecond *int64
	// Timeout bounds the whole migration, from the start of its job; 0 is none.
	Timeout *time.Duration
	// StallTimeout bounds the time without progress; 0 is off.
	StallTimeout *time.Duration
	// OnTimeout is what is done once either of the two has run out.
	OnTimeout *OnTimeout
	// CopyStorage says which disks are copied (VIR_MIGRATE_NON_SHARED_DISK,
	// VIR_MIGRATE_NON_SHARED_INC).
	CopyStorage *CopyStorage
	// SynchronousWrites lets writes of the guest wait for the copy of their disk
	// (VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES).
	SynchronousWrites *bool
	// Evacuation is what becomes of the VM when its host is emptied.
	Evacuation *Evacuation
	// AntiAffinityGroup names VMs of which no two are to be on one host.
	AntiAffinityGroup *string
}

// OnTimeout is what is done with a migration that stalled or ran out of time.
type OnTimeout string

// The values of OnTimeout.
const (
	// Abort cancels the migration; the VM stays on its source.
	Abort OnTimeout = "abort"
	// SwitchToPostCopy lets the VM run on the destination at once and fetches
	// the rest of its memory afterwards.
	SwitchToPostCopy OnTimeout = "post_copy"
	// Pause suspends the guest, so that it dirties no more memory; it goes on
	// by itself on the destination.
	Pause OnTimeout = "pause"
)

// OnTimeouts lists the values of OnTimeout.
func OnTimeouts() []OnTimeout { return []OnTimeout{Abort, SwitchToPostCopy, Pause} }

// ParallelCompression is how memory is compressed that is sent over parallel connections.
type ParallelCompression string

// The values of ParallelCompression, by libvirt's names of its methods.
const (
	NoCompression ParallelCompression = "none"
	Zlib          ParallelCompression = "zlib"
	Zstd          ParallelCompression = "zstd"
)

// ParallelCompressions lists the values of ParallelCompression.
func ParallelCompressions() []ParallelCompression {
	return []ParallelCompression{NoCompression, Zlib, Zstd}
}

// CopyStorage is which disks of a VM are copied when it moves.
type CopyStorage string

// The values of CopyStorage.
const (
	// CopyNone copies no disk: the destination has to see them all.
	CopyNone CopyStorage = "none"
	// CopyAuto copies the writable disks that the destination cannot see.
	CopyAuto CopyStorage = "auto"
	// CopyFull copies all writable disks that are not shared.
	CopyFull CopyStorage = "full"
	// CopyIncremental is CopyFull without what is in a backing file, which the destination
	// has to have.
	CopyIncremental CopyStorage = "incremental"
)

// CopyStorages lists the values of CopyStorage.
func CopyStorages() []CopyStorage {
	return []CopyStorage{CopyNone, CopyAuto, CopyFull, CopyIncremental}
}

// Evacuation is what becomes of a VM when its host is emptied.
type Evacuation string

// The values of Evacuation.
const (
	// EvacuateLive moves the VM to another host.
	EvacuateLive Evacuation = "live"
	// EvacuateShutDown shuts the guest down, and starts it when the host is back.
	EvacuateShutDown Evacuation = "shut_down"
	// EvacuateManagedSave saves the VM's memory on its host, and resumes it when the host is back.
	EvacuateManagedSave Evacuation = "managed_save"
	// EvacuateStay leaves the VM running where it is.
	EvacuateStay Evacuation = "stay"
)

// Evacuations lists the values of Evacuation.
func Evacuations() []Evacuation {
	return []Evacuation{EvacuateLive, EvacuateShutDown, EvacuateManagedSave, EvacuateStay}
}

// BuiltIn is what holds where no level says anything. Fields that it leaves out
// are not sent to libvirt, so that QEMU's own defaults hold.
func BuiltIn() Policy {
	var p Policy
	for _, d := range table {
		d.builtIn(&p)
	}
	return p
}

// Empty tells whether the policy inherits every field.
func (p Policy) Empty() bool { return len(p.Fields()) == 0 }

// Fields lists the fields the policy sets, in the order of Fields.
func (p Policy) Fields() []Field {
	var set []Field
	for _, d := range table {
		if d.isSet(&p) {
			set = append(set, d.Field)
		}
	}
	return set
}

// Global is the policy as the global settings declare it: a switch that is left out is false there. A release that
// adds a switch finds it so in the records of an older one.
func (p Policy) Global() Policy {
	for _, d := range table {
		if d.Kind == Switch && !d.isSet(&p) {
			_ = d.Set(&p, false) // the value has the type of a switch
		}
	}
	return p
}

// Equal tells whether two policies set the same fields to the same values.
func (p Policy) Equal(other Policy) bool { return len(p.Differences(other)) == 0 }

// Difference is one field in which two policies differ. A value is printed as a
// record holds it, or as NotSet.
type Difference struct {
	Field      Field
	Have, Want string
}

// String is the difference as one line.
func (d Difference) String() string { return d.told("is") }

// Past is the difference as one line about what was found in the past.
func (d Difference) Past() string { return d.told("was") }

func (d Difference) told(verb string) string {
	declared := "declared " + d.Want
	if d.Want == NotSet {
		declared = "not declared"
	}
	return fmt.Sprintf("%s %s %s, %s", d.Field, verb, d.Have, declared)
}

// Differences compares a policy that was found with one that was wanted.
func (p Policy) Differences(want Policy) []Difference {
	var differences []Difference
	for _, d := range table {
		if !d.equal(&p, &want) {
			differences = append(differences, Difference{d.Field, d.text(&p), d.text(&want)})
		}
	}
	return differences
}

// Text is a field's value as a record holds it, or NotSet.
func (p Policy) Text(name Field) string {
	if i := indexOf(name); i >= 0 {
		return table[i].text(&p)
	}
	return NotSet
}
