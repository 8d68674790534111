package policy

// Field is the name of a policy field: the same in records, in Terraform
// attributes and in origins.
type Field string

// The fields that code refers to by name. A field that only the table knows
// needs none.
const (
	FieldPreset                Field = "preset"
	FieldAutoConverge          Field = "auto_converge"
	FieldAutoConvergeInitial   Field = "auto_converge_initial"
	FieldAutoConvergeIncrement Field = "auto_converge_increment"
	FieldMaxThrottlePercent    Field = "max_throttle_percent"
	FieldCompression           Field = "compression"
	FieldCompressionCacheMiB   Field = "compression_cache_mib"
	FieldCompressionCacheMax   Field = "compression_cache_max_mib"
	FieldBandwidth             Field = "bandwidth_mib_per_second"
	FieldMaxDowntimeMS         Field = "max_downtime_ms"
	FieldDowntimeScheduleMS    Field = "downtime_schedule_ms"
	FieldParallelConnections   Field = "parallel_connections"
	FieldPostCopy              Field = "post_copy"
	FieldEncryption            Field = "encryption"
	FieldParallelCompression   Field = "parallel_compression"
	FieldParallelLevel         Field = "parallel_compression_level"
	FieldZeroCopy              Field = "zero_copy"
	FieldPostCopyBandwidth     Field = "post_copy_bandwidth_mib_per_second"
	FieldSwitchoverBandwidth   Field = "switchover_bandwidth_mib_per_second"
	FieldTimeout               Field = "timeout"
	FieldStallTimeout          Field = "stall_timeout"
	FieldOnTimeout             Field = "on_timeout"
	FieldCopyStorage           Field = "copy_storage"
	FieldSynchronousWrites     Field = "synchronous_writes"
	FieldEvacuation            Field = "evacuation"
	FieldAntiAffinityGroup     Field = "anti_affinity_group"
)

// Fields lists all fields in the order in which records and documents show them.
func Fields() []Field {
	names := make([]Field, len(table))
	for i, d := range table {
		names[i] = d.Field
	}
	return names
}
